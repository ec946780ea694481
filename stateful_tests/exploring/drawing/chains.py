"""The common part of the levels whose programs are tasks, each a chain of calls, and whose only fault is the cancellation of a task."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Self, TypeVar

from subwarden.scheduling.events import Event
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.points import Point
from subwarden.stateful_tests.exploring.drawing.varied import Vocabulary


@dataclass(frozen=True, slots=True)
class ChainProgram(ABC):
    """`tasks[i]` is started by one outside event and calls its operations one after another. `faults` lists tasks, each entry one
    cancellation that may be delivered at any await of that task, or never."""

    tasks: tuple[tuple[Any, ...], ...]
    faults: tuple[int, ...] = ()

    def operations(self) -> int:
        """The number of operations in all tasks."""
        return sum(map(len, self.tasks))

    def faults_at(self, place: Mapping[int, int]) -> tuple[int, ...]:
        """The faults of the tasks that have moved, by their new places (`place`); tasks that are gone have none."""
        return tuple(sorted(place[fault] for fault in self.faults if fault in place))

    def encode(self) -> dict[str, object]:
        """As plain data."""
        return {"tasks": [[self.encode_operation(o) for o in chain] for chain in self.tasks], "faults": list(self.faults)}

    @classmethod
    def decode(cls, data: object) -> Self:
        """The program that `encode` wrote as `data`. Raises ValueError, with the reason, for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("tasks"), list) or not isinstance(data.get("faults"), list):
            raise ValueError("a program has a list of tasks and a list of faults")
        if not data["tasks"]:
            raise ValueError("its program has no tasks")
        tasks: list[tuple[Any, ...]] = []
        for chain in data["tasks"]:
            if not isinstance(chain, list) or not chain:
                raise ValueError(f"a task is a list of operations, not {chain!r}")
            tasks.append(tuple(cls.decode_operation(o) for o in chain))
        for fault in data["faults"]:
            if type(fault) is not int or not 0 <= fault < len(tasks):
                raise ValueError(f"a fault names a task by its place, 0 to {len(tasks) - 1}, not {fault!r}")
        return cls(tuple(tasks), tuple(data["faults"]))

    @staticmethod
    @abstractmethod
    def encode_operation(operation: Any) -> list[object]:
        """As plain data: its name, then its arguments."""

    @staticmethod
    @abstractmethod
    def decode_operation(data: object) -> Any:
        """The operation that `encode_operation` wrote as `data`. Raises ValueError, with the reason, for anything else."""


P = TypeVar("P", bound=ChainProgram)


@dataclass(frozen=True, slots=True)
class Chain:
    """A task made ready for many runs."""

    place: int  # in its program
    name: str
    start: str  # the outside event that starts it
    cancel: str
    sites: tuple[Any, ...]  # its calls, in order
    faults: int  # how often it may be cancelled


Faults = list[Event] | None  # of a task; None: of most tasks, which have none


def arrive(
    chain: Chain, loop: ControlledLoop, fault: Callable[[Chain], Event], run: Callable[[Chain, Faults], Coroutine[Any, Any, None]]
) -> "asyncio.Task[None]":
    """Start the task of `chain`, which `run` plays, and let its faults be delivered from now on. `run` ends with `withdraw`."""
    faults = [fault(chain) for _ in range(chain.faults)] if chain.faults else None
    if faults:
        loop.faults.extend(faults)
    return loop.create_task(run(chain, faults), name=chain.name)


def withdraw(faults: Faults, loop: ControlledLoop) -> None:
    """The task of `faults` has ended: those that were not delivered never will be."""
    for fault in faults or ():
        if fault in loop.faults:
            loop.faults.remove(fault)


class ChainLevel:
    """A part of `stateful_tests.exploring.level.Level`."""

    loop_class: type[ControlledLoop] = ControlledLoop

    def scenes(self) -> Sequence[Any]:
        """No program: drawn ones are varied."""
        return ()

    def sure_of(self, order: Order) -> Mapping[Point, Any]:
        """No program: drawn ones cover all."""
        return {}

    def vocabulary(self, factory: Any) -> Vocabulary | None:
        """None: programs are not varied."""
        return None

    def variants(self, program: P, cancellation: bool, random: Random) -> list[P]:
        """The program with nothing cancelled or, with `cancellation`, with each task in turn and some pairs."""
        tasks = range(len(program.tasks))
        if not cancellation:
            return [self.with_faults(program, 0)]
        singles = [replace(program, faults=(at,)) for at in tasks]
        drawn = [replace(program, faults=tuple(sorted(random.sample(tasks, 2)))) for _ in tasks] if len(tasks) > 1 else []
        return singles + drawn

    def with_faults(self, program: P, times: int) -> P:
        """The program in which each task may be cancelled `times` times."""
        return replace(program, faults=tuple(at for at in range(len(program.tasks)) for _ in range(times)))

    def cancels(self, program: ChainProgram) -> bool:
        """Whether some task may be cancelled."""
        return bool(program.faults)

    def say_fault(self, program: ChainProgram, place: int) -> str:
        """Whether the task at `place` may be cancelled."""
        return "may be cancelled" if place in program.faults else ""

"""A program of the core level, and the same made ready for many runs. Pure data; a schedule plays it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from model.core import CoreOperation, Id, Publish, Teardown, core_decode, core_encode
from stateful_tests.exploring.letters import task_name

CLIENTS = ("c1", "c2")
TOPICS = ("t1", "t2")


@dataclass(frozen=True, slots=True)
class Program:
    """`tasks[i]` is started by one outside event and calls its operations one after another. `faults` lists tasks, each entry one
    cancellation that may be delivered at any await of that task, or never."""

    tasks: tuple[tuple[Any, ...], ...]
    faults: tuple[int, ...] = ()

    def operations(self) -> int:
        """How many operations there are in all."""
        return sum(map(len, self.tasks))

    def faults_at(self, place: Mapping[int, int]) -> tuple[int, ...]:
        """The faults of the tasks that have moved to `place`; those of others are left out."""
        return tuple(sorted(place[fault] for fault in self.faults if fault in place))

    def encode(self) -> dict[str, object]:
        """As plain data."""
        return {"tasks": [[self.encode_operation(o) for o in chain] for chain in self.tasks], "faults": list(self.faults)}

    @classmethod
    def decode(cls, data: object) -> Self:
        """What `encode` wrote. Raises ValueError, saying what is wrong, for anything else."""
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
    def encode_operation(operation: Any) -> list[object]:
        """As plain data: its name, then its arguments."""
        return core_encode(operation)

    @staticmethod
    def decode_operation(data: object) -> Any:
        """What `encode_operation` wrote. Raises ValueError, saying what is wrong, for anything else."""
        return core_decode(data)


@dataclass(frozen=True, slots=True)
class PublishMessage(Publish):
    """A publish with the message that its place in the program gives it."""

    message: str


class CallSite(NamedTuple):
    """One operation of one task."""

    operation: Any
    name: str
    arguments: tuple[object, ...]


class Chain(NamedTuple):
    """One task."""

    place: int  # in its program
    name: str
    start: str  # the outside event that starts it
    cancel: str
    sites: tuple[CallSite, ...]
    faults: int  # how often it may be cancelled


class Prepared(NamedTuple):
    """A program, and whom it is about."""

    chains: tuple[Chain, ...]
    clients: tuple[Id, ...]
    topics: tuple[Id, ...]


def prepare(program: Program) -> Prepared:
    """What every run of `program` needs, worked out once."""
    chains = tuple(compile_chain(index, operations, program.faults.count(index)) for index, operations in enumerate(program.tasks))
    operations = [operation for chain in program.tasks for operation in chain]
    clients = {o.connection: None for o in operations if not isinstance(o, Publish | Teardown)}
    topics = {getattr(o, "topic"): None for o in operations if hasattr(o, "topic")}  # noqa: B009  # not all have one
    return Prepared(chains, tuple(clients), tuple(topics))


def compile_chain(index: int, operations: tuple[CoreOperation, ...], faults: int) -> Chain:
    """One task of a program. Its messages are named after it: `mA`, and where it publishes more `mA2`, `mA3`."""
    name = task_name(index)
    sites: list[CallSite] = []
    published = 0
    for operation in operations:
        made = operation
        if isinstance(operation, Publish):
            published += 1
            made = PublishMessage(operation.topic, f"m{name}{published if published > 1 else ''}")
        sites.append(CallSite(made, made.name, tuple(core_encode(made)[1:])))
    return Chain(index, name, f"start {name}", f"cancel {name}", tuple(sites), faults)


def say_operation(operation: CoreOperation) -> str:
    """In words."""
    name, *arguments = core_encode(operation)
    return f"{name}({', '.join(map(str, arguments))})"

"""A program of level 1: tasks, each a chain of operations, and which of them may be cancelled. Pure data; a schedule plays it."""

from collections.abc import Mapping
from dataclasses import dataclass

from model.operations import Operation, decode, encode


@dataclass(frozen=True, slots=True)
class Program:
    """`tasks[i]` is started by one outside event and calls its operations one after another. State operations act on the state the
    task was last given; where it was refused one, the rest of the chain is not called. `faults` lists tasks, each entry one
    cancellation that may be delivered at any await of that task, or never."""

    tasks: tuple[tuple[Operation, ...], ...]
    faults: tuple[int, ...] = ()

    def operations(self) -> int:
        """How many operations there are in all."""
        return sum(map(len, self.tasks))

    def faults_at(self, place: Mapping[int, int]) -> tuple[int, ...]:
        """The faults of the tasks that have moved to `place`; those of others are left out."""
        return tuple(sorted(place[fault] for fault in self.faults if fault in place))

    def encode(self) -> dict[str, object]:
        """As plain data."""
        return {"tasks": [[encode(o) for o in chain] for chain in self.tasks], "faults": list(self.faults)}

    @staticmethod
    def decode(data: object) -> "Program":
        """What `encode` wrote. Raises ValueError, saying what is wrong, for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("tasks"), list) or not isinstance(data.get("faults"), list):
            raise ValueError("a program has a list of tasks and a list of faults")
        tasks: list[tuple[Operation, ...]] = []
        for chain in data["tasks"]:
            if not isinstance(chain, list) or not chain:
                raise ValueError(f"a task is a list of operations, not {chain!r}")
            tasks.append(tuple(decode(o) for o in chain))
        for fault in data["faults"]:
            if type(fault) is not int or not 0 <= fault < len(tasks):
                raise ValueError(f"a fault names a task by its place, 0 to {len(tasks) - 1}, not {fault!r}")
        return Program(tuple(tasks), tuple(data["faults"]))

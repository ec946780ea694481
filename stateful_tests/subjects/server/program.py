"""A program of server: requests, in the order in which they are made up, and what may go wrong. Pure data; a schedule plays it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from subwarden.model.server.requests import Request, decode, encode


class FaultKind(Enum):
    """What may go wrong for a request."""

    CANCELLED = "cancel"  # its handler is cancelled, at any await, or never
    FAILS = "fail"  # the engine cannot start or load what it asks for
    LATE = "late"  # the engine brings it after everything else has happened
    ENDS = "end"  # the conversation that it starts or loads ends by itself, at any moment, or never


class ServerFault(NamedTuple):
    """It goes so for the request at `place`."""

    kind: FaultKind
    place: int


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """`tasks[i]` has the one request that outside event i lets arrive. A close is one as well."""

    tasks: tuple[tuple[Request], ...]
    faults: tuple[ServerFault, ...] = ()

    def operations(self) -> int:
        """How many requests there are."""
        return len(self.tasks)

    def faults_at(self, place: Mapping[int, int]) -> tuple[ServerFault, ...]:
        """The faults of the requests that have moved to `place`; those of others are left out."""
        moved = (ServerFault(fault.kind, place[fault.place]) for fault in self.faults if fault.place in place)
        return tuple(sorted(moved, key=lambda fault: (fault.place, fault.kind.value)))

    def encode(self) -> dict[str, object]:
        """As plain data."""
        return {"tasks": [[encode(r) for r in task] for task in self.tasks], "faults": [[f.kind.value, f.place] for f in self.faults]}

    @staticmethod
    def decode(data: object) -> "ServerProgram":
        """What `encode` wrote. Raises ValueError, saying what is wrong, for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("tasks"), list) or not isinstance(data.get("faults"), list):
            raise ValueError("a program has a list of tasks and a list of faults")
        tasks: list[tuple[Request]] = []
        for task in data["tasks"]:
            if not isinstance(task, list) or len(task) != 1:
                raise ValueError(f"a task of level server is a list of one request, not {task!r}")
            tasks.append((decode(task[0]),))
        if not tasks:
            raise ValueError("its program has no tasks")
        faults: list[ServerFault] = []
        for fault in data["faults"]:
            if not isinstance(fault, list) or len(fault) != 2 or fault[0] not in [kind.value for kind in FaultKind]:
                raise ValueError(f"a fault is what goes wrong ({', '.join(g.value for g in FaultKind)}) and for which task, not {fault!r}")
            if type(fault[1]) is not int or not 0 <= fault[1] < len(tasks):
                raise ValueError(f"a fault names a task by its place, 0 to {len(tasks) - 1}, not {fault[1]!r}")
            faults.append(ServerFault(FaultKind(fault[0]), fault[1]))
        return ServerProgram(tuple(tasks), tuple(faults))

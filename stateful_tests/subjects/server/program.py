"""A program of level server: requests, in the order in which they were drawn, and faults. Pure data; a schedule plays it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from subwarden.model.server.requests import Request, decode, encode


class FaultKind(Enum):
    """The kinds of faults that may hit a request."""

    CANCELLED = "cancel"  # its handler is cancelled at any await, or not at all
    WORKER = "cancel worker"  # as well: the task that does it
    START = "cancel start"  # the body of its start or fork
    LISTENER = "cancel listener"  # the listener of the conversation that it brings
    FAILS = "fail"  # the engine cannot start or load the conversation
    LATE = "late"  # the engine brings the conversation after all other events
    ENDS = "end"  # the conversation ends by itself at any moment, or not at all; if it lingers, once its first turn has begun
    REFUSES = "refuse"  # from any moment on, or never, the conversation takes no request: no turn, interrupt, rollback, or shutdown
    LOSES = "lose"  # the conversation loses one event at any moment, or none; not the end of a turn or a rollback, which requests wait for
    STOPS = "stop"  # the server itself stops at any moment, at rest at the latest
    SILENT = "silent"  # the client of the request gives no approvals
    HESITATES = "hesitate"  # the client of the request answers approvals after all other events
    LINGERS = "linger"  # the conversation does its work after all other events, but begins its turns: they are open for long
    SLOW = "slow"  # the client of the request reads each message after all other events
    DEAF = "deaf"  # from any moment on, or never, the client of the request reads no more
    DENIES = "deny"  # the client of the request refuses the approvals that it is asked for


CANCELS = frozenset((FaultKind.CANCELLED, FaultKind.WORKER, FaultKind.START, FaultKind.LISTENER))


class ServerFault(NamedTuple):
    """A fault of the request at `place`."""

    kind: FaultKind
    place: int


def in_order(faults: Iterable[ServerFault]) -> tuple[ServerFault, ...]:
    """The faults, in the order in which a program has them."""
    return tuple(sorted(faults, key=lambda fault: (fault.place, fault.kind.value)))


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """`tasks[i]` has the one request that outside event i lets arrive. A close is a request, too."""

    tasks: tuple[tuple[Request], ...]
    faults: tuple[ServerFault, ...] = ()

    def operations(self) -> int:
        """The number of requests."""
        return len(self.tasks)

    def faults_at(self, place: Mapping[int, int]) -> tuple[ServerFault, ...]:
        """The faults after the requests have moved: `place` maps old places to new ones, and other requests are dropped."""
        return in_order(ServerFault(fault.kind, place[fault.place]) for fault in self.faults if fault.place in place)

    def encode(self) -> dict[str, object]:
        """As plain data."""
        return {"tasks": [[encode(r) for r in task] for task in self.tasks], "faults": [[f.kind.value, f.place] for f in self.faults]}

    @staticmethod
    def decode(data: object) -> "ServerProgram":
        """The program that `encode` wrote. Raises ValueError, with the fault in its message, for anything else."""
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

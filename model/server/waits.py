"""The table of waiting (P14): the engine's work that each request may wait for, always of its own thread. It waits for nobody else's.

A request may also wait for clients to read: for its own; for those that have sent a request about its thread, since a thread's messages are
sent one after the other; and for those that the earlier requests of its client wait for. One that waits neither for such a client nor for
work in this table must be answered, whatever the engine still has to do. An interrupt or a rollback waits for its conversation, and only
once the engine has been told of it (`model.server.submissions`); to tell the engine, no client need read.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.model.server.state import target


class WorkKind(Enum):
    """The kinds of work that an engine may take its time for."""

    STARTS = "starts"  # a new conversation
    FORKS = "forks"
    LOADS = "loads"
    SHUTS_DOWN = "shuts down"
    TURNS = "events"  # of a turn, and rollbacks


class Work(NamedTuple):
    """Work for a thread that the engine has not done yet."""

    kind: WorkKind
    thread: int


MAY_WAIT: Mapping[type[Request], frozenset[WorkKind]] = {
    rq.Initialize: frozenset(),
    rq.ListLoaded: frozenset(),
    rq.Start: frozenset({WorkKind.STARTS}),
    rq.Fork: frozenset({WorkKind.FORKS}),
    rq.Resume: frozenset({WorkKind.LOADS}),
    rq.Unsubscribe: frozenset(),
    rq.Archive: frozenset({WorkKind.LOADS, WorkKind.SHUTS_DOWN}),  # a load that has begun, and the end of the conversation
    rq.TurnStart: frozenset(),
    rq.TurnInterrupt: frozenset(),  # see above
    rq.Rollback: frozenset(),
    rq.AddListener: frozenset(),
    rq.RemoveListener: frozenset(),
}


def may_wait(request: Request, left: Iterable[Work]) -> bool:
    """Whether the request may wait for some of the work that is `left`."""
    kinds, thread = MAY_WAIT[type(request)], target(request)
    return any(work.thread == thread and work.kind in kinds for work in left)


def at_work(thread: int, left: Iterable[Work]) -> bool:
    """Whether a conversation of the thread has events to report."""
    return Work(WorkKind.TURNS, thread) in left

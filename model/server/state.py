"""The state of the server's model, and its visible changes."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import NamedTuple

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply, Request

IMPLICIT = 0  # the grant of a subscription that no explicit id stands for; ids count from 1


class Loaded(NamedTuple):
    """A thread in the registry."""

    conversation: int
    closing: bool = False
    turn: bool = False  # as the engine sees it
    dead: bool = False  # its stream has ended by itself
    left: bool = False  # its last subscriber left it by an unsubscribe, and nobody has come since
    rolled_back: int = 0  # rollbacks that the engine has done and no answer has reported yet


class InFlight(NamedTuple):
    """A request that was accepted and not answered yet. `may`: the answers that were right at some moment since it could begin."""

    request: Request
    may: frozenset[Reply] = frozenset()
    done: bool = False  # its change was made
    replied: int | None = None  # the conversation that the engine has brought for it
    ended: bool = False  # that conversation, or the one to roll back, has been unloaded since
    failed: bool = False  # the engine could not bring one
    found: bool = False  # it asks to subscribe, and the pair was subscribed at some moment since, by this request or another
    cancelled: bool = False

    def also(self, right: AbstractSet[Reply], *, found: bool) -> "InFlight":
        """The request when the answers `right` are right, too, and with `found` its pair is subscribed."""
        if right <= self.may and (self.found or not found):
            return self
        return self._replace(may=self.may | right, found=self.found or found)


class Change(NamedTuple):
    """A visible change: its kind, and the numbers of its thread and connection."""

    kind: "ChangeKind"
    thread: int = 0
    connection: int = 0
    other: int = 0  # an id, or a conversation; of LINKED, the id that shows with it


class ChangeKind(Enum):
    """The kinds of visible changes, in the order in which the changes of one step are explained."""

    LIVE = "is live"
    LOADED = "is loaded"
    LINKED = "is subscribed"
    NAMED = "is subscribed under an id"
    UNNAMED = "has an id no more"
    UNLINKED = "is subscribed no more"
    CLOSING = "is being unloaded"
    UNLOADED = "is unloaded"
    DEAD = "is not live any more"


class ServerState(NamedTuple):
    """One state of the model. Connections, threads and conversations are numbers."""

    live: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()  # asked to be initialized: they may be live at any moment from then on
    gone: frozenset[int] = frozenset()  # not live any more, for good
    closed: frozenset[int] = frozenset()
    stored: frozenset[int] = frozenset()
    loaded: tuple[tuple[int, Loaded], ...] = ()
    grants: frozenset[tuple[int, int, int]] = frozenset()  # (thread, connection, IMPLICIT or id)
    dead: frozenset[int] = frozenset()  # conversations that have ended by themselves
    owed: frozenset[tuple[int, int]] = frozenset()  # (thread, connection): told that it is subscribed, and not linked yet
    flight: tuple[tuple[int, InFlight], ...] = ()  # by number, which is the order of arrival

    def thread(self, thread: int) -> Loaded | None:
        """The registry's entry for `thread`; None: it is not loaded."""
        return next((loaded for t, loaded in self.loaded if t == thread), None)

    def linked(self, thread: int, connection: int) -> bool:
        """Whether the connection is subscribed, under an id or without one."""
        return any(t == thread and c == connection for t, c, _ in self.grants)

    def subscribed(self, thread: int) -> bool:
        """Whether any connection is subscribed, or was told so."""
        return any(t == thread for t, *_ in (*self.grants, *self.owed))

    def running(self, thread: int) -> bool:
        """Whether the thread is loaded and not closing."""
        loaded = self.thread(thread)
        return loaded is not None and not loaded.closing

    def of(self, kind: type[Request]) -> Iterator[tuple[int, InFlight]]:
        """The requests in flight of a kind."""
        return ((n, f) for n, f in self.flight if type(f.request) is kind)

    def each_in_flight(self, change: Callable[["ServerState", InFlight], InFlight]) -> "ServerState":
        """The state in which each request in flight has changed as `change` says, which is given this state, not the others' changes."""
        flight = tuple([(n, change(self, f)) for n, f in self.flight])
        unchanged = all(new is old for (_, new), (_, old) in zip(flight, self.flight, strict=True))
        return self if unchanged else self._replace(flight=flight)


def target(request: Request) -> int:
    """The thread that a request is about; for a fork, the new one."""
    return request.fork if isinstance(request, rq.Fork) else getattr(request, "thread", 0)


def pair_of(request: Request) -> tuple[int, int]:
    """The thread and the connection that a request is about."""
    return target(request), request.connection


def with_flight(state: ServerState, number: int, change: Callable[[InFlight], InFlight]) -> ServerState:
    return state._replace(flight=tuple((n, change(f) if n == number else f) for n, f in state.flight))


def with_loaded(state: ServerState, thread: int, change: Callable[[Loaded], Loaded]) -> ServerState:
    return state._replace(loaded=tuple((t, change(known) if t == thread else known) for t, known in state.loaded))

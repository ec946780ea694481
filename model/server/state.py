"""What a state of the protocol is made of, and a change of one."""

from collections.abc import Callable, Iterator
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
    rolled_back: int = 0  # rollbacks that the engine has done, and that nobody was told of yet


class InFlight(NamedTuple):
    """A request that is accepted and not answered. `may`: the answers that were right at some moment since."""

    request: Request
    may: frozenset[Reply] = frozenset()
    done: bool = False  # its change was made
    replied: int | None = None  # the conversation that the engine has brought for it
    ended: bool = False  # that conversation, or the one that is to be rolled back, was unloaded since
    failed: bool = False  # the engine could not
    found: bool = False  # it asks to be subscribed, and was at some moment since, by it or by another
    cancelled: bool = False


class Change(NamedTuple):
    """A visible change. `what` and the numbers it is about: a thread, a connection, an id, a conversation."""

    what: "ChangeKind"
    thread: int = 0
    connection: int = 0
    other: int = 0  # an id, or a conversation; of what is subscribed, the id that shows with it


class ChangeKind(Enum):
    """In the order in which the changes of one step are explained."""

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
    """One state."""

    live: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()  # to be initialized: whose connection may be live at any moment from then on
    gone: frozenset[int] = frozenset()  # are live no more, for ever
    closed: frozenset[int] = frozenset()
    stored: frozenset[int] = frozenset()
    loaded: tuple[tuple[int, Loaded], ...] = ()
    grants: frozenset[tuple[int, int, int]] = frozenset()  # (thread, connection, IMPLICIT or id)
    dead: frozenset[int] = frozenset()  # conversations that have ended by themselves
    owed: frozenset[tuple[int, int]] = frozenset()  # (thread, connection): answered as subscribed, and not linked yet
    flight: tuple[tuple[int, InFlight], ...] = ()  # by number, which is the order of arrival

    def thread(self, thread: int) -> Loaded | None:
        """What is loaded as `thread`."""
        return next((loaded for t, loaded in self.loaded if t == thread), None)

    def linked(self, thread: int, connection: int) -> bool:
        """Whether the connection is subscribed, by whatever."""
        return any(t == thread and c == connection for t, c, _ in self.grants)

    def subscribed(self, thread: int) -> bool:
        """Whether anybody is, or has been told so."""
        return any(t == thread for t, *_ in (*self.grants, *self.owed))

    def running(self, thread: int) -> bool:
        """Whether the thread is loaded, and not about to be unloaded."""
        loaded = self.thread(thread)
        return loaded is not None and not loaded.closing

    def of(self, kind: type[Request]) -> Iterator[tuple[int, InFlight]]:
        """The requests in flight of a kind."""
        return ((n, f) for n, f in self.flight if type(f.request) is kind)


def target(request: Request) -> int:
    """The thread that a request is about; for a fork, the one that it makes."""
    return request.fork if isinstance(request, rq.Fork) else getattr(request, "thread", 0)


def pair_of(request: Request) -> tuple[int, int]:
    """The thread and the connection that a request is about."""
    return target(request), request.connection


def with_flight(state: ServerState, number: int, change: Callable[[InFlight], InFlight]) -> ServerState:
    return state._replace(flight=tuple((n, change(f) if n == number else f) for n, f in state.flight))


def with_loaded(state: ServerState, thread: int, change: Callable[[Loaded], Loaded]) -> ServerState:
    return state._replace(loaded=tuple((t, change(known) if t == thread else known) for t, known in state.loaded))

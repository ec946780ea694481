"""Changes, requests and runs of the server's model, for its tests."""

from collections.abc import Callable
from typing import get_type_hints

from hypothesis import strategies as st

from subwarden.checking.server.graph import ServerGraph
from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import (
    REQUESTS,
    Initialize,
    Reply,
    Request,
    Resume,
)
from subwarden.model.server.state import Change, ChangeKind, ServerState
from subwarden.model.server.transitions import States

OK = Reply.OK
C1, C2, T1, T2, T3, V1, V2 = 1, 2, 1, 2, 3, 1, 2
LOADED = Change(ChangeKind.LOADED, T1, other=V1)
UNLOADED = Change(ChangeKind.UNLOADED, T1, other=V1)
CLOSING = Change(ChangeKind.CLOSING, T1)


def linked(connection: int, thread: int = T1, subscription: int = 0) -> Change:
    return Change(ChangeKind.LINKED, thread, connection, subscription)


def unlinked(connection: int, thread: int = T1) -> Change:
    return Change(ChangeKind.UNLINKED, thread, connection)


def named(connection: int, subscription: int, thread: int = T1) -> Change:
    return Change(ChangeKind.NAMED, thread, connection, subscription)


def unnamed(connection: int, subscription: int, thread: int = T1) -> Change:
    return Change(ChangeKind.UNNAMED, thread, connection, subscription)


class Run:
    """The states that may be, moved by the events of a test, which must all be allowed."""

    def __init__(self) -> None:
        self._node = ServerGraph().initial(ServerState(stored=frozenset((T1, T2))))
        self._next = 0

    @property
    def state(self) -> ServerState:
        """The state by the attribution that was thought of first."""
        return self._node.state

    @property
    def states(self) -> States:
        """The states by all attributions."""
        return self._node.states

    def asks(self, request: Request) -> int:
        """A request arrives; returns its number."""
        self._next += 1
        self._node = self._node.accept(self._next, request)
        return self._next

    def outside(self, happens: Callable[..., ServerState], *arguments: int | bool | None) -> None:
        self._node = self._node.outside(happens.__name__, *arguments)

    def archived(self, thread: int) -> None:
        """The thread is taken out of the store."""
        self._node = self._node.archived(thread)

    def shows(self, *changes: Change) -> None:
        """These changes show."""
        for change in changes:
            after = self._node.explain(change)
            assert after is not None, change
            self._node = after

    def maps(self, *grants: tuple[int, int, int]) -> bool:
        """The maps show these subscriptions, each with its id, or 0. Whether they may."""
        links, ids = frozenset(grant[:2] for grant in grants), frozenset(grant for grant in grants if grant[2])
        after = self._node.shows(links, ids)
        self._node = after or self._node
        return after is not None

    def refuses(self, change: Change) -> bool:
        return self._node.explain(change) is None

    def answers(self, number: int, reply: Reply = OK) -> None:
        after = self._node.answer(number, reply)
        assert after is not None, f"{number}: {reply}"
        self._node = after

    def answers_to(self, request: Request, *changes: Change) -> None:
        """A request arrives, shows these changes, and is answered OK."""
        number = self.asks(request)
        self.shows(*changes)
        self.answers(number)

    def right(self, number: int) -> set[Reply]:
        """The replies that the model allows for a request."""
        return {reply for reply in Reply if self._node.answer(number, reply) is not None}

    def live(self, *connections: int) -> "Run":
        for connection in connections:
            number = self.asks(Initialize(connection))
            self.shows(Change(ChangeKind.LIVE, connection=connection))
            self.answers(number)
        return self

    def resumed(self, *connections: int, thread: int = T1, conversation: int = V1) -> "Run":
        """A state in which clients 1, 2, ... are live, and the given ones are subscribed."""
        for connection in connections:
            number = self.asks(Resume(connection, thread))
            if self.state.thread(thread) is None:
                self.outside(pr.brought, thread, conversation)
                self.shows(Change(ChangeKind.LOADED, thread, other=conversation))
            self.shows(linked(connection, thread))
            self.answers(number)
        return self


def live() -> Run:
    """Both clients are live, and no thread is loaded."""
    return Run().live(C1, C2)


def subscribed(*connections: int) -> Run:
    """Both clients are live, thread 1 is loaded, and the given ones are subscribed to it."""
    return live().resumed(*connections)


def requests() -> st.SearchStrategy[Request]:
    """Any request."""

    def of(kind: type[Request]) -> st.SearchStrategy[Request]:
        hints = get_type_hints(kind)
        return st.builds(kind, **{slot: st.booleans() if hints[slot] is bool else st.integers(0, 9) for slot in kind.__match_args__})

    return st.one_of([of(kind) for kind in REQUESTS])

"""A graph of what may be true of a server: each transition is computed once, and many runs share the model's work.

A node is a closed set of attributions: the states of the model that explain all that has happened, one for each way of saying which
request has made which change. A change or an answer that a state does not allow drops it; if it drops all of them, no attribution is left.
It refuses to know the model's rules: it asks `model.server.transitions`, once for each node and event.
"""

from collections.abc import Callable, Hashable
from functools import partial
from itertools import chain

from subwarden.checking.known_states import KnownStates
from subwarden.model.server import transitions as pr
from subwarden.model.server.deliveries import Pair
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import Change, ServerState
from subwarden.model.server.transitions import States


class ServerNode:
    """The `states` that may be, at least one. Its methods are the model's functions, with their results remembered; nodes with equal states
    are one node. The states differ in who has done what and in grants that nobody sees: `state` is any of them."""

    __slots__ = ("_after", "_graph", "_may", "state", "states")

    def __init__(self, states: States, graph: "ServerGraph") -> None:
        self.state = states[0]
        self.states = states
        self._graph = graph
        self._after: dict[Hashable, ServerNode | None] = {}
        self._may: dict[int, frozenset[Reply]] | None = None

    def may(self) -> dict[int, frozenset[Reply]]:
        """The answers that are right for each request in flight, by some attribution."""
        if self._may is None:
            self._may = {n: frozenset().union(*(dict(state.flight)[n].may for state in self.states)) for n, _ in self.state.flight}
        return self._may

    def accept(self, number: int, request: Request) -> "ServerNode":
        """A request arrives."""
        key = (number, request)
        node = self._after.get(key)
        return self._keep(key, tuple(pr.accept(state, number, request) for state in self.states)) if node is None else node

    def explain(self, change: Change) -> "ServerNode | None":
        """A visible change; None if no state allows it."""
        return self._allowed(change, partial(pr.explain, change=change))

    def shows(self, links: frozenset[Pair], ids: frozenset[tuple[int, int, int]]) -> "ServerNode | None":
        """The maps show these subscriptions and ids, after all changes of a look; None if they can in no state."""
        return self._allowed((links, ids), partial(pr.shows, links=links, ids=ids))

    def answer(self, number: int, reply: Reply) -> "ServerNode | None":
        """An answer; None if no state allows it."""
        return self._allowed((number, reply), partial(pr.answer, number=number, reply=reply))

    def outside(self, what: str, *arguments: int | bool | None) -> "ServerNode":
        """An outside event: the model's function of that name."""
        key = (what, arguments)
        node = self._after.get(key)
        if node is not None:
            return node
        return self._keep(key, tuple(getattr(pr, what)(state, *arguments) for state in self.states))

    def archived(self, thread: int) -> "ServerNode":
        """A thread is taken out of the store, by any of the archives in flight."""
        node = self._allowed(("archived", thread), partial(pr.archived, thread=thread))
        assert node is not None, "the store takes out what it is told to"
        return node

    def forced(self, state: ServerState) -> "ServerNode":
        """The node of a state to which no transition leads."""
        return self._graph.node((state,))

    def let_go(self) -> None:
        """See `checking.known_states`."""
        self._after.clear()

    def _allowed(self, key: Hashable, after: Callable[[ServerState], States]) -> "ServerNode | None":
        if key in self._after:
            return self._after[key]
        states = tuple(chain.from_iterable(map(after, self.states)))
        if states:
            return self._keep(key, states)
        self._after[key] = None
        return None

    def _keep(self, key: Hashable, states: States) -> "ServerNode":
        node = self._after[key] = self._graph.node(states if len(states) == 1 else tuple(dict.fromkeys(states)))
        return node


LARGEST = 6_000  # nodes, some 3 KiB each; then a graph begins anew. Long hunts are not faster with five times as many


class ServerGraph(KnownStates[States, ServerNode]):
    """All nodes that were met since the graph was last dropped."""

    def _made(self, state: States) -> ServerNode:
        return ServerNode(state, self)

    def initial(self, state: ServerState) -> ServerNode:
        """The node that a run starts at. No run is under way then, so a graph that has grown too large is dropped."""
        if len(self._nodes) >= LARGEST:
            self.drop()
        return self.node((state,))

"""A graph of the states of the server's model, in which each transition is computed once: many runs share the model's work.

It refuses to know the model's rules: it asks `model.server.transitions`, once for each state and event.
"""

from collections.abc import Hashable

from subwarden.checking.known_states import KnownStates
from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import Change, ServerState


class ServerNode:
    """A state. Its methods are the model's functions, with their results remembered; equal states are one node."""

    __slots__ = ("_after", "_graph", "state")

    def __init__(self, state: ServerState, graph: "ServerGraph") -> None:
        self.state = state
        self._graph = graph
        self._after: dict[Hashable, ServerNode | None] = {}

    def accept(self, number: int, request: Request) -> "ServerNode":
        """A request arrives."""
        key = (number, request)
        node = self._after.get(key)
        return self._keep(key, pr.accept(self.state, number, request)) if node is None else node

    def explain(self, change: Change) -> "ServerNode | None":
        """A visible change; None if the model does not allow it."""
        if change in self._after:
            return self._after[change]
        after = pr.explain(self.state, change)
        if after is not None:
            return self._keep(change, after)
        self._after[change] = None
        return None

    def answer(self, number: int, reply: Reply) -> "ServerNode | None":
        """An answer; None if it was right at no moment since the request arrived."""
        key = (number, reply)
        if key in self._after:
            return self._after[key]
        after = pr.answer(self.state, number, reply)
        if after is not None:
            return self._keep(key, after)
        self._after[key] = None
        return None

    def outside(self, what: str, *arguments: int | bool | None) -> "ServerNode":
        """An outside event: the model's function of that name."""
        key = (what, arguments)
        node = self._after.get(key)
        return self._keep(key, getattr(pr, what)(self.state, *arguments)) if node is None else node

    def forced(self, state: ServerState) -> "ServerNode":
        """The node of a state to which no transition leads."""
        return self._graph.node(state)

    def let_go(self) -> None:
        """See `checking.known_states`."""
        self._after.clear()

    def _keep(self, key: Hashable, state: ServerState) -> "ServerNode":
        node = self._after[key] = self._graph.node(state)
        return node


LARGEST = 6_000  # nodes, some 3 KiB each; then a graph begins anew. Long hunts are not faster with five times as many


class ServerGraph(KnownStates[ServerState, ServerNode]):
    """All states that were met since the graph was last dropped."""

    def _made(self, state: ServerState) -> ServerNode:
        return ServerNode(state, self)

    def initial(self, state: ServerState) -> ServerNode:
        """The node that a run starts at. No run is under way then, so a graph that has grown too large is dropped."""
        if len(self._nodes) >= LARGEST:
            self.drop()
        return self.node(state)

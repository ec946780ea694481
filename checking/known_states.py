"""A model's states, hash-consed: equal states share one node until the graph is dropped. Dropping it costs time, never correctness."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Remembers(Protocol):
    """A node: a state with a memo of the transitions computed from it."""

    def let_go(self) -> None:
        """Drop all references to other nodes: they form cycles, which would stay in memory until a garbage collection."""


S = TypeVar("S", bound=Hashable)
N = TypeVar("N", bound=Remembers)


class KnownStates(ABC, Generic[S, N]):
    """The nodes of all states met since the last drop."""

    def __init__(self) -> None:
        self._nodes: dict[S, N] = {}

    @abstractmethod
    def _made(self, state: S) -> N:
        """Make a node for `state`."""

    def node(self, state: S) -> N:
        """The one node of `state`."""
        node = self._nodes.get(state)
        if node is None:
            node = self._nodes[state] = self._made(state)
        return node

    def drop(self) -> None:
        """Forget all nodes. Only between runs: a run in progress compares nodes by identity."""
        for node in self._nodes.values():
            node.let_go()
        self._nodes.clear()

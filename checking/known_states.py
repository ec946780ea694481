"""A model's states, hash-consed: equal states are one node, made once, until the graph is dropped. That costs time, never truth."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Remembers(Protocol):
    """A node: a state, and what has been asked of it so far."""

    def let_go(self) -> None:
        """Forget all others: nodes keep each other alive in circles, which would lie about until somebody collects garbage."""


S = TypeVar("S", bound=Hashable)
N = TypeVar("N", bound=Remembers)


class KnownStates(ABC, Generic[S, N]):
    """The nodes of all states seen since they were last dropped."""

    def __init__(self) -> None:
        self._nodes: dict[S, N] = {}

    @abstractmethod
    def _made(self, state: S) -> N:
        """A node for `state`."""

    def node(self, state: S) -> N:
        """The one node of `state`."""
        node = self._nodes.get(state)
        if node is None:
            node = self._nodes[state] = self._made(state)
        return node

    def _drop(self) -> None:
        """Forget all; between runs, since one that is under way compares nodes by identity."""
        for node in self._nodes.values():
            node.let_go()
        self._nodes.clear()

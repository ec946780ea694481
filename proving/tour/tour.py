"""A transition tour: programs that together take every transition of the model's reachable graph, in as few operations as can be.

This is the Chinese postman's problem on a directed graph (Edmonds, Johnson 1973; for protocols Uyar, Dahbura 1986): where more
transitions enter a state than leave it, some must be taken again, and which is a flow of least cost. A close is final, so from most
states there is no way back; starting over with a fresh manager is allowed and costs as much as an operation.

It refuses to play anything; see `stateful_tests.subjects.manager.tour_player`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import networkx as nx

from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.transitions import Transition, transitions_of

START_OVER = -1  # no state is negative


class Tour(NamedTuple):
    """Runs from the initial state; `transitions` is what they take at least once each."""

    scope: Scope
    transitions: list[Transition]
    runs: list[list[Transition]]

    @property
    def length(self) -> int:
        """Operations, all runs together."""
        return sum(map(len, self.runs))


def tour(scope: Scope, at_most: int | None = None) -> Tour:
    """The shortest tour of `scope`. Raises TooLarge if it has more transitions than `at_most`."""
    transitions = transitions_of(scope, at_most)
    walks = shortest_cover([(t.source, t.target) for t in transitions], transitions[0].source)
    return Tour(scope, transitions, [[transitions[i] for i in walk] for walk in walks])


def shortest_cover(edges: list[tuple[int, int]], start: int) -> list[list[int]]:
    """Walks from `start` that take every edge; edges plus walks are as few as can be. Every node must be reachable from `start`.

    Out: each walk as numbers of edges.
    """
    number = {pair: i for i, pair in enumerate(edges)}
    leaving: defaultdict[int, list[tuple[int, int | None]]] = defaultdict(list)  # node -> (target, edge, or None to start over)
    for (source, target), times in _taken_again(edges, start).items():
        leaving[source] += [(start, None) if target == START_OVER else (target, number[source, target])] * times
    for i, (source, target) in enumerate(edges):
        leaving[source].append((target, i))
    return _cut(_circuit(leaving, start))


def _taken_again(edges: Iterable[tuple[int, int]], start: int) -> Counter[tuple[int, int]]:
    """How often each edge must be taken beyond once, and, under the key (node, START_OVER), how often to start over from a node."""
    surplus: Counter[int] = Counter()  # times entered less times left
    graph: nx.DiGraph[int] = nx.DiGraph()
    for source, target in edges:
        surplus[target] += 1
        surplus[source] -= 1
        graph.add_edge(source, target, weight=1)
    for node in list(graph):
        graph.nodes[node]["demand"] = -surplus[node]
        # by way of a node of its own: an edge of the graph may lead to the start as well
        graph.add_edge(node, START_OVER, weight=1)
    graph.add_edge(START_OVER, start, weight=0)
    _, flow = nx.network_simplex(graph)
    again: Counter[tuple[int, int]] = Counter()
    for source, targets in flow.items():
        for target, times in targets.items():
            if times and source != START_OVER:
                again[source, target] = times
    return again


def _circuit(leaving: dict[int, list[tuple[int, int | None]]], start: int) -> list[int | None]:
    """Hierholzer's: a closed walk that uses every entry of `leaving` up."""
    walk: list[int | None] = []
    stack: list[tuple[int, int | None]] = [(start, None)]
    while stack:
        node, _ = stack[-1]
        if leaving[node]:
            stack.append(leaving[node].pop())
        else:
            walk.append(stack.pop()[1])
    walk.pop()  # how the start was come by
    return walk[::-1]


def _cut(walk: Iterable[int | None]) -> list[list[int]]:
    walks: list[list[int]] = [[]]
    for edge in walk:
        if edge is None:
            walks.append([])
        else:
            walks[-1].append(edge)
    return [walk for walk in walks if walk]

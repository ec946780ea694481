"""A transition tour: programs that together take every transition of the model's reachable graph, with the fewest operations.

This is the Chinese postman's problem on a directed graph (Edmonds, Johnson 1973; for protocols Uyar, Dahbura 1986): where more
transitions enter a state than leave it, some must be taken again, and a flow of least cost selects them. A close is final, so most
states have no way back; starting over with a fresh manager is allowed and costs as much as an operation.

The programs are played by `stateful_tests.subjects.manager.tour_player`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import networkx as nx

from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.transitions import Transition, transitions_of

START_OVER = -1  # no state is negative


class Tour(NamedTuple):
    """Runs from the initial state; together they take each of `transitions` at least once."""

    scope: Scope
    transitions: list[Transition]
    runs: list[list[Transition]]

    @property
    def length(self) -> int:
        """The number of operations in all runs together."""
        return sum(map(len, self.runs))


def tour(scope: Scope, at_most: int | None = None) -> Tour:
    """The shortest tour of `scope`. Raises TooLarge if it has more transitions than `at_most`."""
    transitions = transitions_of(scope, at_most)
    walks = shortest_cover([(t.source, t.target) for t in transitions], transitions[0].source)
    return Tour(scope, transitions, [[transitions[i] for i in walk] for walk in walks])


def shortest_cover(edges: list[tuple[int, int]], start: int) -> list[list[int]]:
    """Walks from `start` that take every edge, with the least sum of edges and walks. Every node must be reachable from `start`.

    Out: each walk as a list of edge numbers.
    """
    number = {pair: i for i, pair in enumerate(edges)}
    leaving: defaultdict[int, list[tuple[int, int | None]]] = defaultdict(list)  # node -> (target, edge, or None to start over)
    for (source, target), times in _taken_again(edges, start).items():
        leaving[source] += [(start, None) if target == START_OVER else (target, number[source, target])] * times
    for i, (source, target) in enumerate(edges):
        leaving[source].append((target, i))
    return _cut(_circuit(leaving, start))


def _taken_again(edges: Iterable[tuple[int, int]], start: int) -> Counter[tuple[int, int]]:
    """How many extra times to take each edge, and under the key (node, START_OVER), how many times to start over from a node."""
    surplus: Counter[int] = Counter()  # edges in minus edges out
    graph: nx.DiGraph[int] = nx.DiGraph()
    for source, target in edges:
        surplus[target] += 1
        surplus[source] -= 1
        graph.add_edge(source, target, weight=1)
    for node in list(graph):
        graph.nodes[node]["demand"] = -surplus[node]
        # through a separate node, since an edge of the graph may also lead to the start
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
    """Hierholzer's algorithm: a closed walk that uses up every entry of `leaving`."""
    walk: list[int | None] = []
    stack: list[tuple[int, int | None]] = [(start, None)]
    while stack:
        node, _ = stack[-1]
        if leaving[node]:
            stack.append(leaving[node].pop())
        else:
            walk.append(stack.pop()[1])
    walk.pop()  # the stack's first entry, which is no edge
    return walk[::-1]


def _cut(walk: Iterable[int | None]) -> list[list[int]]:
    walks: list[list[int]] = [[]]
    for edge in walk:
        if edge is None:
            walks.append([])
        else:
            walks[-1].append(edge)
    return [walk for walk in walks if walk]

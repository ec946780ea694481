"""The transitions of the model's reachable graph, for tours and coverage. Every operation is one step: no calls are in flight."""

from typing import NamedTuple

from subwarden.proving.manager.open_calls import Whole
from subwarden.proving.manager.scope import Request, Scope
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.search.breadth_first import search


class TooLarge(Exception):
    """The reachable graph of a scope has too many transitions for a tour."""


class Transition(NamedTuple):
    """An edge of the reachable graph: a request, made in `source`."""

    source: int
    request: Request
    target: int
    kind: str


def transitions_of(scope: Scope, at_most: int | None = None) -> list[Transition]:
    """Every transition of the reachable graph of `scope`, in which every operation is one step.

    Raises ValueError if the scope has calls in flight, TooLarge if there are more transitions than `at_most`.
    """
    if scope.in_flight:
        raise ValueError("a tour is played one operation at a time; use a scope with in_flight=0")
    system = ManagerSystem(scope)
    graph = search(system, max_states=at_most)  # every state has at least one transition
    if at_most is not None and (graph.stopped is not None or graph.transitions > at_most):
        raise TooLarge(f"more than {at_most:,} transitions")
    found = []
    for state in graph.states():
        for edge in system.edges(state):
            assert isinstance(edge.action, Whole)
            found.append(Transition(state, edge.action.request, edge.target, edge.kind))
    return found

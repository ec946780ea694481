"""Coverage of the model's graph names exactly the transitions that were not taken, up to renaming."""

import random

import pytest

from subwarden.model.manager import operations as op
from subwarden.model.manager.state import State
from subwarden.model.manager.step import step
from subwarden.proving.manager.open_calls import call_of
from subwarden.proving.manager.scope import Request, Scope
from subwarden.proving.tour.graph_coverage import ModelCoverage
from subwarden.proving.tour.tour import Tour, tour

SCOPE = Scope(2, 1, 1, 2, 1, True, 0)


@pytest.fixture(scope="module")
def graph() -> ModelCoverage:
    """Made once for all tests: it takes more than a second."""
    return ModelCoverage(SCOPE)


@pytest.fixture
def coverage(graph: ModelCoverage) -> ModelCoverage:
    """The graph with no transition taken."""
    graph.taken.clear()
    graph.outside = 0
    return graph


@pytest.fixture(scope="module")
def toured() -> Tour:
    """Every transition of the graph."""
    return tour(SCOPE)


def follow(coverage: ModelCoverage, requests: list[Request]) -> None:
    """Take `requests` one after the other on the model, from the initial state."""
    state = State()
    for request in requests:
        call = call_of(state, request)
        assert call is not None
        coverage.took(state, request)
        state = step(state, call).state


@pytest.mark.slow
def test_a_tour_misses_nothing(coverage: ModelCoverage, toured: Tour) -> None:
    """It takes every transition of the graph, and none outside."""
    for run in toured.runs:
        follow(coverage, [transition.request for transition in run])
    assert coverage.missed() == []
    assert set(coverage.taken) == set(coverage.transitions)


def test_transitions_that_were_not_taken_are_named(coverage: ModelCoverage, toured: Tour) -> None:
    """A tour that never closes a connection misses exactly the closes and the transitions after them."""
    for run in toured.runs:
        ends = next((i for i, t in enumerate(run) if isinstance(t.request.operation, op.RemoveConnection)), len(run))
        follow(coverage, [transition.request for transition in run[:ends]])
    missed = coverage.missed()
    assert missed
    assert {m.kind for m in missed if "closed" not in m.state} >= {"remove_connection: last word", "remove_connection: not live"}
    assert not {kind for kind, state, _ in missed if kind.startswith("remove_connection")} - {m.kind for m in missed}


def test_names_do_not_matter(coverage: ModelCoverage) -> None:
    """The second connection's first steps count as the first connection's."""
    follow(coverage, [Request(op.ConnectionInitialized(1)), Request(op.TryAddConnectionToThread(1, 1)), Request(op.StateSetListener(1), 1)])
    one = coverage.taken.copy()
    coverage.taken.clear()
    follow(coverage, [Request(op.ConnectionInitialized(2)), Request(op.TryAddConnectionToThread(1, 2)), Request(op.StateSetListener(7), 1)])
    assert one == coverage.taken
    assert len(one) == 3


def test_transitions_outside_the_scope_are_counted_apart(coverage: ModelCoverage) -> None:
    """Here: a third connection, and a second thread."""
    follow(coverage, [Request(op.ConnectionInitialized(3)), Request(op.ThreadState(2)), Request(op.StateSetListener(4), 2)])
    assert coverage.outside == 3
    assert not coverage.taken


def test_more_random_programs_miss_fewer_transitions(coverage: ModelCoverage) -> None:
    chance, left = random.Random(5), []
    for _ in range(3):
        for _ in range(40):
            state = State()
            for _ in range(15):
                request = chance.choice(SCOPE.requests())
                call = call_of(state, request)
                if call is not None:
                    coverage.took(state, request)
                    state = step(state, call).state
        left.append(len(coverage.missed()))
    assert left[0] > left[1] > left[2] > 0


def test_calls_in_flight_are_refused() -> None:
    """The graph has whole operations only."""
    with pytest.raises(ValueError, match="in_flight=0"):
        ModelCoverage(Scope(1, 1, 1, 2, 1, True, 1))

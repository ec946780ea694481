"""Coverage of the model's graph names exactly what was not taken, whatever the names it was taken under."""

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
    """Made once: it is more than a second's work, and the same for all."""
    return ModelCoverage(SCOPE)


@pytest.fixture
def coverage(graph: ModelCoverage) -> ModelCoverage:
    """Of which nothing was taken."""
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


def test_a_tour_misses_nothing(coverage: ModelCoverage, toured: Tour) -> None:
    """Every transition of the graph, and none outside."""
    for run in toured.runs:
        follow(coverage, [transition.request for transition in run])
    assert coverage.missed() == []
    assert set(coverage.taken) == set(coverage.transitions)


def test_what_was_not_taken_is_named(coverage: ModelCoverage, toured: Tour) -> None:
    """A tour that never closes a connection misses exactly the closes, and what comes after them."""
    for run in toured.runs:
        ends = next((i for i, t in enumerate(run) if isinstance(t.request.operation, op.RemoveConnection)), len(run))
        follow(coverage, [transition.request for transition in run[:ends]])
    missed = coverage.missed()
    assert missed
    assert {m.kind for m in missed if "closed" not in m.state} >= {"remove_connection: last word", "remove_connection: not live"}
    assert not {kind for kind, state, _ in missed if kind.startswith("remove_connection")} - {m.kind for m in missed}


def test_names_do_not_matter(coverage: ModelCoverage) -> None:
    """The second connection's first steps are the first's."""
    follow(coverage, [Request(op.ConnectionInitialized(1)), Request(op.TryAddConnectionToThread(1, 1)), Request(op.StateSetListener(1), 1)])
    one = coverage.taken.copy()
    coverage.taken.clear()
    follow(coverage, [Request(op.ConnectionInitialized(2)), Request(op.TryAddConnectionToThread(1, 2)), Request(op.StateSetListener(7), 1)])
    assert one == coverage.taken
    assert len(one) == 3


def test_what_the_scope_does_not_have_is_counted_as_outside(coverage: ModelCoverage) -> None:
    """A third connection, a second thread."""
    follow(coverage, [Request(op.ConnectionInitialized(3)), Request(op.ThreadState(2)), Request(op.StateSetListener(4), 2)])
    assert coverage.outside == 3
    assert not coverage.taken


def test_random_programs_leave_something_and_it_shrinks(coverage: ModelCoverage) -> None:
    """More programs miss less: the figure means something."""
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
    """They have no place in a graph of whole operations."""
    with pytest.raises(ValueError, match="in_flight=0"):
        ModelCoverage(Scope(1, 1, 1, 2, 1, True, 1))

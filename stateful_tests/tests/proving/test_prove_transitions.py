"""The fast transition function agrees with the model, and its footprints, properties and kinds are complete."""

import random

import pytest

from subwarden.model.manager.state import State
from subwarden.model.manager.step import step as model_step
from subwarden.proving.manager.encoding import Encoding
from subwarden.proving.manager.invariants import STATE_PROPERTIES
from subwarden.proving.manager.kinds import KINDS, expected
from subwarden.proving.manager.open_calls import ManagerConfiguration, Step, move
from subwarden.proving.manager.scope import Scope
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.search.breadth_first import search
from subwarden.stateful_tests.specimens.model_defects.manager import DEFECTS

SMALL = [
    Scope(1, 1, 1, 1, 1, True, 1),
    Scope(2, 1, 1, 2, 1, True, 0),
    Scope(1, 2, 2, 1, None, True, 0),
    Scope(2, 2, 1, 1, None, False, 0),
    Scope(1, 1, 0, 1, None, False, 2),
    Scope(1, 2, 0, 1, None, False, 1),
]


@pytest.mark.slow
@pytest.mark.parametrize("scope", SMALL, ids=Scope.describe)
def test_every_reachable_state_and_action_agrees_with_the_model(scope: Scope) -> None:
    """For each state, the fast successors and the counted kinds are exactly the model's."""
    system = ManagerSystem(scope)
    found = search(system)
    counted = dict(found.kinds)
    slow: dict[str, int] = {}
    for state in found.states():
        configuration = system.encoding.decode(state)
        reached = set()
        for action in system.actions():
            moved = move(configuration, action)
            if moved is not None:
                reached.add(system.encoding.encode(moved.configuration))
                slow[moved.kind] = slow.get(moved.kind, 0) + 1
        assert system.expand([state], None) == reached - {state}
    assert slow == counted


@pytest.mark.parametrize("name", DEFECTS)
def test_defective_models_stay_within_the_footprints(name: str) -> None:
    """Properties find the planted defects, not too small footprints: up to the search's end, the fast successors are the defect's."""
    system = ManagerSystem(Scope(1, 2, 1, 1, 0, True, 1), DEFECTS[name])
    states = list(search(system).states())
    for state in random.Random(2).sample(states, min(len(states), 400)):
        assert system.expand([state], None) == {edge.target for edge in system.edges(state)} - {state}


@pytest.mark.parametrize("scope", SMALL[:4], ids=Scope.describe)
def test_encode_is_the_inverse_of_decode(scope: Scope) -> None:
    """On every reachable state."""
    system = ManagerSystem(scope)
    assert all(system.encoding.encode(system.encoding.decode(state)) == state for state in search(system).states())


@pytest.mark.parametrize("scope", SMALL[:4], ids=Scope.describe)
def test_judging_the_parts_equals_judging_the_whole_state(scope: Scope) -> None:
    """A state is suspicious exactly if it breaks a property; also a state that the model never reaches."""
    system = ManagerSystem(scope)
    states = _some_states(system.encoding, 3000)
    broken = {s for s in states if any(p.broken(system.encoding.decode(s).state) for p in STATE_PROPERTIES)}
    assert broken
    assert len(broken) < len(states)
    assert system.suspicious(states) == broken


def test_each_scope_meets_exactly_its_expected_kinds() -> None:
    """In scopes with and without each feature; together they meet every kind."""
    met: set[str] = set()
    for scope in [*SMALL, Scope(2, 1, 1, 1, None, True, 0), Scope(1, 1, 2, 0, 1, False, 1), Scope(1, 1, 0, 0, None, False, 0)]:
        kinds = {kind for kind, times in search(ManagerSystem(scope)).kinds.items() if times}
        assert kinds == set(expected(scope)), scope
        met |= kinds
    assert met == set(KINDS)


def test_a_footprint_that_is_too_small_raises() -> None:
    """An operation that changes facts outside its declared footprint makes the search fail rather than miss states."""

    def reaching(state: State, call: object) -> object:
        outcome = model_step(state, call)  # type: ignore[arg-type]
        return outcome._replace(state=State(live=frozenset({1, 2}))) if outcome.kind.startswith("has_subscribers") else outcome

    step: Step = reaching  # type: ignore[assignment]
    with pytest.raises(AssertionError, match="outside the declared footprint"):
        search(ManagerSystem(Scope(2, 1, 1, 1, None, False, 0), step))


def _some_states(encoding: Encoding, attempts: int) -> set[int]:
    """Random states, reachable or not: any combination of facts that a configuration can hold."""
    chance, states = random.Random(7), set()
    for _ in range(attempts):
        code = sum(bit for bit in encoding.bit.values() if chance.random() < 0.3)
        states.add(encoding.encode(ManagerConfiguration(encoding.decode(code).state, (None,) * encoding.scope.in_flight)))
    return states

"""Symmetry is exact: the verdicts agree, and the orbits add up to the states of a search without symmetry."""

import random
from collections import Counter

import pytest

from subwarden.proving.manager.open_calls import Step
from subwarden.proving.manager.proof import symmetry_of
from subwarden.proving.manager.scope import Scope
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.search.breadth_first import search
from subwarden.proving.search.result import SearchVerdict
from subwarden.proving.symmetry.column_order import ColumnOrder
from subwarden.proving.symmetry.renaming import EveryRenaming, renamings
from subwarden.proving.transition_system import Symmetry
from subwarden.stateful_tests.specimens.model_defects.manager import DEFECTS

SCOPES = [
    Scope(2, 1, 1, 2, 1, True, 0),
    Scope(2, 2, 1, 1, None, True, 0),
    Scope(3, 1, 2, 1, None, True, 0),
    Scope(1, 3, 2, 1, None, False, 0),
    Scope(3, 2, 2, 0, None, False, 0),
    Scope(2, 1, 1, 1, None, True, 1),
    Scope(1, 2, 1, 1, None, False, 1),
]


@pytest.mark.parametrize("scope", SCOPES, ids=Scope.describe)
def test_orbits_add_up_and_verdicts_agree(scope: Scope) -> None:
    """Distinct states, depth, transitions of every kind, `sometimes` and verdict equal those of a search without symmetry."""
    plain = search(ManagerSystem(scope))
    system = ManagerSystem(scope)
    reduced = search(system, symmetry_of(system))
    assert reduced.distinct == plain.distinct
    assert reduced.orbits is not None
    assert reduced.orbits == [len(layer) for layer in plain.layers]
    assert reduced.stored < plain.stored
    assert reduced.kinds == plain.kinds
    assert reduced.met == plain.met
    assert reduced.verdict is plain.verdict is SearchVerdict.HOLDS


@pytest.mark.parametrize("scope", SCOPES, ids=Scope.describe)
def test_each_orbit_has_one_representative(scope: Scope) -> None:
    """All renamings of a state have the same representative, and there are as many representatives as orbits by definition."""
    system = ManagerSystem(scope)
    symmetry, by_definition = symmetry_of(system), EveryRenaming(renamings(system.encoding))
    states = set(search(system).states())
    members: Counter[int] = Counter(symmetry.canonical(state) for state in states)
    assert len(members) == len({by_definition.canonical(state) for state in states})
    for representative, count in members.items():
        orbit = by_definition.orbit(representative)
        assert {symmetry.canonical(state) for state in orbit} == {representative}
        assert symmetry.orbit_size(representative) == len(orbit) == count


def test_representatives_of_states_that_only_a_defect_reaches() -> None:
    """With an id in two places, counting ids does not suffice; the symmetry must still be exact."""
    scope = Scope(2, 2, 2, 1, None, True, 0)
    system = ManagerSystem(scope)
    fast, by_definition = ColumnOrder(system.encoding), EveryRenaming(renamings(system.encoding))
    chance = random.Random(3)
    for _ in range(2000):
        state = sum(bit for bit in system.encoding.bit.values() if chance.random() < 0.3)
        representative = fast.canonical(state)
        assert by_definition.canonical(representative) == by_definition.canonical(state)
        assert fast.orbit_size(state) == by_definition.orbit_size(state)
        assert {fast.canonical(other) for other in by_definition.orbit(state)} == {representative}


def test_renaming_commutes_with_stepping() -> None:
    """This makes symmetry sound: the successors of a renamed state are the renamed successors of the state."""
    system = ManagerSystem(Scope(2, 2, 1, 1, None, True, 1))
    states = random.Random(1).sample(list(search(system, max_states=20_000).states()), 150)
    for renaming in renamings(system.encoding):
        for state in states:
            assert system.expand([renaming(state)], None) == {renaming(other) for other in system.expand([state], None)}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found_at_the_same_depth_with_symmetry(name: str) -> None:
    """With and without symmetry, the same properties break, after runs of the same lengths."""
    scope, step = Scope(2, 1, 1, 1, 0, True, 1), DEFECTS[name]
    plain, reduced = _broken(scope, step, None), _broken(scope, step, EveryRenaming(renamings(ManagerSystem(scope).encoding)))
    assert plain == reduced


def test_columns_refuse_calls_in_flight() -> None:
    """Open calls would tie columns together, and the representative would be silently wrong."""
    with pytest.raises(ValueError, match="EveryRenaming"):
        ColumnOrder(ManagerSystem(Scope(1, 1, 1, 1, None, False, 1)).encoding)


def _broken(scope: Scope, step: Step, symmetry: Symmetry | None) -> set[tuple[str, int]]:
    found = search(ManagerSystem(scope, step), symmetry)
    return {(c.property.name, len(c.run)) for c in found.counter_examples}

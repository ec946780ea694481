"""Symmetry at level server is exact, and its integers lose nothing: counts, verdicts and liveness agree with a search without it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from subwarden.model.server.requests import Reply
from subwarden.model.server.state import InFlight, Loaded, ServerState
from subwarden.proving.search.breadth_first import search
from subwarden.proving.search.result import SearchVerdict
from subwarden.proving.server.encoding import ServerEncoding
from subwarden.proving.server.families import steps
from subwarden.proving.server.proof import prove_server
from subwarden.proving.server.renaming import ServerOrbits, server_renamings
from subwarden.proving.server.scope import EXTRAS, ServerScope
from subwarden.proving.server.steps import ServerConfiguration
from subwarden.proving.server.system import ServerSystem
from subwarden.proving.symmetry.renaming import EveryRenaming
from subwarden.stateful_tests.specimens.model_defects.server import DEFECTS

TWO_CONNECTIONS = ServerScope(2, 1, 0, 1)
SCOPES = [
    ServerScope(1, 2, 0, 1),
    pytest.param(TWO_CONNECTIONS, marks=pytest.mark.slow),
    pytest.param(ServerScope(2, 1, 2, 1), marks=pytest.mark.slow),
    pytest.param(ServerScope(2, 1, 0, 1, ("cancels", "deaths")), marks=pytest.mark.slow),
    pytest.param(ServerScope(2, 1, 0, 1, ("strangers",)), marks=pytest.mark.slow),
    pytest.param(ServerScope(2, 1, 0, 1, ("turns",)), marks=pytest.mark.slow),
    pytest.param(ServerScope(1, 2, 0, 1, ("forks", "lists")), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.describe())
def test_orbits_add_up_and_verdicts_agree(scope: ServerScope) -> None:
    """Distinct states, depth, transitions of every kind, `sometimes` and verdict equal those of a search without symmetry."""
    plain, system = search(ServerSystem(scope)), ServerSystem(scope)
    reduced = search(system, EveryRenaming(server_renamings(system.encoding)))
    assert reduced.orbits == [len(layer) for layer in plain.layers]
    assert reduced.stored < plain.stored
    assert reduced.kinds == plain.kinds
    assert reduced.met == plain.met
    assert reduced.verdict is plain.verdict is SearchVerdict.HOLDS


def test_each_orbit_has_one_representative() -> None:
    """All renamings of a state have the same representative, and an orbit is as large as the number of states that have it."""
    system = ServerSystem(ServerScope(1, 2, 1, 1))
    symmetry, members = EveryRenaming(server_renamings(system.encoding)), Counter[int]()
    for state in search(system).states():
        representative = symmetry.canonical(state)
        members[representative] += 1
        assert {symmetry.canonical(other) for other in symmetry.orbit(state)} == {representative}
    assert members
    assert all(symmetry.orbit_size(representative) == count for representative, count in members.items())


@pytest.mark.parametrize("scope", [ServerScope(2, 2, 1, 2), ServerScope(3, 1, 0, 2), ServerScope(1, 2, 1, 1)], ids=ServerScope.describe)
def test_orbits_by_look_ups_are_those_of_every_renaming(scope: ServerScope) -> None:
    """The same representative and size, for members of the orbits of many states."""
    system = ServerSystem(scope)
    by_definition, orbits = EveryRenaming(server_renamings(system.encoding)), ServerOrbits(system.encoding)
    states = [state for layer in search(system, max_states=3_000).layers for state in list(layer)[::7]]
    assert len({by_definition.orbit_size(state) for state in states}) > 1
    assert [orbits.canonical(state) for state in states] == [by_definition.canonical(state) for state in states]
    assert [orbits.orbit_size(state) for state in states] == [by_definition.orbit_size(state) for state in states]


def test_a_renamed_state_takes_the_renamed_steps() -> None:
    """What makes names names: the successors of a renaming are the renamings of the successors, up to the numbers of conversations."""
    system = ServerSystem(ServerScope(2, 2, 1, 1))
    symmetry = EveryRenaming(server_renamings(system.encoding))
    layers = search(system, symmetry, max_states=3_000).layers
    compared = 0
    for state in list(layers[-1])[:200]:
        plain = sorted(symmetry.canonical(target) for _, target in system.successors(state))
        for other in symmetry.orbit(state) - {state}:
            compared += 1
            assert sorted(symmetry.canonical(target) for _, target in system.successors(other)) == plain
    assert compared > 100


@pytest.mark.parametrize("scope", [ServerScope(2, 2, 1, 2, tuple(EXTRAS)), ServerScope(1, 1, 0, 3, ("turns",))], ids=ServerScope.describe)
def test_an_integer_means_the_same_in_every_process(scope: ServerScope) -> None:
    """An encoding that has met nothing yet reads every state as the one that has written it."""
    system = ServerSystem(scope)
    states = [state for layer in search(system, None, max_states=2_000).layers for state in layer]
    fresh = ServerEncoding(scope)
    assert all(state.bit_length() <= fresh.width for state in states)
    assert [fresh.decode(state) for state in states] == [system.configuration(state) for state in states]
    assert [ServerEncoding(scope).encode(fresh.decode(state)) for state in states[-50:]] == states[-50:]
    reached = {moved.configuration for state in states[:500] for moved in steps(system.configuration(state), scope, system.rules)}
    assert len({fresh.encode(configuration) for configuration in reached}) == len(reached), "no two share an integer"


def test_the_integer_has_every_field_of_the_state() -> None:
    """A new field of the model must get its bits: each of these has its own, so all differ."""
    encoding = ServerEncoding(ServerScope(2, 2, 1, 2, ("turns",)))
    empty, request = ServerState(), next(encoding.scope.requests())
    there, waiting = Loaded(1), InFlight(request)
    one: dict[str, Any] = {
        "loaded": ((1, there),),
        "flight": ((1, waiting),),
        "grants": frozenset({(1, 1, 0)}),
        "owed": frozenset({(1, 1)}),
    }
    fields: list[dict[str, Any]] = [{field: one.get(field) or frozenset({1})} for field in ServerState._fields]
    of_state = [empty._replace(**field) for field in fields]
    changed: dict[str, Any] = {"conversation": 2, "rolled_back": 1, "claims": 1, "replied": 1, "may": frozenset({Reply.OK})}
    of_loaded = [there._replace(**{field: changed.get(field, True)}) for field in Loaded._fields]
    of_flight = [waiting._replace(**{field: changed.get(field, True)}) for field in InFlight._fields if field != "request"]
    states = [empty, *of_state, *(empty._replace(loaded=((1, each),)) for each in of_loaded)]
    states += [empty._replace(flight=((1, each),)) for each in of_flight]
    configurations = [ServerConfiguration(state) for state in states]
    configurations += [ServerConfiguration(empty, barred=frozenset({(1, 1)})), ServerConfiguration(empty, past=frozenset({1}))]
    configurations.append(ServerConfiguration(empty, overlapped=frozenset({1})))
    codes = [encoding.encode(configuration) for configuration in configurations]
    assert len(set(codes)) == len(codes)
    assert [encoding.decode(code) for code in codes] == configurations


def test_a_configuration_outside_the_scope_is_refused() -> None:
    """Not written as another one."""
    encoding = ServerEncoding(TWO_CONNECTIONS)
    with pytest.raises(KeyError):
        encoding.encode(ServerConfiguration(ServerState(live=frozenset({3}))))
    small = replace(TWO_CONNECTIONS, connections=1)
    with pytest.raises(KeyError):
        ServerEncoding(small).encode(ServerConfiguration(ServerState(grants=frozenset({(1, 2, 0)}))))
    with pytest.raises(ValueError, match="rollbacks"):
        encoding.encode(ServerConfiguration(ServerState(loaded=((1, Loaded(1, rolled_back=2)),))))


@pytest.mark.slow
@pytest.mark.parametrize("scope", [TWO_CONNECTIONS, ServerScope(1, 2, 0, 1), ServerScope(2, 1, 1, 1)], ids=ServerScope.describe)
def test_liveness_agrees_with_a_search_without_symmetry(scope: ServerScope) -> None:
    """Nothing is stuck in either, and as many open calls stand behind the representatives."""
    plain, reduced = prove_server(scope, symmetric=False), prove_server(scope)
    assert plain.verdict is reduced.verdict is SearchVerdict.HOLDS
    assert plain.liveness is not None
    assert reduced.liveness is not None
    assert plain.liveness.largest == reduced.liveness.largest
    assert plain.liveness.states_with_open_calls / 2 <= reduced.liveness.states_with_open_calls < plain.liveness.states_with_open_calls


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFECTS)
def test_defects_are_found_at_the_same_length(name: str) -> None:
    """With two connections, with symmetry and without it."""
    scope = ServerScope(2, 1, 0, 1) if name != "an unloaded conversation is loaded again" else ServerScope(1, 1, 0, 2)
    proofs = [prove_server(scope, symmetric, max_states=60_000, rules=DEFECTS[name]) for symmetric in (True, False)]
    first, second = ({(c.property, len(c.run)) for c in proof.counter_examples} for proof in proofs)
    assert first == second

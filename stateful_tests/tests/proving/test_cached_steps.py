"""Steps that are looked up are the model's, for every state; and a bit that was read without a record of it would be noticed."""

import random
from collections import Counter

import pytest

from subwarden.proving.recorded import Reader
from subwarden.proving.search.breadth_first import search
from subwarden.proving.server.describe import kind_of
from subwarden.proving.server.properties import SOMETIMES, STATE_PROPERTIES, STEP_PROPERTIES
from subwarden.proving.server.scope import EXTRAS, ServerScope
from subwarden.proving.server.system import ServerSystem
from subwarden.stateful_tests.specimens.model_defects.server import DEFECTS

ONE = ServerScope(1, 1, 0, 1)
SCOPES = [
    ONE,
    ServerScope(1, 1, 1, 1, ("cancels", "lists")),
    pytest.param(ServerScope(1, 2, 0, 1, ("forks",)), marks=pytest.mark.slow),
    pytest.param(ServerScope(1, 1, 0, 1, ("strangers", "turns")), marks=pytest.mark.slow),
    pytest.param(ServerScope(1, 1, 0, 1, ("cancels", "deaths")), marks=pytest.mark.slow),
    pytest.param(ServerScope(2, 1, 0, 1), marks=pytest.mark.slow),
    pytest.param(ServerScope(1, 1, 0, 2), marks=pytest.mark.slow),
]
LARGE = [
    ServerScope(2, 1, 0, 2),
    pytest.param(ServerScope(2, 2, 1, 2, tuple(EXTRAS)), marks=pytest.mark.slow),
    pytest.param(ServerScope(1, 1, 2, 3, ("turns", "cancels")), marks=pytest.mark.slow),
]


def slow_steps(system: ServerSystem, states: list[int]) -> tuple[list[set[int]], Counter[str], dict[str, bool]]:
    """The successors of each state by the model's own functions, the kinds of all steps, and the `sometimes` properties met."""
    successors, kinds, met = [], Counter[str](), {s.name: False for s in SOMETIMES if s.possible(system.scope)}
    for state in states:
        before = system.configuration(state)
        found = list(system.successors(state))
        successors.append({target for _, target in found})
        kinds.update(kind_of(before, moved.action) for moved, _ in found)
        for moved, _ in found:
            met |= {s.name: True for s in SOMETIMES if s.name in met and s.met(before, moved)}
    return successors, kinds, met


def some_states(scope: ServerScope, times: int) -> list[int]:
    """States that are met on random runs of the model's own functions: deeper ones than a search of as many states meets."""
    chance, system = random.Random(5), ServerSystem(scope)
    found: dict[int, list[int]] = {}  # with the successors of each
    while len(found) < times:
        at = system.initial
        for _ in range(60):
            if at not in found:
                found[at] = [target for _, target in system.successors(at)]
            at = chance.choice(found[at] or [system.initial])
    return list(found)[:times]


@pytest.mark.parametrize("scope", SCOPES, ids=ServerScope.describe)
def test_each_reachable_state_has_the_steps_of_the_model(scope: ServerScope) -> None:
    """One by one, and all kinds and `sometimes` properties as they are counted in a search."""
    system = ServerSystem(scope)
    found = search(system)
    states = list(found.states())
    successors, kinds, met = slow_steps(system, states)
    assert [system.expand([state]) for state in states] == successors
    assert found.kinds == kinds
    assert found.met == met


@pytest.mark.parametrize("scope", LARGE, ids=ServerScope.describe)
def test_states_of_a_large_scope_have_the_steps_of_the_model(scope: ServerScope) -> None:
    """Those of random runs, many at a time and one by one; what was looked up for some does not change others."""
    system, states = ServerSystem(scope), some_states(scope, 300)
    successors, kinds, _ = slow_steps(system, states)
    assert system.expand(states) == set().union(*successors)
    assert system.kinds() == kinds
    assert [system.expand([state]) for state in states] == successors
    assert [ServerSystem(scope).expand([state]) for state in states[-5:]] == successors[-5:]


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defective_model_has_its_own_steps(name: str) -> None:
    """Also where the defect changes a state that was settled already, or looks at what settling it will do."""
    system = ServerSystem(ServerScope(1, 1, 0, 2), DEFECTS[name])
    states = list(search(system, max_states=1_500).states())
    states = random.Random(3).sample(states, min(len(states), 200))
    assert [system.expand([state]) for state in states] == slow_steps(system, states)[0]


@pytest.mark.parametrize("name", ["close keeps grants", "resume links on a closing thread", "unsubscribe keeps the grant"])
def test_judging_by_look_ups_equals_judging_each_state(name: str) -> None:
    """A state that breaks a property, and the source of a step that breaks one, are found among others."""
    system = ServerSystem(ONE, DEFECTS[name])
    found = search(system)
    states = list(found.states())
    broken = {state for state in states if any(p.broken(system.configuration(state)) for p in STATE_PROPERTIES)}
    sources = {
        state
        for state in states
        for moved, _ in system.successors(state)
        if any(p.broken(system.configuration(state), moved) for p in STEP_PROPERTIES)
    }
    system.expand(states)
    assert system.suspicious(states) == broken
    assert system.sources_of_bad_steps(states) == sources
    assert broken or sources
    assert found.counter_examples


@pytest.mark.parametrize("part", ["live", "gone", "closed", "stored", "grants", "owed", "loaded 1", "flight"])
def test_a_read_without_a_record_is_noticed(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a reader that forgets to note one part of the state, the comparison above fails."""
    scope = ServerScope(1, 1, 0, 2)
    states = [state for layer in search(ServerSystem(scope), max_states=6_000).layers for state in list(layer)[::20]]
    encoding = ServerSystem(scope).encoding
    places = [place for place, each in enumerate(encoding.parts) if each.name == part]
    hidden = sum(encoding.slices[place][1] << encoding.slices[place][0] for place in places)
    read = Reader.read

    def forgets(reader: Reader, bits: int) -> int:
        read(reader, bits & ~hidden)
        return reader.state & bits

    right = ServerSystem(scope).expand(states)
    monkeypatch.setattr(Reader, "read", forgets)
    assert ServerSystem(scope).expand(states) != right


def test_the_model_is_asked_for_few_of_the_steps() -> None:
    """What makes it fast: most steps are looked up."""
    asked = 0
    scope = ServerScope(1, 1, 0, 2)
    system = ServerSystem(scope)
    explain = system.rules.explain

    def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        return explain(*arguments)  # type: ignore[arg-type]  # handed on

    system = ServerSystem(scope, system.rules._replace(explain=counted))  # type: ignore[arg-type]  # as above
    changes = sum(times for kind, times in search(system).kinds.items() if kind.startswith("change: "))
    assert asked * 5 < changes

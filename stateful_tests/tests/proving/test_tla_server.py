"""TLC finds the TLA+ twin of level server and our model the same: counts, verdicts, lengths of counterexamples."""

import pytest

from subwarden.proving.search.breadth_first import search
from subwarden.proving.search.result import SearchVerdict
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.system import ServerSystem
from subwarden.stateful_tests.specimens import tlc
from subwarden.stateful_tests.specimens.model_defects.server import DEFECTS
from subwarden.stateful_tests.tests.proving.test_tla import first_is_quick, needs_tlc

ONE = ServerScope(1, 1, 0, 1)
TWO_IN_FLIGHT = ServerScope(1, 1, 0, 2)
SCOPES = [ONE, ServerScope(2, 1, 0, 1), ServerScope(1, 2, 0, 1), TWO_IN_FLIGHT]
IN_BOTH = {  # liveness is judged by `prove` alone
    "close keeps grants": (ONE, 9),
    "resume links on a closing thread": (ONE, 14),
    "unsubscribe keeps the grant": (ONE, 11),
    "a link leaves what is owed": (TWO_IN_FLIGHT, 13),
    "an unloaded conversation is loaded again": (TWO_IN_FLIGHT, 9),
}


@needs_tlc
@pytest.mark.parametrize("scope", first_is_quick(SCOPES), ids=ServerScope.describe)
def test_tlc_finds_the_same_states(scope: ServerScope) -> None:
    """The same numbers of distinct states and transitions, the same depth, and no counterexample."""
    ours, theirs = search(ServerSystem(scope)), tlc.check_server(scope, workers=1)  # with more workers the depth is not exact
    assert theirs.distinct == ours.distinct
    assert theirs.generated == ours.transitions + 1  # TLC counts the initial state as generated
    assert theirs.depth == ours.depth
    assert theirs.violated is None
    assert ours.verdict is SearchVerdict.HOLDS


@needs_tlc
@pytest.mark.parametrize("name", first_is_quick(IN_BOTH))
def test_tlc_finds_a_planted_defect_as_soon_as_we_do(name: str) -> None:
    """The same property, with a counterexample of the same length."""
    scope, length = IN_BOTH[name]
    ours, theirs = search(ServerSystem(scope, DEFECTS[name])).counter_examples, tlc.check_server(scope, name, workers=1)
    assert theirs.violated is not None
    assert theirs.violated.removesuffix("Steps") in {c.property.name for c in ours}
    assert theirs.steps == min(len(c.run) for c in ours) == length


def test_both_have_the_same_planted_defects() -> None:
    """Under the same names, apart from those of liveness."""
    text = (tlc.TWIN / "Server.tla").read_text(encoding="utf-8")
    assert {name for name in DEFECTS if f'"{name}"' in text} == set(IN_BOTH)


@pytest.mark.parametrize("scope", [ServerScope(1, 1, 1, 1), ServerScope(1, 1, 0, 1, ("turns",))], ids=ServerScope.describe)
def test_scopes_beyond_the_twin_are_refused(scope: ServerScope) -> None:
    """Else the twin would silently count fewer states."""
    with pytest.raises(ValueError, match="the core alone"):
        tlc.check_server(scope)

"""No false alarm: correct programs hold in both orders, also when the scenario itself is cancelled at any await."""

from typing import Any

import pytest

import subwarden
from subwarden.stateful_tests.specimens.scenarios import correct_primitives, correct_structures
from subwarden.stateful_tests.tests.explore.scenarios import scenarios_of

SCENARIOS = scenarios_of(correct_primitives, correct_structures)


def test_there_are_enough() -> None:
    """The specimens are found by their kind, so none may be missing by accident."""
    assert len(SCENARIOS) >= 25


@pytest.mark.parametrize("cancel", [False, True], ids=["undisturbed", "cancelled"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_it_holds(scenario: Any, cancel: bool) -> None:
    """It holds, and neither order is in doubt."""
    found = subwarden.explore(scenario, cancel=cancel, schedules=120)
    assert found.verdict == "holds", found.text()


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_it_holds_for_long(scenario: Any) -> None:
    """The same with another seed and many more schedules."""
    found = subwarden.explore(scenario, cancel=True, schedules=2_000, seed=7)
    assert found.verdict == "holds", found.text()

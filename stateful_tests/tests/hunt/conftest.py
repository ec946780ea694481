"""The fixture that makes a hunt's rounds short."""

import pytest

from subwarden.stateful_tests.hunt import search as hunt_search


@pytest.fixture
def short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of a fraction of a second."""
    monkeypatch.setattr(hunt_search, "EXAMPLES", 5)
    monkeypatch.setattr(hunt_search, "SCHEDULES", 130)

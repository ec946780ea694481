"""What a user's modules keep in globals begins in each run as the module has made it, and is so again when the search has ended."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

import subwarden
from subwarden.stateful_tests.specimens.scenarios import kept


@pytest.mark.parametrize("scenario", kept.KEPT, ids=lambda each: each.__name__)
def test_no_run_meets_the_state_of_another(scenario: Any) -> None:
    for _ in range(2):
        found = subwarden.explore(scenario, schedules=30)
        assert found.verdict == "holds", found.text()
    assert kept.clients == []
    assert kept.seats == 2
    assert not hasattr(kept, "late")


def test_a_module_from_which_one_object_is_imported_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its object is a package's, which does not tell where it came from."""
    (tmp_path / "kept_list.py").write_text("from asyncio import Event\nclients = []\nstop = Event()\ndef add(): clients.append(1)\n")
    (tmp_path / "kept_by.py").write_text(
        "import asyncio\nfrom kept_list import stop\nasync def scenario():\n    import kept_list\n    kept_list.add()\n"
        "    await asyncio.sleep(0)\n    assert kept_list.clients == [1]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        found = subwarden.explore(importlib.import_module("kept_by").scenario, schedules=20)
    finally:
        for name in ("kept_list", "kept_by"):
            sys.modules.pop(name, None)
    assert found.verdict == "holds", found.text()


def test_what_was_replaced_in_a_module_is_put_back() -> None:
    """Also functions, which a scenario replaces by fakes."""

    async def scenario() -> None:
        assert kept.registry() == []
        kept.registry = lambda: ["fake"]  # type: ignore[assignment]

    assert subwarden.explore(scenario, schedules=5).verdict == "holds"
    assert kept.registry() == []

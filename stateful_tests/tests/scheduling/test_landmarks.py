"""Landmarks are found without waking them: some libraries keep objects in their modules that load themselves when asked."""

import sys
from types import ModuleType

import pytest

from subwarden.scheduling.state_search.landmarks import landmarks

SENTINEL = [object()]


class Lazy:
    """As Django's settings: any access, also to its class, makes it load."""

    def __getattribute__(self, name: str) -> object:
        raise RuntimeError(f"asked for {name}")


def test_objects_in_modules_are_found_and_lazy_ones_stay_asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("somebodys")
    lazy = Lazy()
    vars(module).update(lazy=lazy, listed=[SENTINEL], named={"it": Lazy})
    monkeypatch.setitem(sys.modules, "somebodys", module)
    found = landmarks()
    assert found[id(lazy)] is lazy
    assert found[id(SENTINEL)] is SENTINEL

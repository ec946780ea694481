"""Recipes for adapters (docs/adapters/recipes.md): each holds, and without it something goes wrong."""

from typing import Any

import pytest

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import levels_of, load
from subwarden.stateful_tests.tests.paths import ROOT
from subwarden.stateful_tests.tests.subjects import custom_level
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE, program

RECIPES: list[tuple[str, str, Any, str]] = [
    ("lost_connection", "Late", program("attach c1 s1", "attach c1 s2", "subscribe c1 t1"), "P8-a-subscription-vanishes"),
    ("one_at_a_time", "Racing", program("connect c1; subscribe c1 t1", "disconnect c1"), "P2-a-connection-that-is-not-live"),
    ("in_flight", "Overtaking", custom_level.program("sign_up c1", "post message; post message"), "P8-post-does-what"),
    ("heartbeat", "Left", program("connect c1; disconnect c1"), "P12-a-task-is-left-behind"),
]


def found(name: str, played: Any, order: Order = Order.FIFO, *, cancellation: bool = False) -> set[str]:
    """The causes that a short check of one program finds, or of drawn ones."""
    subject = str(ROOT / "examples" / "recipes" / name)
    (level,) = levels_of(subject)
    search = GateSearch(Check(order, cancellation, level), LEVELS[level], load(subject, level), PROFILE)
    with running():
        if played is None:
            search.round(0, PROFILE.examples)
        else:
            search._drive_variant(played, 120)
    assert not search.outcome.doubts
    return {cause.slug() for cause in search.outcome.findings}


@pytest.mark.parametrize(("name", "without", "played", "slug"), RECIPES, ids=lambda each: each if isinstance(each, str) else "")
def test_a_recipe_holds_and_without_it_something_goes_wrong(name: str, without: str, played: Any, slug: str) -> None:
    assert not found(f"{name}.py:Adapter", played)
    assert any(each.startswith(slug) for each in found(f"{name}.py:{without}", played))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, *_ in RECIPES])
def test_a_recipe_holds_in_drawn_programs_and_all_orders(name: str) -> None:
    for order in Order:
        for cancellation in (False, True):
            assert not found(f"{name}.py:Adapter", None, order, cancellation=cancellation)


def test_an_adapter_may_import_the_modules_beside_it(tmp_path: Any) -> None:
    (tmp_path / "the_module_beside_it.py").write_text("TOPICS = set()\n")
    lines = ["from the_module_beside_it import TOPICS", "class Adapter:", "    def connect(self, client): pass"]
    lines += ["    def subscribe(self, client, topic): TOPICS.add((client, topic))", "    def observe(self): return TOPICS"]
    (tmp_path / "adapter.py").write_text("\n".join(lines))
    assert load(f"{tmp_path}/adapter.py:Adapter", "core")().kind.has >= {"connect", "subscribe", "observe"}

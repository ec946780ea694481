"""Draws depend on the seed alone, not on constants of loaded modules, nor on how subwarden was started or where it lies."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.conjecture.providers import HypothesisProvider

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring import explorer
from subwarden.stateful_tests.exploring.budget import UNLIMITED
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing import draws
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.explorer import Explorer
from subwarden.stateful_tests.exploring.level import Program
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load

SHORT = Profile("short", examples=40, schedules=1, steps=9, derandomized=True)
NAMES = ("manager", "server")


def programs(level: str, order: Order = Order.ANY, number: int = 1) -> list[Program]:
    """The programs of a round, at most."""
    drawn: list[Program] = []
    drawer = Explorer(
        Check(order, True, level),
        LEVELS[level],
        load("manager", level),
        UNLIMITED,
        lambda program, _names, _violations: drawn.append(program),
    )
    drawer.round(number, SHORT, SHORT.examples)
    return drawn


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows when Hypothesis asks for the constants of loaded modules."""
    asked: list[str] = []
    constants: Any = getattr(providers, "_get_local_constants")  # noqa: B009  # mypy knows nothing of it

    def asking() -> Any:
        asked.append("constants")
        return constants()

    monkeypatch.setattr(providers, "_get_local_constants", asking)
    return asked


@pytest.mark.parametrize("level", NAMES)
def test_no_constants_of_loaded_modules_are_drawn(level: str, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(programs(level)) > SHORT.examples // 2
    assert not asked
    monkeypatch.setattr(explorer, "by_seed_alone", nullcontext)
    programs(level)
    assert asked, "they would be"


@pytest.mark.parametrize("level", NAMES)
def test_the_same_seed_draws_the_same_and_another_check_or_round_draws_other_programs(level: str) -> None:
    assert programs(level) == programs(level)
    assert programs(level) != programs(level, number=2)
    assert programs(level) != programs(level, Order.FIFO)


def test_draws_outside_are_left_alone() -> None:
    mixes_in = getattr(HypothesisProvider, draws.MIXES_IN)
    with pytest.raises(ZeroDivisionError), draws.by_seed_alone():
        assert getattr(HypothesisProvider, draws.MIXES_IN) is not mixes_in
        raise ZeroDivisionError
    assert getattr(HypothesisProvider, draws.MIXES_IN) is mixes_in


def test_versions_that_mix_nothing_in_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "PROVIDER", None)
    assert len(programs("manager")) > SHORT.examples // 2

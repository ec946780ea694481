"""A check of an adapter that never saw a delivery says nothing about deliveries: each order needs one, and the gate sees to it."""

from typing import Any

import pytest

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.points import DELIVERED, DELIVERED_IN, at_level
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.outcome import CheckOutcome, merged
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.tests.subjects.core_adapters import Sends
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE, factory_of

CHECKS = [Check(order, False, "core") for order in Order]


class Unseen(Sends):
    delivered = None  # type: ignore[assignment]  # it cannot say


def outcome_of(make: Any, check: Check) -> CheckOutcome:
    """A check whose time is over before it has drawn a program."""
    search = GateSearch(check, CORE_LEVEL, factory_of(make), PROFILE, Budget(lambda: True))
    with running():
        search.round(0, 1)
    return search.finish()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.order.value)
def test_a_message_is_delivered_however_short_the_time_was(check: Check) -> None:
    outcome = outcome_of(Sends, check)
    assert at_level("core", {DELIVERED, DELIVERED_IN[check.order]}) <= outcome.fired
    assert not outcome.findings


def test_an_order_without_one_is_named() -> None:
    fifo, other = (outcome_of(Sends, check) for check in CHECKS)
    fifo.fired -= at_level("core", {DELIVERED_IN[Order.FIFO]})
    never = merged([fifo, other]).never_fired(CHECKS, LEVELS)
    assert at_level("core", {DELIVERED_IN[Order.FIFO]}) <= never
    assert not at_level("core", {DELIVERED, DELIVERED_IN[Order.ANY]}) & never


def test_of_an_adapter_that_shows_no_deliveries_none_is_wanted() -> None:
    outcome = outcome_of(Unseen, CHECKS[0])
    assert not outcome.programs
    assert not at_level("core", set(DELIVERED_IN.values())) & outcome.never_fired(CHECKS, LEVELS)

"""Every planted fault is found within a bound on schedules, made small, and labelled by the weakest order."""

from typing import Any, NamedTuple

import pytest

import subwarden
from subwarden.stateful_tests.specimens.scenarios import planted
from subwarden.stateful_tests.tests.explore.scenarios import scenarios_of


class Known(NamedTuple):
    """What is known of a fault: the weakest order, the fewest deviations, and a part of the title."""

    order: str
    deviations: int
    title: str
    fault: bool = False
    slow_step: bool = False


KNOWN = {
    "split_lock": Known("any", 2, "AssertionError: a phantom"),
    "lost_update": Known("fifo", 0, "AssertionError"),
    "lost_wake_up": Known("any", 2, "consume waits for ever: a lost wake-up"),
    "two_locks": Known("fifo", 0, "deadlock: move -> move 2 -> move (each waits for the next)"),
    "check_then_act": Known("fifo", 0, "sold to ['ann', 'bob']"),
    "leaked_task": Known("fifo", 0, "work is left behind"),
    "swallowed_cancellation": Known("fifo", 0, "work waits for ever"),
    "unretrieved_exception": Known("fifo", 0, "OSError: disk full, in fail, and nobody retrieves it"),
    "child_ends_in_silence": Known("fifo", 0, "patient ends cancelled in a task group, and nobody has cancelled it"),
    "failing_callback": Known("fifo", 0, "AttributeError: 'NoneType' object has no attribute 'upper', in a callback"),
    "changing_set": Known("fifo", 0, "Set changed size during iteration"),
    "timeout_race": Known("fifo", 1, "the item is lost", fault=True),
    "consumer_dies": Known("fifo", 0, "consumer_dies waits for ever: nobody is left to wake it"),
    "waits_for_a_thread": Known("fifo", 0, "a step blocks the event loop at "),
    "sleeps_in_a_step": Known("fifo", 0, "a step blocks the event loop at "),
    "shared_call_is_cancelled": Known("fifo", 1, "the scenario is cancelled, and nobody asked for that", fault=True),
    "shared_future_hands_on_a_cancellation": Known("fifo", 1, "the scenario is cancelled, and nobody asked for that", fault=True),
    "lock_leaks_on_cancellation": Known("fifo", 1, "use 2 waits for ever", fault=True),
    "connection_leaks_on_failure": Known("fifo", 1, "the pool is empty", fault=True),
    "overdrawn": Known("fifo", 0, "always('the balance is never below zero') does not hold"),
    "out_of_order": Known("any", 1, "AssertionError"),
    "philosophers": Known("fifo", 0, "deadlock: philosopher 0 -> philosopher 1 -> philosopher 2 -> philosopher 0"),
    "late_answer": Known("fifo", 1, "TimeoutError", slow_step=True),
    "busy_poll": Known("fifo", 0, "does not come to rest"),
}
SCENARIOS = scenarios_of(planted)
MOST = 100  # schedules; the split lock takes the most


def test_the_table_is_whole() -> None:
    """Every planted fault is known, and nothing else is."""
    assert {scenario.__name__ for scenario in SCENARIOS} == set(KNOWN)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_it_is_found(scenario: Any) -> None:
    """It is found soon, is as small as it can be, and replays from a short string."""
    known = KNOWN[scenario.__name__]
    found = subwarden.explore(scenario, schedules=300)
    assert found.verdict == "violated"
    first = found.findings[0]
    assert known.title in first["title"]
    assert (first["order"], first["fault"], first["slow_step"]) == (known.order, known.fault, known.slow_step)
    assert first["deviations"] == known.deviations
    assert first["found"] <= MOST
    assert first["minimal"]
    assert len(first["replay"]) <= 40
    again = subwarden.replay(first["replay"], scenario)
    assert again.findings[0]["title"] == first["title"]
    assert again.findings[0]["steps"] == first["steps"]

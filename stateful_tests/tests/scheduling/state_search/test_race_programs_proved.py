"""The state search proves every repaired race program and refutes every broken one, with the exact set of outcomes of all schedules."""

from collections.abc import Callable, Hashable

import pytest

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.stateful_tests.specimens.races import random_programs
from subwarden.stateful_tests.specimens.races.catalogue import races
from subwarden.stateful_tests.specimens.races.race import attempt
from subwarden.stateful_tests.specimens.races.split_lock import CALLS, SplitLock
from subwarden.stateful_tests.tests.scheduling.state_search.brute_force import outcomes, same_as_brute_force

TOO_LARGE = {"among_many", "phantom_between_two_locks_in_a_crowd"}  # more than 20,000 runs
RACES = {program.name: program for program in races()}
WRONG = {  # the errors of some schedules of the broken program; in others there is none
    "needle_at_the_end": {"seen half done"},
    "four_turns": {"climbed to the top"},
    "two_needles": {"both came in time"},
    "phantom_between_two_locks": {"a phantom subscriber"},
    "deadlock_among_noise": {"both wait for each other"},
    "check_outside_the_lock": {"withdrawn twice"},
    "cancelled_lock_waiter": {"the patient waits for ever"},
    "barging": {
        "came as ['first', 'second', 'third'], served as ['first', 'third', 'second']",
        "came as ['first', 'third', 'second'], served as ['first', 'second', 'third']",
    },
    "upgrade_of_two_readers": {"two readers wait for each other"},
    "pool_overbooked": {"2 connections"},
    "event_cleared_before_waiter_runs": {"woken for nothing"},
    "lost_wakeup_in_condition": {"wait waits for ever"},
    "reordered_wakeups": {"answered in the order ['2', '1']"},
    "replies_matched_by_order": {"a got another's reply"},
    "pulse_missed": {"wait waits for ever"},
    "item_lost_with_cancelled_getter": {"the item is lost"},
    "queue_hand_over": {"nothing there"},
    "timer_against_completion": {"answered ['expired', 'replied']"},
    "lost_update": {"1 of 2 increments"},
    "lost_update_across_reply": {"1 of 2 increments"},
    "check_then_act": {"loaded 2 times"},
    "write_skew": {"both are off"},
    "two_map_update": {"the maps disagree"},
    "aba_on_generations": {"first wrote to second"},
    "change_while_iterating": {"Set changed size during iteration"},
    "stale_read_across_await": {"told one who had left"},
    "snapshot_then_follow": {"an entry was missed"},
    "double_close": {"closed 2 times"},
    "late_cancel": {"a subscriber nobody knows of"},
    "gather_with_failing_child": {"used after close"},
    "shield_abandoned": {"used after close"},
    "listener_superseded_twice": {"the place says None, but ['third'] listen"},
    "cleanup_of_anothers_entry": {"the successor's entry is gone"},
    "answer_after_disconnect": {"a phantom subscriber"},
}


def test_every_race_program_but_the_largest_is_expected_to_be_proved() -> None:
    assert WRONG.keys() | TOO_LARGE == RACES.keys()


@pytest.mark.parametrize("fixed", [True, False], ids=["repaired", "broken"])
@pytest.mark.parametrize("name", WRONG)
def test_race_programs_have_exactly_these_outcomes_in_all_schedules(name: str, fixed: bool) -> None:
    program, search = RACES[name], StateSearch(most=3_000)
    found: set[str | None] = set()
    while (made := attempt(program.start, search, program.order, fixed=fixed)) is not None:
        if not made.redundant:
            found.add(made.wrong)
    assert search.complete
    assert not search.endless
    assert search.indigestible is None
    assert found == ({None} if fixed else {None, *WRONG[name]})


@pytest.mark.parametrize(("fixed", "schedules", "phantoms"), [(True, 261_033, {0}), (False, 464_849, {0, 1})])
def test_the_split_lock_is_proved_in_few_of_its_schedules(fixed: bool, schedules: int, phantoms: set[int]) -> None:
    """With locks that do not suspend when free. Brute force, which takes minutes, counts as many schedules."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        manager = SplitLock(fixed)
        for number, call in enumerate(CALLS):
            loop.create_task(call(manager), name=f"task {number}")
        return lambda: len(manager.phantoms())

    search = StateSearch()
    found = outcomes(search, start)
    assert found is not None
    assert search.complete
    assert search.schedules == schedules
    assert found.keys() == phantoms
    assert search.runs < 600


@pytest.mark.parametrize("suspend", [False, True])
@pytest.mark.parametrize(
    "program",
    [
        [[("park", 1)], [("tick", 0)], [("cancel_next", 1)]],  # an event that a cancelled task takes back is in no run that went this way
        [[("scan", 0)], [("spawn", 1)], [("cancel_next", 1), ("resolve", 1)]],  # a task cancelled before it starts touches less
        [[("add", 1), ("resolve", 1), ("scan", 0)], [("locked", 1), ("scan", 0)], [("cancel_next", 0)]],
        [[("discard", 1), ("cancel_next", 1)], [("put_key", 1), ("locked", 0)], [("add", 1), ("drop_key", 1)]],
        [[("sleep", 0), ("write_x", 0)], [("park", 0), ("write_x", 1)], [("sleep", 1), ("read_x", 0)]],  # timers and events race
    ],
)
def test_programs_that_a_partial_order_reduction_got_wrong_once(program: random_programs.Program, suspend: bool) -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        return random_programs.start(loop, program)

    assert same_as_brute_force(start, Order.ANY, suspend=suspend, limit=1_000)

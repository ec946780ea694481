"""Options of the core model: each correct example holds in every schedule of small programs, each planted defect is found by its name.

The examples of docs/adapters/options.md are the reference hubs, and the same hubs with one defect each.
"""

from typing import Any, NamedTuple

import pytest

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.core import causes as core_causes
from subwarden.checking.core.options import causes as option_causes
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.exhaustive import ExhaustiveSearch
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import DATA, ROOT
from subwarden.stateful_tests.tests.subjects.core_level import program

PROFILE = Profile("options", examples=16, schedules=60, steps=9, derandomized=True)
SCHEDULES = 80  # of each given program
MOST = 30_000  # runs of a complete search


class Planted(NamedTuple):
    """A defect of `subject`: the program that shows it, and its causes there."""

    subject: str
    program: CoreProgram
    causes: tuple[Cause, ...]


ONE = "connect c1; subscribe c1 t1"
TWO = f"{ONE}; connect c2; subscribe c2 t1"

TAKE_OVER = program("attach c1 s1; subscribe c1 t1; detach c1 s1", "attach c1 s2; subscribe c1 t1")
BLIND = program("attach c1 s1; subscribe c1 t1", "attach c1 s2")
GONE_AT_ONCE = program("attach c1 s1; detach c1 s1", "attach c1 s2", "subscribe c1 t1", faults=(1,))
SNAPSHOT = program(ONE, "publish t1")
UPDATE = program("publish t1; connect c1; subscribe c1 t1", "publish t1")
GIVES_UP = program("connect c1", "subscribe c1 t1", "subscribe c1 t1; publish t1", faults=(1,))
RACE = program("publish t1", "publish t1", ONE)
OVERLAP = program("connect c1; subscribe c1 t*; subscribe c1 t1; unsubscribe c1 t*; publish t1")
PATTERN = program("publish t1; connect c1; subscribe c1 t*; publish t1")
BOTH = program("connect c1; subscribe c1 t*; subscribe c1 t1; unsubscribe c1 t*; publish t1", "publish t2", "disconnect c1")
COMES = program(ONE, "connect c2; subscribe c2 t1")
GOES = program(ONE, "connect c2; subscribe c2 t1; unsubscribe c2 t1")
STATE = program(ONE, "connect c2; subscribe c2 t1; disconnect c2")
RETURNS = program(ONE, "connect c2; subscribe c2 t1; unsubscribe c2 t1; subscribe c2 t1")
POOL = program(TWO, "publish t1", "publish t1")
ALONE = program(ONE, "publish t1", "publish t1")
NOT_AGAIN = program(f"{ONE}; publish t1; ack c1; redeliver c1")
TWICE = program(f"{ONE}; publish t1", "redeliver c1", "ack c1", "redeliver c1")
NEVER_HEARD = program(f"{ONE}; publish t1; redeliver c1; redeliver c1")
UNHEARD = program(f"{ONE}; publish t1; redeliver c1")
TOGETHER = program(f"{ONE}; publish t1; publish t1; ack c1; redeliver c1")
MEANWHILE = program(f"{ONE}; publish t1", "publish t1; redeliver c1", "ack c1")
PASSED = program(ONE, "publish t1; redeliver c1", "publish t1; ack c1")
BURST = program(ONE, "publish t1; publish t1; publish t1")
PACED = program(ONE, "publish t1; publish t1")

SOUND = [
    ("sessions.py:Adapter", [TAKE_OVER, BLIND, GONE_AT_ONCE]),
    ("more_sessions.py:AtOnce", [TAKE_OVER, BLIND, GONE_AT_ONCE]),
    ("retained.py:Adapter", [SNAPSHOT, UPDATE, RACE]),
    ("more_retained.py:Value", [SNAPSHOT, UPDATE, RACE, GIVES_UP]),
    ("presence.py:Adapter", [COMES, GOES, STATE, RETURNS]),
    ("more_presence.py:OneByOne", [COMES, GOES, STATE, RETURNS]),
    ("bounded.py:Adapter", [BURST, POOL]),
    ("more_bounded.py:Shedding", [BURST]),
    ("more_bounded.py:Refusing", [BURST]),
    ("patterns.py:Adapter", [PATTERN, BOTH]),
    ("shared.py:Adapter", [POOL, ALONE]),
    ("acknowledged.py:Adapter", [NOT_AGAIN, UNHEARD, NEVER_HEARD, TWICE, TOGETHER, MEANWHILE, PASSED]),
]
EFFECTS = (causes.wrong_state("detach"), causes.wrong_state("subscribe"), causes.wrong_answer("subscribe"))
PLANTED = [
    Planted("sessions.py:Evicted", TAKE_OVER, EFFECTS),
    Planted("more_sessions.py:EvictedAtOnce", TAKE_OVER, EFFECTS),
    Planted("more_sessions.py:Inherited", BLIND, (causes.wrong_state("attach"),)),
    Planted("retained.py:Lost", SNAPSHOT, (core_causes.LOST,)),
    Planted("more_retained.py:Doubled", SNAPSHOT, (core_causes.TWICE,)),
    Planted("more_retained.py:Stale", UPDATE, (option_causes.STALE,)),
    Planted("presence.py:Late", COMES, (option_causes.UNSEEN,)),
    Planted("more_presence.py:Silent", GOES, (option_causes.GHOST,)),
    Planted("more_presence.py:Repeated", COMES, (option_causes.TOLD_AGAIN,)),
    Planted("bounded.py:TooSoon", PACED, (option_causes.DROPPED,)),
    Planted("more_bounded.py:Loses", BURST, (core_causes.LOST,)),
    Planted("patterns.py:Forgetful", PATTERN, (core_causes.LOST,)),
    Planted("more_patterns.py:Overreaching", OVERLAP, (core_causes.LOST,)),
    Planted("shared.py:Twice", POOL, (option_causes.SHARED_TWICE,)),
    Planted("more_shared.py:Dropped", ALONE, (option_causes.SHARED_LOST,)),
    Planted("more_acknowledged.py:Repeats", NOT_AGAIN, (core_causes.TWICE,)),
    Planted("acknowledged.py:Forgets", TWICE, (core_causes.TWICE,)),
    Planted("more_acknowledged.py:Once", NEVER_HEARD, (option_causes.NOT_AGAIN,)),
    Planted("more_acknowledged.py:Sent", UNHEARD, (option_causes.NOT_AGAIN,)),
    Planted("more_acknowledged.py:Second", TOGETHER, (core_causes.TWICE,)),
    Planted("more_acknowledged.py:OnItsWay", MEANWHILE, (option_causes.NOT_AGAIN,)),
    Planted("more_acknowledged.py:Overtaken", PASSED, (option_causes.NOT_AGAIN,)),
]


def factory(name: str) -> Any:
    folder = DATA / "options" if name.startswith("more_") else ROOT / "examples" / "options"
    return load(str(folder / name), "core")


def search(name: str, order: Order = Order.FIFO, *, cancellation: bool = False) -> GateSearch:
    return GateSearch(Check(order, cancellation, "core"), CORE_LEVEL, factory(name), PROFILE)


@pytest.mark.parametrize("order", [Order.FIFO, pytest.param(Order.ANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "programs"), SOUND, ids=lambda each: each if isinstance(each, str) else "")
def test_a_correct_hub_holds_in_every_schedule_of_small_programs(name: str, programs: list[CoreProgram], order: Order) -> None:
    with running():
        for each in programs:
            whole = ExhaustiveSearch(Runner(CORE_LEVEL, factory(name), order), each, MOST)
            while (result := whole.next()) is not None:
                assert not result.violations, (each, result.violations)
            assert whole.search.indigestible is None
            assert whole.complete, (each, order)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.subject)
def test_a_planted_defect_is_found_by_its_name(planted: Planted) -> None:
    check = search(planted.subject)
    with running():
        check._drive_variant(planted.program, SCHEDULES)
    found = {cause.broad() for cause in check.outcome.findings}
    assert not check.outcome.doubts
    assert planted.causes[0] in found
    assert found <= {*planted.causes}


def test_every_cause_of_an_option_is_planted() -> None:
    planted = {cause for each in PLANTED for cause in each.causes}
    assert {cause for cause in vars(option_causes).values() if isinstance(cause, Cause)} <= planted


@pytest.mark.slow
@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.subject)
def test_drawn_programs_show_a_planted_defect(planted: Planted) -> None:
    check = search(planted.subject)
    with running():
        for number in range(12):
            check.round(number, PROFILE.examples)
            if planted.causes[0] in {cause.broad() for cause in check.outcome.findings}:
                return
    pytest.fail("not found")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, _ in SOUND])
def test_drawn_programs_show_nothing_in_a_correct_hub_and_reach_the_option(name: str) -> None:
    fired: set[Any] = set()
    for order in Order:
        for cancellation in (False, True):
            check = search(name, order, cancellation=cancellation)
            with running():
                for number in range(3):
                    check.round(number, PROFILE.examples)
            outcome = check.finish()
            assert not outcome.findings
            assert not outcome.doubts
            fired |= outcome.fired
    assert not {point for point in outcome.brought - outcome.absent if point not in fired}

"""The finding power of level manager: every planted defect is found, by its own name and no other, and every cause is planted somewhere.

Also that the sound manager, under the same effort, shows nothing: a harness that cries at everything would pass the rest.
"""

import pytest

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.impl.manager.manager import Manager
from subwarden.model.properties import Property
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.findings.investigate import patience
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.specimens.manager_defects.catalogue import BLOCKING, DEFECTS
from subwarden.stateful_tests.specimens.server_defects import catalogue as server_catalogue
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

PROFILE = Profile("defects", examples=12, schedules=40, steps=9, derandomized=True)
ROUNDS = 40  # of the profile's examples, at most; most defects show in the first
SCHEDULES = 100  # of each given program
JUDGED = "P1 P2 P3 P4 P6 P8 P9 P10 P12 P13".split()  # P11 is any of them that needs a cancellation


def search_of(factory: Factory, order: Order, *, cancellation: bool) -> GateSearch:
    return GateSearch(Check(order, cancellation, MANAGER_LEVEL.name), MANAGER_LEVEL, factory, PROFILE)


def findings(defect: Defect, order: Order) -> dict[Cause, Finding[ManagerProgram]]:
    """The findings of a short check in `order`."""
    with running():
        check = search_of(defect.factory, order, cancellation=defect.cancellation)
        if defect.program is not None:
            check._drive_variant(defect.program, SCHEDULES)
        else:
            for number in range(ROUNDS if order is defect.order else 1):
                check.round(number, PROFILE.examples)
                if defect.cause in map(Cause.broad, check.outcome.findings):
                    break
    assert not check.outcome.doubts
    return {cause.broad(): finding for cause, finding in check.outcome.findings.items()}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.name)
def test_a_planted_defect_is_found_by_its_name_and_shrunk(defect: Defect) -> None:
    found = findings(defect, defect.order)
    assert defect.cause in found
    finding = found[defect.cause]
    assert finding.order is defect.order
    assert finding.cancellation is defect.cancellation
    assert finding.program.operations() <= defect.operations, finding.program
    assert found.keys() <= {defect.cause, *defect.also}


@pytest.mark.parametrize("defect", [d for d in DEFECTS if d.order is Order.ANY], ids=lambda d: d.name)
def test_a_defect_of_order_any_is_not_seen_in_fifo(defect: Defect) -> None:
    assert not findings(defect, Order.FIFO)


@pytest.mark.parametrize("defect", [d for d in DEFECTS if d.cancellation], ids=lambda d: d.name)
def test_a_defect_of_cancellation_is_not_seen_without_one(defect: Defect) -> None:
    assert defect.program is not None
    undisturbed = defect._replace(program=ManagerProgram(defect.program.tasks), cancellation=False)
    assert not findings(undisturbed, defect.order)


@pytest.mark.parametrize("defect", BLOCKING, ids=lambda d: d.name)
def test_a_step_that_blocks_is_interrupted_and_named(defect: Defect) -> None:
    assert defect.program is not None

    with controlled_locks(), WATCHDOG.guarded(0.3):
        result = Runner(MANAGER_LEVEL, defect.factory, defect.order).run(defect.program, lambda _: fixed([]))
    assert set(result.violations) == {defect.cause}
    assert "in has_subscribers" in result.details[defect.cause]


@pytest.mark.timeout(60)  # else it would last as long as the blocking step
@pytest.mark.parametrize("defect", BLOCKING, ids=lambda d: d.name)
def test_a_step_that_blocks_does_not_block_its_narration(defect: Defect) -> None:
    assert defect.program is not None
    narration = Narration()
    with controlled_locks(), patience(defect.cause):
        Runner(MANAGER_LEVEL, defect.factory, defect.order).follow(defect.program, ("+start A", "A"), [narration])
    (said,) = narration.rows(defect.cause)[-1]["broken"]
    assert "in has_subscribers" in said


@pytest.mark.parametrize("cancellation", [False, True])
@pytest.mark.parametrize("order", Order)
def test_the_sound_manager_shows_nothing_under_the_same_effort(order: Order, cancellation: bool) -> None:
    with running():
        check = search_of(Manager, order, cancellation=cancellation)
        for number in range(2):
            check.round(number, PROFILE.examples)
        for defect in DEFECTS:
            if defect.program is not None and bool(defect.program.faults) is cancellation:
                check._drive_variant(defect.program, SCHEDULES)
    assert not check.outcome.findings
    assert not check.outcome.doubts


def test_every_cause_is_planted() -> None:
    planted = {defect.cause for defect in (*DEFECTS, *BLOCKING)}
    of_servers = {defect.cause for defect in server_catalogue.DEFECTS}
    of_adapters = {causes.SWALLOWED}  # tests/subjects/test_adapter_kinds.py has calls that go on after their cancellation
    assert {cause for cause in vars(causes).values() if isinstance(cause, Cause)} <= planted | of_servers | of_adapters
    assert {Property[name] for name in JUDGED} <= {cause.property for cause in planted}
    shapes = (causes.wrong_state("x"), causes.wrong_answer("x"), causes.raised("x", ValueError()))
    for word in [shape.mechanism.split()[1] for shape in shapes]:  # does, answers, raises
        assert any(f" {word} " in cause.mechanism for cause in planted)
    assert any(defect.cancellation for defect in DEFECTS)


def test_defects_have_names_of_their_own() -> None:
    names = [defect.name for defect in (*DEFECTS, *BLOCKING)]
    assert len(set(names)) == len(names)

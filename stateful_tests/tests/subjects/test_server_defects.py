"""Finding power at level server: every planted defect is found on its program, under its own name, and the run replays.

The sound server passes on the same programs with the same effort; else a judge that blames every run would pass the other tests.
"""

import importlib
import inspect
import pkgutil
import re
from random import Random

import pytest

from subwarden.checking import causes
from subwarden.checking import server as judging
from subwarden.checking.causes import Cause
from subwarden.checking.manager import invariants
from subwarden.model.properties import Property
from subwarden.model.server.deliveries import Wrong
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.findings import quiescence
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.runner import Result, Runner, running
from subwarden.stateful_tests.specimens.server_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.server_defects.defect import Defect
from subwarden.stateful_tests.subjects.server import play
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.tests.subjects.server_play import Scripted, server

SCHEDULES = 40
MOST = 300
NEEDS_ANY = [defect for defect in DEFECTS if defect.order is Order.ANY]
CANCELLED = [defect for defect in DEFECTS if SERVER_LEVEL.cancels(defect.program)]

every_defect = pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.name)


def explore(factory: Factory, defect: Defect, order: Order, program: ServerProgram, *, found: bool = False) -> tuple[Runner, list[Result]]:
    """Runs of `program`: the plain schedule, the one with the defect's `slow` events last, then a portfolio's; `found`: until the defect
    shows, or MOST runs."""
    runner = Runner(SERVER_LEVEL, factory, order)
    results = [runner.run(program, lambda candidates: Scripted(candidates, (), ()), every_choice=True)]
    if defect.slow:
        results.append(runner.run(program, lambda candidates: Scripted(candidates, (), defect.slow), every_choice=True))
    strategy = Portfolio(Random(0))
    while len(results) < SCHEDULES or (
        found and len(results) < MOST and not any(defect.cause in map(Cause.broad, r.violations) for r in results)
    ):
        result = runner.run_strategy(program, strategy)
        assert result is not None
        results.append(result)
    return runner, results


@every_defect
def test_a_planted_defect_is_found_by_its_name_and_replays(defect: Defect) -> None:
    with running():
        runner, results = explore(defect.factory, defect, defect.order, defect.program, found=True)
        found = {cause.broad() for result in results for cause in result.violations}
        assert defect.cause in found
        assert found <= {defect.cause, *defect.also}
        shown = next(result for result in results if defect.cause in map(Cause.broad, result.violations))
        again, names = runner.record(defect.program, lambda *_: fixed(shown.choices))
        assert again.violations == shown.violations
        for _ in range(2):
            again = runner.follow(defect.program, names)
            assert (again.violations, again.details) == (shown.violations, shown.details)


@pytest.mark.slow
@every_defect
def test_the_sound_server_shows_nothing_on_the_same_program(defect: Defect) -> None:
    with running():
        _, results = explore(server("manager"), defect, defect.order, defect.program)
    assert not [result.details for result in results if result.violations]


@pytest.mark.parametrize("defect", NEEDS_ANY, ids=lambda d: d.name)
def test_a_defect_of_order_any_is_not_seen_in_fifo(defect: Defect) -> None:
    with running():
        _, results = explore(defect.factory, defect, Order.FIFO, defect.program)
    assert not any(defect.cause in map(Cause.broad, result.violations) for result in results)


@pytest.mark.parametrize("defect", CANCELLED, ids=lambda d: d.name)
def test_a_defect_of_cancellation_is_not_seen_without_one(defect: Defect) -> None:
    with running():
        _, results = explore(defect.factory, defect, defect.order, ServerProgram(defect.program.tasks))
    assert not any(result.violations for result in results)


def test_every_cause_that_the_judge_can_name_is_planted() -> None:
    planted = {defect.cause for defect in DEFECTS}
    judges = [importlib.import_module(f"{judging.__name__}.{part.name}") for part in pkgutil.iter_modules(judging.__path__)]
    source = "".join(inspect.getsource(module) for module in (*judges, quiescence, play, invariants))
    named = {getattr(causes, name) for name in re.findall(r"causes\.([A-Z_]+)", source)}
    assert len(named) > 20
    assert named <= planted
    assert {causes.wrong_delivery(wrong) for wrong in Wrong} <= planted
    for shape in (causes.wrong_answer, causes.never_answered, causes.answered_twice):
        assert any(shape(request) in planted for request in ("thread_unsubscribe", "thread_rollback", "thread_loaded_list"))


def test_every_property_is_broken_by_a_planted_defect() -> None:
    broken = {defect.cause.property for defect in DEFECTS} | {Property.P11 for _ in CANCELLED}
    assert broken == set(Property)


def test_defects_have_names_of_their_own() -> None:
    names = [defect.name for defect in DEFECTS]
    assert len(set(names)) == len(names)
    assert ServerFault(FaultKind.LATE, 1) in {fault for defect in DEFECTS for fault in defect.program.faults}

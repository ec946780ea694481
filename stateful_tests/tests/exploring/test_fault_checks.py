"""Faults in a gate's checks: a defect that needs one is found whatever the seed, and no cut search is called complete."""

import asyncio
from collections import Counter
from random import Random

import pytest

from subwarden.impl.manager.manager import Manager
from subwarden.model.manager import operations as op
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.completeness import DRAWN, FIFO, faults
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.fault_sweep import sweep
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.runs.record import task_rows
from subwarden.stateful_tests.script.run import scripted
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class Shy(Manager):
    """Forgets a connection if a read is cancelled at the third of its five awaits."""

    bad = 3

    async def has_subscribers(self, thread_id: int) -> bool:
        for at in range(1, 6):
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                if at == self.bad:
                    self.live_connections.clear()
                raise
        return await super().has_subscribers(thread_id)


PROGRAM = ManagerProgram(((op.ConnectionInitialized(1),), (op.HasSubscribers(1),)))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("bad", range(1, 6))
def test_a_check_with_cancellation_finds_the_defect_with_every_seed(order: Order, bad: int) -> None:
    factory = type("Shy", (Shy,), {"bad": bad})
    with running():
        search = GateSearch(Check(order, True, "manager"), MANAGER_LEVEL, factory, Profile("test", 1, 60, 9, derandomized=True))
        search._sweep(PROGRAM, [])
    assert search.outcome.findings
    found = next(iter(search.outcome.findings.values()))
    assert found.cancellation
    assert len(found.program.faults) == 1


def test_the_drawn_schedule_is_swept_for_faults_if_it_differs_from_fifo_s() -> None:
    of_fifo = {faults(FIFO, number): 1 for number in (0, 1, 2)}
    with running():
        search = GateSearch(Check(Order.FIFO, True, "manager"), MANAGER_LEVEL, Manager, Profile("test", 1, 2_000, 9, derandomized=True))
        search._sweep(PROGRAM, [])
        assert search.outcome.complete == of_fifo
        search.outcome.complete.clear()
        search._sweep(PROGRAM, ["+start B", "B"])
        assert search.outcome.complete == of_fifo | {faults(DRAWN, number): 1 for number in (0, 1, 2)}


def test_a_sweep_that_a_budget_cuts_short_is_not_called_complete() -> None:
    with running():
        runner = Runner(MANAGER_LEVEL, Manager, Order.FIFO)

        ended: set[tuple[int, tuple[int, ...]]] = set()  # which searches had nothing left to try

        def once(program: ManagerProgram, strategy: FaultBounded) -> bool:
            result = runner.run_strategy(program, strategy)
            if result is None:
                ended.add((strategy._search.bound, strategy._base))
            return result is not None

        def struck(budget: int, bases: dict[str, tuple[int, ...]]) -> tuple[Counter[str], int]:
            ended.clear()
            return sweep(MANAGER_LEVEL, PROGRAM, bases, budget, once)

        bases: dict[str, tuple[int, ...]] = {FIFO: (), DRAWN: (1,)}
        whole, runs = struck(10_000, bases)
        assert whole == {faults(which, number): 1 for which in (FIFO, DRAWN) for number in (0, 1, 2)}
        assert runs == runner.schedules
        for budget in range(runs):
            cut, made = struck(budget, bases)
            assert made <= budget
            assert not set(cut) - set(whole)
            assert cut != whole
            for which, base in bases.items():
                for number in (1, 2):
                    assert faults(which, number) not in cut or (number, base) in ended, (budget, which, number)
    names = runner.record(MANAGER_LEVEL.with_faults(PROGRAM, 1), lambda _candidates: fixed([]))[1]
    assert not any(name.startswith("+cancel") for name in names)


class Hasty(Manager):
    """A read that gives up after a second and forgets a connection; nothing but a slow step makes it."""

    async def has_subscribers(self, thread_id: int) -> bool:
        try:
            async with asyncio.timeout(1):
                for _ in range(3):
                    await asyncio.sleep(0)
        except TimeoutError:
            self.live_connections.clear()
        return await super().has_subscribers(thread_id)


def test_a_timeout_that_needs_a_slow_step_is_found_and_says_so() -> None:
    with running():
        search = GateSearch(Check(Order.FIFO, False, "manager"), MANAGER_LEVEL, Hasty, Profile("test", 1, 60, 9, derandomized=True))
        search._drive_variant(PROGRAM, 60)
        found = next(iter(search.outcome.findings.values()))
        assert EARLY in found.names
        punctual = Runner(MANAGER_LEVEL, Hasty, Order.FIFO, early_timers=False)
        bounded = DelayBounded(9)
        while (result := punctual.run_strategy(PROGRAM, bounded)) is not None:
            assert not result.violations
        assert bounded.everything
        narration = Narration()
        Runner(MANAGER_LEVEL, Hasty, Order.FIFO).follow(found.program, found.names, [narration])
    rows = narration.rows(found.cause)
    assert ["(a timer is due after a slow step)"] in [row["did"] for row in rows]
    run = FailingRun(Order.FIFO, found.program, found.names, found.cause)
    told = {"property": "P", "title": "a", "mechanism": "b", "said": "b", "tasks": task_rows(MANAGER_LEVEL, found.program)}
    made = scripted(MANAGER_LEVEL, told, f"{__file__}:Hasty", Hasty, run)
    assert made["script_confirmed"], made["script_doubt"]
    assert "loop.time_passes()  # a step was slow: the next timer is due" in str(made["script"])


UNSEEN = ManagerProgram(
    (
        (op.ConnectionInitialized(1),),
        (op.TryAddConnectionToThread(1, 1),),
        (op.SetListener(1, 1, 1, False),),
        (op.SetListener(1, 2, 1, False),),
    ),
    (1,),
)
WOKEN_TOO_LATE = "+start A,A,A,+start B,+start C,B,C,C,+cancel B,B,+start D,D,D".split(",")


def test_a_cancelled_call_whose_effect_would_not_show_may_have_had_none() -> None:
    """A false alarm once: B's grant would not have shown, and the judge required it if other runs had shown such a state before."""
    with running():
        runner = Runner(MANAGER_LEVEL, Manager, Order.ANY)
        assert not runner.follow(UNSEEN, WOKEN_TOO_LATE).violations
        walk = RandomWalk(Random(0))
        for _ in range(300):
            result = runner.run_strategy(UNSEEN, walk)
            assert result is not None
            assert not result.violations
        assert not runner.follow(UNSEEN, WOKEN_TOO_LATE).violations

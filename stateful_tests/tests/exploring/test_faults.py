"""Faults at every moment: what is called complete is held against brute force, and defects that need one or two are always found."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import product
from random import Random

import pytest

from subwarden.impl.manager.manager import Manager
from subwarden.model.manager import operations as op
from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.events import park
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import Recorder, fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.completeness import DRAWN, FIFO, faults
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.fault_sweep import sweep
from subwarden.stateful_tests.exploring.findings.narrate import tell
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.script.run import NoScript
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.specimens.races.race import may_cancel, tick
from subwarden.stateful_tests.specimens.races.random_programs import random_program, start
from subwarden.stateful_tests.subjects.manager.claim import claim_of
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

Start = Callable[[ControlledLoop], Callable[[], object]]
Made = list[tuple[tuple[str, ...], object]]


def runs_of(strategy: Strategy, begin: Start, order: Order) -> Made:
    """What happened, by name, and the outcome, of every run until the strategy is exhausted."""
    made: Made = []
    while True:
        loop = ControlledLoop()
        with loop.entered(), controlled_locks():
            choose = strategy.begin(LoopCandidates(loop, order))
            if choose is None:
                return made
            outcome = begin(loop)
            recorder = Recorder(LoopCandidates(loop, order), choose)
            _, choices, steps = run(loop, order, recorder, None, every_choice=True)
            strategy.end(choices, steps)
            made.append((tuple(recorder.names), outcome()))
            loop.abandon()


def cancellable(program: list[list[tuple[str, int]]], times: int) -> Start:
    """A random program, each task of which may be cancelled so many times."""

    def begin(loop: ControlledLoop) -> Callable[[], object]:
        outcome = start(loop, program)
        for task in list(loop.tasks):
            for _ in range(times):
                may_cancel(loop, task)
        return outcome

    return begin


class Undisturbed:
    """Every run there is in which all that is no fault is the first candidate: brute force over moments and faults."""

    name = "brute force"
    every_choice = False

    def __init__(self) -> None:
        self._search = Exhaustive()

    def begin(self, candidates: Candidates) -> Callable[[int], int] | None:
        inner = self._search.begin(candidates)

        def choose(n: int) -> int:
            assert inner is not None
            faults = len(candidates.faults())
            pick = inner(1 + faults) if faults else 0
            return n - faults + pick - 1 if pick else 0

        return None if inner is None else choose

    def end(self, choices: list[int], steps: int) -> None:
        self._search.end(choices, steps)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("order", Order)
def test_singly_and_in_pairs_are_what_brute_force_finds(seed: int, order: Order) -> None:
    """The same runs, so the same outcomes; each made once."""
    begin = cancellable(random_program(Random(seed), 2, 4), 1)
    brute = runs_of(Undisturbed(), begin, order)
    for bound in (0, 1, 2):
        strategy = FaultBounded(bound)
        made = runs_of(strategy, begin, order)
        assert strategy.complete == bound
        assert len({names for names, _ in made}) == len(made)
        expected = {run for run in brute if sum(name.startswith("+cancel") for name in run[0]) <= bound}
        assert set(made) == expected


def test_each_task_is_struck_at_every_step_where_it_waits_or_has_been_woken() -> None:
    """Counted by hand: A waits for B's two steps and is woken by the second."""

    def begin(loop: ControlledLoop) -> Callable[[], object]:
        event = asyncio.Event()

        async def waits() -> None:
            await event.wait()

        async def wakes() -> None:
            await tick()
            event.set()

        may_cancel(loop, loop.create_task(waits(), name="A"))
        loop.create_task(wakes(), name="B")
        return lambda: None

    made = [names for names, _ in runs_of(FaultBounded(1), begin, Order.FIFO)]
    struck = {names[: names.index("+cancel A")] for names in made if "+cancel A" in names}
    assert struck == {(), ("A",), ("A", "B"), ("A", "B", "B")}  # before its first step, waiting twice, woken


def test_a_given_schedule_is_followed_between_the_faults() -> None:
    begin = cancellable(random_program(Random(3), 3, 6), 1)
    for seed in range(5):
        random = Random(seed)
        loop = ControlledLoop()
        with loop.entered(), controlled_locks():
            start(loop, random_program(Random(3), 3, 6))
            recorder = Recorder(LoopCandidates(loop, Order.ANY), lambda n, random=random: random.randrange(n))  # type: ignore[misc]
            choices = run(loop, Order.ANY, recorder, None, every_choice=True)[1]
            loop.abandon()
        made = [names for names, _ in runs_of(FaultBounded(1, choices), begin, Order.ANY)]
        assert made[0] == tuple(recorder.names)
        for names in made[1:]:
            at = next(i for i, name in enumerate(names) if name.startswith("+cancel"))
            assert names[:at] == made[0][:at]


# --- calls of the world outside that fail


class EngineLost(Exception):
    """What a reply that never comes is for the caller."""


def calls_out(loop: ControlledLoop) -> Callable[[], object]:
    """Two calls of the world outside, one after another; the caller may go away."""
    seen: list[str] = []

    async def caller() -> None:
        for number in (1, 2):
            try:
                await park(loop, f"reply {number}", may_fail=EngineLost)
                seen.append(f"{number} answered")
            except EngineLost:
                seen.append(f"{number} failed")
            except asyncio.CancelledError:
                seen.append(f"{number} cancelled")
                raise
            assert not loop.events, "one answer is all that comes"
            assert [fault.label for fault in loop.faults] == ["cancel caller"] * len(loop.faults)

    may_cancel(loop, loop.create_task(caller(), name="caller"))
    return lambda: tuple(seen)


def test_a_call_is_answered_or_fails_or_is_cancelled_never_two_of_them() -> None:
    ways = {"answered", "failed", "cancelled"}
    first = {(f"1 {way}", f"2 {then}") for way in ways - {"cancelled"} for then in ways} | {("1 cancelled",), ()}
    for order in Order:
        assert {outcome for _, outcome in runs_of(Exhaustive(), calls_out, order)} == first
        alone = {outcome for _, outcome in runs_of(FaultBounded(1), calls_out, order)}
        assert alone == {outcome for outcome in first if sum("answered" not in what for what in outcome) <= 1}


def test_a_failure_need_not_happen_and_is_offered_by_name() -> None:
    made = [names for names, _ in runs_of(FaultBounded(1), calls_out, Order.FIFO)]
    assert made[0] == ("caller", "+reply 1", "caller", "+reply 2", "caller")
    assert ("caller", "+fail reply 1", "caller", "+reply 2", "caller") in made
    assert all(names.count("+reply 1") + names.count("+fail reply 1") <= 1 for names in made)


def test_what_cannot_fail_offers_no_fault() -> None:
    loop = ControlledLoop()
    with loop.entered():
        loop.create_task(park(loop, "reply"))
        offered: list[int] = []

        def first(_: int) -> int:
            offered.append(len(loop.faults))
            return 0

        run(loop, Order.FIFO, first, None, every_choice=True)
    assert offered == [0, 0, 0]


# --- a defect that needs a certain cancellation, or two


AWAITS = 6


def leaky(first: int, second: int | None) -> Start:
    """A task of six awaits that forgets to clean up if it is cancelled at one of them and, if `second` says so, again while it ends."""

    def begin(loop: ControlledLoop) -> Callable[[], object]:
        leaked: list[bool] = []

        async def work() -> None:
            for at in range(AWAITS):
                try:
                    await tick()
                except asyncio.CancelledError:
                    if second is None:
                        leaked.extend([True] * (at == first))
                        raise
                    await _again(at)
                    raise

        async def _again(at: int) -> None:
            for later in range(AWAITS):
                try:
                    await tick()
                except asyncio.CancelledError:
                    leaked.extend([True] * ((at, later) == (first, second)))
                    raise

        task = loop.create_task(work(), name="A")
        may_cancel(loop, task)
        may_cancel(loop, task)
        loop.create_task(tick(AWAITS), name="noise")
        return lambda: bool(leaked)

    return begin


@pytest.mark.parametrize("at", range(AWAITS))
def test_a_defect_at_one_await_is_always_found_by_one_cancellation(at: int) -> None:
    for order in Order:
        assert not any(wrong for _, wrong in runs_of(FaultBounded(0), leaky(at, None), order))
        assert any(wrong for _, wrong in runs_of(FaultBounded(1), leaky(at, None), order))


@pytest.mark.parametrize(("first", "second"), list(product((0, 2, AWAITS - 1), (0, 3, AWAITS - 1))))
def test_a_defect_that_needs_two_is_always_found_by_pairs_and_never_by_one(first: int, second: int) -> None:
    for order in Order:
        assert not any(wrong for _, wrong in runs_of(FaultBounded(1), leaky(first, second), order))
        assert any(wrong for _, wrong in runs_of(FaultBounded(2), leaky(first, second), order))


# --- in the gate's checks


class Shy(Manager):
    """A read that is cancelled at the third of its five awaits forgets a connection."""

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
def test_a_check_with_cancellation_finds_it_whatever_the_seed(order: Order, bad: int) -> None:
    factory = type("Shy", (Shy,), {"bad": bad})
    with running():
        search = GateSearch(Check(order, True, "manager"), MANAGER_LEVEL, factory, Profile("test", 1, 60, 9, derandomized=True))
        search._sweep(PROGRAM, [])
    assert search.outcome.findings
    found = next(iter(search.outcome.findings.values()))
    assert found.cancellation
    assert len(found.program.faults) == 1


def test_the_schedule_that_was_drawn_is_struck_where_it_is_another_than_fifo_s() -> None:
    of_fifo = {faults(FIFO, number): 1 for number in (0, 1, 2)}
    with running():
        search = GateSearch(Check(Order.FIFO, True, "manager"), MANAGER_LEVEL, Manager, Profile("test", 1, 2_000, 9, derandomized=True))
        search._sweep(PROGRAM, [])
        assert search.outcome.complete == of_fifo
        search.outcome.complete.clear()
        search._sweep(PROGRAM, ["+start B", "B"])
        assert search.outcome.complete == of_fifo | {faults(DRAWN, number): 1 for number in (0, 1, 2)}


def test_what_a_budget_cuts_short_is_not_called_complete() -> None:
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


# --- a subject with a timeout of its own


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
    rows = tell(MANAGER_LEVEL, Hasty, Order.FIFO, found.program, found.names, found.cause)
    assert ["(a step takes so long that a timer is due)"] in [row["did"] for row in rows]
    with pytest.raises(NoScript, match="so slow that a timer is due"):
        claim_of(Hasty, found.program, found.names, found.cause)


# --- judging what was cancelled

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
    """B's grant would not have shown, so it was once taken to be there, if other runs had shown already what it looks like."""
    with running():
        runner = Runner(MANAGER_LEVEL, Manager, Order.ANY)
        assert not runner.follow(UNSEEN, WOKEN_TOO_LATE).violations
        walk = RandomWalk(Random(0))
        for _ in range(300):
            result = runner.run_strategy(UNSEEN, walk)
            assert result is not None
            assert not result.violations
        assert not runner.follow(UNSEEN, WOKEN_TOO_LATE).violations

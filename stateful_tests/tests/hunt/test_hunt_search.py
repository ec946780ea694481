"""The search of a hunt in this process: its counts, its coverage and its memory, which are bounded and repeatable."""

from collections import Counter
from io import StringIO
from pathlib import Path
from time import sleep

import pytest
from hypothesis.stateful import RuleBasedStateMachine
from rich.console import Console

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import View
from subwarden.reports.hunt import write_hunt
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.order import Order
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage import end_states
from subwarden.stateful_tests.exploring.coverage.completeness import EVERYTHING, EXPLORED
from subwarden.stateful_tests.exploring.coverage.end_states import EndState
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.hunt import search as hunt_search
from subwarden.stateful_tests.hunt.exit_reason import ExitReason
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.plan import Plan
from subwarden.stateful_tests.hunt.record import hunt_record
from subwarden.stateful_tests.hunt.work import DRAWN, StrategyYield, Totals, Work
from subwarden.stateful_tests.subjects.manager.play import in_order
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.hunt.searching import ANY, CLOSES, FIFO, Search

pytestmark = pytest.mark.usefixtures("short_rounds")


def test_a_round_is_the_same_each_time() -> None:
    one, other = (Search(SourceManager, ANY) for _ in range(2))
    assert one.round() == other.round()
    assert one.told == other.told
    assert one.told


@pytest.mark.parametrize(
    "check", [pytest.param(Check(Order.FIFO, True, "manager"), marks=pytest.mark.slow), Check(Order.ANY, False, "manager")], ids=str
)
def test_no_work_is_lost_if_it_is_taken_away_whenever_the_budget_is_asked(check: Check) -> None:
    """A worker tells its work when the budget is asked, which may be in the middle of a sweep or a variant."""
    taken = Work()

    def take() -> bool:
        taken.merge(search.hunter.take())
        return False

    whole = Search(SourceManager, check).round()
    search = Search(SourceManager, check, take)
    taken.merge(search.round())
    taken.end_states = whole.end_states  # which are for `Totals` to add
    assert taken == whole


def test_a_finding_of_a_drawn_run_is_told_and_the_run_is_counted_as_drawn(tmp_path: Path) -> None:
    """Drawn runs are not sampled, so they have no part in the counts of end states."""
    other, search, totals, out = Search(SourceManager, FIFO), Search(SourceManager, FIFO), Totals(), StringIO()
    with running():
        other.hunter._drive_variant(CLOSES, 50)
        found = other.told[1].finding
        for _ in range(2):  # the second time it is known
            search.hunter._drive(found.program, list(found.names), {found.cause: 1})
    work = search.hunter.take()
    assert search.told[0].strategy == DRAWN
    assert work.strategy(DRAWN) == StrategyYield(2, 0, 1)
    assert work.tallied == work.schedules > 0
    totals.add(FIFO.name, work)
    record = hunt_record(Plan("source", (FIFO,), 1, 0, None, 1), Folder(tmp_path), totals, {}, ExitReason.ROUNDS, work.schedules, 2.0)
    assert record["coverage"][FIFO.name]["unseen_of_programs"] == work.once / work.schedules
    write_hunt(record, Console(file=out, width=200), verbose=True)
    (row,) = [line.split() for line in out.getvalue().splitlines() if line.startswith(DRAWN)]
    assert row == [DRAWN, "2", "-", "-", "1"]


def test_a_finding_is_told_when_it_is_confirmed_and_again_when_it_is_small() -> None:
    search = Search(SourceManager, FIFO)
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    assert [(kept.finding.cause, kept.shrunk) for kept in search.told] == [(causes.REVIVED, False), (causes.REVIVED, True)]
    assert search.told[1].rank() < search.told[0].rank()
    assert search.told[1].strategy in {"delay bounded", "surw", "urw", "pos", "pct 2", "pct 3", "pct 4", "feedback"}
    assert search.hunter.work.strategy(search.told[1].strategy).causes == 1


def test_a_finding_in_any_that_fifo_shows_as_well_is_told_in_fifo() -> None:
    search = Search(SourceManager, ANY)
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    orders = [(kept.finding.order, kept.shrunk) for kept in search.told if kept.finding.cause == causes.REVIVED]
    assert orders == [(Order.ANY, False), (Order.FIFO, True)]
    assert search.hunter.take().doubts == []


def test_a_small_program_is_completed_by_its_states_and_a_larger_one_is_not() -> None:
    opens = (op.ConnectionInitialized(1), op.SetListener(1, 1, 1, True))
    three = ManagerProgram((opens, (op.RemoveThreadState(1),)))
    search = Search(Manager, ANY)
    with running():
        search.hunter._drive_variant(three, 20)
        assert search.hunter.work.complete == Counter({EXPLORED: 1, "0": 1, "1": 1, "2": 1, "3": 1, EVERYTHING: 1})
        assert search.hunter.work.strategy("state search").runs > 0
        search.hunter._drive_variant(ManagerProgram((opens, opens, (op.RemoveThreadState(1),))), 20)
    assert search.hunter.work.complete[EVERYTHING] == 1


def test_a_search_that_was_cut_short_is_not_called_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the delay-bounded search, which gets two runs in twenty, nor the search of states, nor one that the budget ended."""
    monkeypatch.setattr(hunt_search, "STATES", 5)
    opens = (op.ConnectionInitialized(1), op.SetListener(1, 1, 1, True))
    small = ManagerProgram((opens, (op.RemoveThreadState(1),)))
    search = Search(Manager, ANY)
    with running():
        search.hunter._drive_variant(small, 20)
        assert search.hunter.work.complete == Counter({EXPLORED: 1, "0": 1})
        assert search.hunter.work.strategy("state search").runs > 0
        search.hunter._drive_variant(ManagerProgram((opens, opens, (op.RemoveThreadState(1),))), 20)
    assert search.hunter.work.complete == Counter({EXPLORED: 2, "0": 2})
    monkeypatch.undo()
    time = iter([False])
    search = Search(Manager, ANY, lambda: next(time, True))
    with running():
        search.hunter._drive_variant(small, 20)
    assert EVERYTHING not in search.hunter.work.complete


def test_a_cause_known_at_the_same_rank_is_not_looked_into_again() -> None:
    search = Search(SourceManager, FIFO)
    search.known[causes.REVIVED] = (0, False)
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    assert not search.told
    search.known[causes.REVIVED] = (1, False)  # in `any`: `fifo` is worth more
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    assert [kept.finding.order for kept in search.told] == [Order.FIFO, Order.FIFO]


def test_without_time_to_shrink_a_finding_stays_as_it_was_found() -> None:
    search = Search(SourceManager, FIFO)
    search.out_of_time = True
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    assert [kept.shrunk for kept in search.told] == [False]
    search.out_of_time = False
    with running():
        search.hunter.shrink(search.told[0])
    assert [kept.shrunk for kept in search.told] == [False, True]


def test_a_program_is_left_when_its_runs_repeat_themselves() -> None:
    search = Search(Manager, FIFO)
    with running():
        search.hunter._drive_variant(ManagerProgram(((op.HasSubscribers(1),),)), 10_000)
    work = search.hunter.take()
    assert work.schedules == hunt_search.LEAST
    assert (work.once, len(work.end_states), work.complete[EVERYTHING]) == (0, 1, 1)
    assert sum(pay.runs for pay in work.strategies.values()) == work.schedules
    assert sum(pay.new for pay in work.strategies.values()) == 1


class Blocks(Manager):
    """Blocks the loop for real."""

    async def has_subscribers(self, thread_id: int) -> bool:
        sleep(60)  # noqa: ASYNC251  # that is what is wrong with it
        return False


def unconfirmed(runner: Runner, cause: Cause, program: ManagerProgram, names: list[str]) -> Finding[ManagerProgram]:
    return Finding(cause, runner.order, False, program, tuple(names), (program.operations(), 0), runner.level.name)


def test_a_program_that_blocks_is_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time the cause is known, and costs one run."""
    search = Search(Blocks, FIFO)
    monkeypatch.setattr(hunt_search, "confirmed", unconfirmed)
    search.out_of_time = True
    with WATCHDOG.guarded(0.05), controlled_locks():
        for _ in range(2):
            search.hunter._drive_variant(ManagerProgram(((op.HasSubscribers(1),), (op.HasSubscribers(1),))), 1_000)
    assert [kept.finding.cause for kept in search.told] == [causes.BLOCKED]
    work = search.hunter.take()
    assert work.schedules == 2
    assert not work.doubts


def test_a_spent_budget_ends_the_round() -> None:
    asked: list[None] = []

    def enough() -> bool:
        asked.append(None)
        return len(asked) > 3

    work = Search(Manager, ANY, enough).round()
    assert work.schedules <= 3 * hunt_search.LEAST


@pytest.mark.slow
def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hunt_search, "KNOWN", 4)
    monkeypatch.setattr(end_states, "REMEMBERED", 4)
    search = Search(Manager, ANY)
    search.round()
    classes = len(RuleBasedStateMachine._setup_state_per_class)
    for number in range(2, 5):
        search.round(number)
        assert len(search.hunter._driven) <= 4
        assert len(search.hunter._digests._known) <= 4
    assert len(RuleBasedStateMachine._setup_state_per_class) == classes, "Hypothesis never forgets a machine class: make no new ones"


def test_equal_end_states_have_equal_texts_in_any_order_of_their_sets() -> None:
    kinds = [f"kind {number}" for number in range(20)]
    numbers = [(n, n * 8) for n in range(20)]
    one = EndState(in_order(View(frozenset({8, 16}), (), frozenset(numbers), frozenset(), frozenset())), frozenset(kinds), ())
    other = EndState(
        in_order(View(frozenset({16, 8}), (), frozenset(reversed(numbers)), frozenset(), frozenset())), frozenset(reversed(kinds)), ()
    )
    assert one.text() == other.text()
    assert one.text() != one._replace(broken=("P1-x",)).text()
    assert (
        EndState(None, frozenset(), ()).text()
        != EndState(in_order(View(None, (), frozenset(), frozenset(), frozenset())), frozenset(), ()).text()
    )

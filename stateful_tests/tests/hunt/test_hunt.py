"""The search of a hunt in this process: what it counts, covers, remembers and tells, and that all of that is bounded and repeatable."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from hypothesis.stateful import RuleBasedStateMachine
from rich.console import Console

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.graph import ManagerGraph
from subwarden.checking.verdict import Verdict
from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import View
from subwarden.model.properties import Property
from subwarden.reports.gate import write_finding
from subwarden.reports.hunt import write_hunt
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.check import CHECKS, Check, CheckOutcome, merged
from subwarden.stateful_tests.exploring.coverage.completeness import EVERYTHING, EXPLORED
from subwarden.stateful_tests.exploring.coverage.end_states import EndState
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible, _search, confirm
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.hunt import hunt
from subwarden.stateful_tests.hunt import search as hunt_search
from subwarden.stateful_tests.hunt import worker as hunt_worker
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.hunt import Plan, as_it_shows
from subwarden.stateful_tests.hunt.record import hunt_record, never_fired, verdict
from subwarden.stateful_tests.hunt.search import Hunter, Rank
from subwarden.stateful_tests.hunt.work import DRAWN, Kept, StrategyYield, Totals, Work
from subwarden.stateful_tests.hunt.worker import Assignment, _Worker
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.play import in_order
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

FIFO, FIFO_CANCEL, ANY, _ANY_CANCEL = CHECKS
CLOSES = ManagerProgram(((op.ConnectionInitialized(1),), (op.RemoveConnection(1),)))


class Search:
    """A Hunter with a memory of what it told."""

    def __init__(self, factory: Callable[[], ManagerApi], check: Check, enough: Callable[[], bool] = lambda: False) -> None:
        self.told: list[Kept] = []
        self.known: dict[Cause, Rank] = {}
        self.hunter = Hunter(check, factory, ManagerGraph(), self.known.get, self._found, enough)

    def _found(self, kept: Kept) -> None:
        self.told.append(kept)
        order, cancellation, _ = kept.finding.rank()
        self.known[kept.finding.cause] = (order, cancellation)

    def round(self, number: int = 1, steps: int = 4) -> Work:
        with running():
            self.hunter.hunt(number, steps)
        return self.hunter.take()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of a fraction of a second."""
    monkeypatch.setattr(hunt_search, "EXAMPLES", 5)
    monkeypatch.setattr(hunt_search, "SCHEDULES", 130)


def test_a_round_is_the_same_each_time() -> None:
    one, other = (Search(SourceManager, ANY) for _ in range(2))
    assert one.round() == other.round()
    assert one.told == other.told
    assert one.told


@pytest.mark.parametrize("check", [Check(Order.FIFO, True), Check(Order.ANY, False)], ids=str)
def test_nothing_is_lost_where_what_was_done_is_taken_away_at_each_chance(check: Check) -> None:
    """Which may be in the middle of anything that asks whether there is time: a worker tells of its work there."""
    taken = Work()

    def take() -> bool:
        taken.merge(search.hunter.take())
        return False

    whole = Search(SourceManager, check).round()
    search = Search(SourceManager, check, take)
    taken.merge(search.round())
    taken.ends = whole.ends  # which are for `Totals` to add
    assert taken == whole


def test_what_drawing_shows_is_told_with_the_runs_that_it_took(tmp_path: Path) -> None:
    """It is not asked how they ended, so they have no part in how many did as no other."""
    other, search, totals, out = Search(SourceManager, FIFO), Search(SourceManager, FIFO), Totals(), StringIO()
    with running():
        other.hunter._explore(CLOSES, 50)
        found = other.told[1].finding
        for _ in range(2):  # the second time it is known
            search.hunter.drawn(found.program, list(found.names), {found.cause: 1})
    work = search.hunter.take()
    assert search.told[0].strategy == DRAWN
    assert work.pay(DRAWN) == StrategyYield(2, 0, 1)
    assert work.tallied == work.schedules > 0
    totals.add(FIFO.name, work)
    record = hunt_record(Plan("source", (FIFO,), 1, 0, None, 1), Folder(tmp_path), totals, {}, "rounds", work.schedules, 2.0)
    assert record["coverage"][FIFO.name]["unseen_of_programs"] == work.once / work.schedules
    write_hunt(record, Console(file=out, width=200))
    (row,) = [line.split() for line in out.getvalue().splitlines() if line.startswith(DRAWN)]
    assert row == [DRAWN, "2", "-", "-", "1"]


def test_a_finding_is_told_when_it_is_sure_and_again_when_it_is_small() -> None:
    search = Search(SourceManager, FIFO)
    with running():
        search.hunter._explore(CLOSES, 50)
    assert [(kept.finding.cause, kept.shrunk) for kept in search.told] == [(causes.REVIVED, False), (causes.REVIVED, True)]
    assert search.told[1].rank() < search.told[0].rank()
    assert search.told[1].strategy in {"delay bounded", "surw", "urw", "pos", "pct 2", "pct 3", "pct 4", "feedback"}
    assert search.hunter.work.pay(search.told[1].strategy).causes == 1


def test_a_small_program_is_completed_by_its_states_and_a_larger_one_is_not() -> None:
    opens = (op.ConnectionInitialized(1), op.SetListener(1, 1, 1, True))
    three = ManagerProgram((opens, (op.RemoveThreadState(1),)))
    search = Search(Manager, ANY)
    with running():
        search.hunter._explore(three, 20)
        assert search.hunter.work.complete == Counter({EXPLORED: 1, "0": 1, "1": 1, "2": 1, "3": 1, EVERYTHING: 1})
        assert search.hunter.work.pay("state search").runs > 0
        search.hunter._explore(ManagerProgram((opens, opens, (op.RemoveThreadState(1),))), 20)
    assert search.hunter.work.complete[EVERYTHING] == 1


def test_what_was_cut_short_is_not_called_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the search by deviations, of which two runs in twenty are, nor that of states, nor one that time ended."""
    monkeypatch.setattr(hunt_search, "STATES", 5)
    opens = (op.ConnectionInitialized(1), op.SetListener(1, 1, 1, True))
    small = ManagerProgram((opens, (op.RemoveThreadState(1),)))
    search = Search(Manager, ANY)
    with running():
        search.hunter._explore(small, 20)
        assert search.hunter.work.complete == Counter({EXPLORED: 1, "0": 1})
        assert search.hunter.work.pay("state search").runs > 0
        search.hunter._explore(ManagerProgram((opens, opens, (op.RemoveThreadState(1),))), 20)
    assert search.hunter.work.complete == Counter({EXPLORED: 2, "0": 2})
    monkeypatch.undo()
    time = iter([False])
    search = Search(Manager, ANY, lambda: next(time, True))
    with running():
        search.hunter._explore(small, 20)
    assert EVERYTHING not in search.hunter.work.complete


def test_what_is_known_as_well_is_not_looked_into_again() -> None:
    search = Search(SourceManager, FIFO)
    search.known[causes.REVIVED] = (0, False)
    with running():
        search.hunter._explore(CLOSES, 50)
    assert not search.told
    search.known[causes.REVIVED] = (1, False)  # in `any`: `fifo` is worth more
    with running():
        search.hunter._explore(CLOSES, 50)
    assert [kept.finding.order for kept in search.told] == [Order.FIFO, Order.FIFO]


def test_without_time_to_shrink_a_finding_stays_as_it_was_found() -> None:
    search = Search(SourceManager, FIFO)
    search.hunter.shrink_until(lambda: True)
    with running():
        search.hunter._explore(CLOSES, 50)
    assert [kept.shrunk for kept in search.told] == [False]
    search.hunter.shrink_until(lambda: False)
    with running():
        search.hunter.shrink(search.told[0])
    assert [kept.shrunk for kept in search.told] == [False, True]


def test_a_program_is_left_when_its_runs_repeat_themselves() -> None:
    search = Search(Manager, FIFO)
    with running():
        search.hunter._explore(ManagerProgram(((op.HasSubscribers(1),),)), 10_000)
    work = search.hunter.take()
    assert work.schedules == hunt_search.LEAST
    assert (work.once, len(work.ends), work.complete[EVERYTHING]) == (0, 1, 1)
    assert sum(pay.runs for pay in work.strategies.values()) == work.schedules
    assert sum(pay.new for pay in work.strategies.values()) == 1


class Blocks(Manager):
    """Waits for real."""

    async def has_subscribers(self, thread_id: int) -> bool:
        sleep(60)  # noqa: ASYNC251  # that is what is wrong with it
        return False


def test_a_program_that_blocks_is_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it is known, and costs one run."""
    search = Search(Blocks, FIFO)
    monkeypatch.setattr(hunt_search, "confirm", lambda *_: None)
    search.hunter.shrink_until(lambda: True)
    with WATCHDOG.guarded(0.05), controlled_locks():
        for _ in range(2):
            search.hunter._explore(ManagerProgram(((op.HasSubscribers(1),), (op.HasSubscribers(1),))), 1_000)
    assert [kept.finding.cause for kept in search.told] == [causes.BLOCKED]
    work = search.hunter.take()
    assert work.schedules == 2
    assert not work.doubts


def test_enough_is_enough() -> None:
    asked: list[None] = []

    def enough() -> bool:
        asked.append(None)
        return len(asked) > 3

    work = Search(Manager, ANY, enough).round()
    assert work.schedules <= 3 * hunt_search.LEAST


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hunt_search, "KNOWN", 4)
    monkeypatch.setattr(hunt_search, "ENDS", 4)
    search = Search(Manager, ANY)
    search.round()
    classes = len(RuleBasedStateMachine._setup_state_per_class)
    for number in range(2, 5):
        search.round(number)
        assert len(search.hunter._driven) <= 4
        assert len(search.hunter._digests) <= 4
    assert len(RuleBasedStateMachine._setup_state_per_class) == classes, "Hypothesis never forgets a machine class: make no new ones"


class Chancy(Manager):
    """What it does depends on how often it was made."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1
        self.odd = type(self).made % 2 == 1

    async def has_subscribers(self, thread_id: int) -> bool:
        return self.odd or await super().has_subscribers(thread_id)


def test_a_subject_with_chance_of_its_own_is_a_doubt_and_no_finding() -> None:
    search = Search(Chancy, ANY)
    with running():
        search.hunter._explore(ManagerProgram(((op.HasSubscribers(1),), (op.HasSubscribers(2),))), 100)
    assert not search.told
    assert search.hunter.take().doubts


def test_what_shows_only_every_other_time_is_not_believed() -> None:
    program = ManagerProgram(((op.HasSubscribers(1),),))
    with running():
        runner = Runner(MANAGER_LEVEL, Chancy, Order.FIFO)
        Chancy.made = 0
        result, names = runner.record(program, lambda *_: fixed([]))
        (cause,) = result.violations
        for made in (2, 3):  # it shows when it is followed first, or second
            Chancy.made = made
            with pytest.raises(NotReproducible):
                confirm(runner, cause, program, names)


class Wavers(SourceManager):
    """Every other one takes a step more."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1
        self.odd = type(self).made % 2 == 1

    async def remove_connection(self, connection_id: int) -> None:
        if self.odd:
            await asyncio.sleep(0)
        await super().remove_connection(connection_id)


def test_a_run_that_cannot_be_followed_is_not_reproducible() -> None:
    with running():
        runner = Runner(MANAGER_LEVEL, Wavers, Order.FIFO)
        _, names = runner.record(CLOSES, lambda *_: fixed([]))
        with pytest.raises(NotReproducible, match="at step"):
            confirm(runner, causes.REVIVED, CLOSES, names)


def test_what_a_systematic_search_cannot_search_it_does_not_find() -> None:
    """It may not cost the finding, which is believed if it can be followed."""
    with running():
        assert _search(Runner(MANAGER_LEVEL, Wavers, Order.ANY), causes.OUTLIVES, CLOSES, 50) is None


def test_equal_ends_have_equal_texts_however_their_sets_were_made() -> None:
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


# --- sessions


class Stops:
    """A pipe on which a worker is told to stop in the middle of its first round; `said` is what it says."""

    def __init__(self, at: int = 4) -> None:
        self.said: list[tuple[str, Any]] = []
        self.finished: list[int] = []  # how often it was asked until a round was finished
        self._at = at
        self._asked = 0

    def poll(self) -> bool:
        self._asked += 1
        return self._asked == self._at

    def recv(self) -> tuple[str, None]:
        return "stop", None

    def send(self, message: tuple[str, Any]) -> None:
        self.said.append(message)
        if message[0] == "finished":
            self.finished.append(self._asked)


class Listens(Stops):
    """One on which nothing is said."""

    def poll(self) -> bool:
        self._asked += 1
        return False


class Silent:
    """Nobody who is told how it goes."""

    def progress(self, *_: Any) -> None: ...

    def say(self, line: str) -> None: ...


def session(first: int, rounds: int | None) -> tuple[list[int], dict[str, Work]]:
    """What a session that begins with round `first` and is stopped in it says of rounds, and what it did."""
    pipe: Any = Stops()
    _Worker(Assignment("manager", CHECKS, 0, 0, first, rounds, None, {}), pipe).hunt()
    did = [(name, work) for what, about in pipe.said if what == "work" for name, work in about.items() if work.schedules]
    return [about if what == "round" else about[0] for what, about in pipe.said if what in ("round", "finished")], dict(did)


def test_sessions_shorter_than_a_round_come_to_the_next_and_count_nothing_twice() -> None:
    """Begun anew each time, the first round would be all that they ever do, and its runs, seen again, a proof that nothing is unseen."""
    said, did = session(0, None)
    assert said == [1]
    again, others = session(said[-1], None)
    assert again == [2]
    assert did.keys().isdisjoint(others)
    assert session(0, 5)[0] == [], "a number of rounds is of whole ones"


def test_a_round_that_is_done_again_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted twice, its runs would be taken for proof that little is unseen; the report of the session that was stopped tells of them."""
    monkeypatch.setattr(hunt_worker, "TELL_EVERY", 0.0)

    def hunted(name: str, *pipes: Any) -> list[Totals]:
        folder, told = Folder(tmp_path / name), []
        folder.begin({"subject": "manager", "seed": 0, "order": "all"})
        for pipe in pipes:
            totals = folder.totals()
            session = hunt.Hunt(Plan("manager", CHECKS, 1, 0, None, 1), folder, totals, {}, Silent())
            _Worker(Assignment("manager", CHECKS, 0, 0, totals.rounds.get(0, 0), 1, None, {}), pipe).hunt()
            for what, about in pipe.said:
                session._heard(0, what, about)
            session._finish()
            told.append(session.totals)
        folder.close()
        return [*told, folder.totals()]

    cut, again, kept = hunted("cut off", Stops(30), Listens())
    (whole, same) = hunted("undisturbed", Listens())
    assert 0 < cut.whole.schedules < whole.whole.schedules
    for each in (again, kept, same):
        assert (each.rounds, each.whole.encode()) == (whole.rounds, whole.whole.encode())
        assert {name: seen.encode() for name, seen in each.ends.items()} == {name: seen.encode() for name, seen in whole.ends.items()}


def test_one_that_takes_a_place_does_what_the_killed_one_would_have_done(tmp_path: Path) -> None:
    """It knows, has tried and has driven what that one had when the last whole round ended, and begins with the next."""

    def begun(name: str) -> hunt.Hunt:
        folder = Folder(tmp_path / name)
        folder.begin({"subject": "source", "seed": 0, "order": "all"})
        folder.close()
        return hunt.Hunt(Plan("source", (FIFO, ANY), 1, 0, None, 3), folder, Totals(), {}, Silent())

    def hunted(session: hunt.Hunt, pipe: Any) -> list[int]:
        _Worker(session._assignment(0), pipe).hunt()
        for what, about in pipe.said:
            session._heard(0, what, about)
        return list(pipe.finished)

    whole = begun("whole")
    for began, finished in pairwise([0, *hunted(whole, Listens())]):
        cut = begun(f"cut in {began}")
        hunted(cut, Stops((began + finished) // 2))
        cut._places[0].taken()
        hunted(cut, Listens())
        assert cut.findings == whole.findings
        assert cut.totals.rounds == whole.totals.rounds == {0: 3}
        assert cut.totals.whole.encode() == whole.totals.whole.encode()


# --- record and report


def recorded(tmp_path: Path, why: str = "rounds") -> dict[str, Any]:
    search, totals = Search(SourceManager, ANY), Totals()
    work = search.round()
    totals.add(ANY.name, work)
    totals.rounds[0] = 1
    findings = {kept.finding.cause: kept for kept in search.told}
    plan = Plan("source", (ANY, FIFO), 1, 0, None, 1)
    return hunt_record(plan, Folder(tmp_path), totals, findings, why, work.schedules, 2.0)


def test_the_record_is_plain_data_and_says_what_was_covered(tmp_path: Path) -> None:
    record = recorded(tmp_path)
    assert json.loads(json.dumps(record)) == record
    of = record["coverage"]["manager, any"]
    assert of["looked_closely"] > 0
    assert set(of["fired"]).isdisjoint(of["never_fired"])
    assert set(of["awaits"]).isdisjoint(of["awaits_never"])
    assert len(of["overlapped"]) + len(of["never_overlapped"]) == len(MANAGER_LEVEL.overlaps(Manager))
    assert of["complete_within"]["0"] == of["variants"] == of["programs"]
    assert of["end_states"]["runs"] == of["schedules"] == record["schedules"]
    assert record["coverage"]["manager, fifo"]["schedules"] == 0
    assert 0 <= record["outcomes"]["unseen"] < 1
    assert record["verdict"] == "violated"


def test_why_states_were_not_searched_is_counted_and_said(tmp_path: Path) -> None:
    names = iter(range(10**9))

    class Named(Manager):
        """Each has a name of its own, which decides nothing."""

        def __init__(self) -> None:
            super().__init__()
            self.name = next(names)

    search, totals, out = Search(Named, ANY), Totals(), StringIO()
    work = search.round()
    assert work.doubts == []
    assert len(work.indigestible) == 1
    totals.add(ANY.name, Work.decode(json.loads(json.dumps(work.encode()))))
    totals.add(ANY.name, work)
    record = hunt_record(Plan("manager", (ANY,), 1, 0, None, 1), Folder(tmp_path), totals, {}, "rounds", work.schedules, 2.0)
    (told,) = record["coverage"]["manager, any"]["not_searched"]
    assert told["variants"] == 2 * work.indigestible.total() > 0
    assert told["why"].startswith("something that differs from run to run")
    write_hunt(record, Console(file=out, width=200))
    assert f"no search of states in {told['variants']} variants of small programs: something that differs" in out.getvalue()
    assert not recorded(tmp_path)["coverage"]["manager, any"]["not_searched"]


def test_the_report_says_it_in_text(tmp_path: Path) -> None:
    record, out = recorded(tmp_path), StringIO()
    record["findings"][0]["shrunk"] = False
    record["lost"] = ["worker 1 was killed"]
    record["doubts"] = ["a doubt"]
    write_hunt(record, Console(file=out, width=120))
    text = out.getvalue()
    for said in ("replay: subwarden replay sw1-", "--resume does that first", "worker 1 was killed", "doubt: a doubt", "delay bounded"):
        assert said in text
    for said in (
        "manager, any: ",
        "never fired: ",
        "awaits suspended",
        "pairs of operations overlapped",
        "estimated chances (Good-Turing)",
    ):
        assert said in text
    assert "subject source: violated" in text


@pytest.mark.parametrize(("shrunk", "said"), [(True, "not seen in fifo"), (False, "it was not tried in fifo yet")])
def test_what_was_not_tried_in_fifo_is_not_said_to_be_not_seen_there(shrunk: bool, said: str, tmp_path: Path) -> None:
    record, out = recorded(tmp_path), StringIO()
    (finding,) = (finding for finding in record["findings"][:1] if finding["order"] == "any")
    write_finding({**finding, "shrunk": shrunk}, Console(file=out, width=200))
    assert f" operations, in any order: {'it happens on other loops or a multi-threaded runtime, ' * shrunk}{said}" in out.getvalue()


def test_what_no_check_showed_makes_a_pass_vacuous() -> None:
    every = tuple(Check(order, cancellation=False) for order in Order)
    of = {"fifo": {"fired": ["a"], "never_fired": ["b", "c"]}, "any": {"fired": ["b"], "never_fired": ["a", "c", "d"]}}
    assert never_fired(every, of) == ["c", "d"]
    assert never_fired(every[:1], {"fifo": of["fifo"]}) == [], "some of it takes the other order, which was not asked for"


def test_a_hunt_that_did_not_show_everything_is_inconclusive_and_names_the_rest(tmp_path: Path) -> None:
    plan = Plan("manager", tuple(Check(order, cancellation=False) for order in Order), 1, 0, None, 1)
    totals = Totals()
    for check in plan.checks:
        work = Work()
        work.schedules, work.fired = 1, check.expected() - {"rule settle"}
        totals.add(check.name, work)
    record = hunt_record(plan, Folder(tmp_path), totals, {}, "rounds", 2, 1.0)
    assert (record["verdict"], record["never_fired"]) == ("inconclusive", ["rule settle"])
    last = Work()
    last.fired = {"rule settle"}
    totals.add(plan.checks[0].name, last)
    record = hunt_record(plan, Folder(tmp_path), totals, {}, "rounds", 2, 1.0)
    assert (record["verdict"], record["never_fired"]) == ("holds", [])


def test_verdicts() -> None:
    ran, checks = Totals(), (ANY, FIFO)
    assert verdict(checks, ran, [], [], "budget") is Verdict.INCONCLUSIVE
    ran.add(ANY.name, Work(schedules=1))
    assert verdict(checks, ran, [], [], "budget") is Verdict.INCONCLUSIVE, "what was not tried does not hold"
    ran.add(FIFO.name, Work(schedules=1))
    assert verdict(checks, ran, [], [], "budget") is Verdict.HOLDS
    assert verdict(checks, ran, [], ["one that was told"], "budget") is Verdict.INCONCLUSIVE
    assert verdict(checks, ran, [causes.REVIVED], ["another"], "budget") is Verdict.VIOLATED
    assert verdict(checks, ran, [], [], "stopped") is Verdict.HOLDS
    assert verdict(checks, ran, [], [], "no workers") is Verdict.INCONCLUSIVE
    assert verdict(checks, ran, [], [], "all lost") is Verdict.INCONCLUSIVE
    ran.add(ANY.name, Work(doubts=["one"]))
    assert verdict(checks, ran, [], [], "budget") is Verdict.INCONCLUSIVE


def test_a_finding_that_does_not_show_when_it_is_told_is_a_doubt(tmp_path: Path) -> None:
    """It must not cost the report of the others, and by itself it proves nothing."""
    search, totals, plan = Search(SourceManager, FIFO), Totals(), Plan("source", (FIFO,), 1, 0, None, 1)
    with running():
        search.hunter._explore(CLOSES, 50)
    totals.add(FIFO.name, Work(schedules=1))
    good = search.told[1]
    for cause, names in (
        (causes.OUTLIVES, ("+start A", "nobody")),  # which cannot be followed
        (causes.OUTLIVES, (*good.finding.names, "A")),  # nor this, to its end
        (causes.OUTLIVES, good.finding.names),  # and this does not show it
    ):
        bad = good._replace(finding=replace(good.finding, cause=cause, names=names))
        record = hunt_record(plan, Folder(tmp_path), totals, {cause: bad, good.finding.cause: good}, "rounds", 1, 1.0)
        assert ([told["id"] for told in record["findings"]], record["verdict"]) == ([good.finding.id], "violated")
        (doubt,) = record["doubts"]
        assert doubt.startswith(f"{bad.finding.id} was found, and does not show any more in the run that was kept of it")
        assert hunt_record(plan, Folder(tmp_path), totals, {cause: bad}, "rounds", 1, 1.0)["verdict"] == "inconclusive"


def test_a_finding_of_a_subject_that_was_mended_does_not_show() -> None:
    search = Search(SourceManager, FIFO)
    with running():
        search.hunter._explore(CLOSES, 50)
    assert as_it_shows("source", search.told[1]) == search.told[1]
    assert as_it_shows("manager", search.told[1]) is None


def test_better_evidence_replaces_worse() -> None:
    search = Search(SourceManager, FIFO)
    with running():
        search.hunter._explore(CLOSES, 50)
    raw, small = search.told
    assert small.rank() < raw.rank()
    in_any = small._replace(finding=small.finding.__class__(small.finding.cause, Order.ANY, False, CLOSES, (), (1, 0), "manager"))
    assert small.rank() < in_any.rank()
    assert raw.rank() < in_any.rank(), "a weaker order is worth more than a smaller run"
    for told in (small, in_any), (in_any, small):  # in the gate, whichever check is merged first
        whole = merged(CheckOutcome("each", findings={kept.finding.cause: kept.finding}) for kept in told)
        assert whole.findings == {small.finding.cause: small.finding}
    assert Property.P2 is small.finding.broken

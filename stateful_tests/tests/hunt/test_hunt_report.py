"""The record of a hunt and its report: plain data, coverage, verdicts, and findings that no longer show."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from subwarden.checking import causes
from subwarden.checking.verdict import Verdict
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.reports.gate import write_finding
from subwarden.reports.hunt import write_hunt
from subwarden.reports.records.hunt import HuntRecord
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.hunt.exit_reason import ExitReason
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.plan import Plan, refreshed
from subwarden.stateful_tests.hunt.record import hunt_record, never_fired, verdict
from subwarden.stateful_tests.hunt.work import Totals, Work
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.tests.hunt.searching import ANY, CLOSES, FIFO, Search

pytestmark = pytest.mark.usefixtures("short_rounds")

SETTLE = Point(PointKind.RULE, "settle")


def recorded(tmp_path: Path, reason: ExitReason = ExitReason.ROUNDS) -> HuntRecord:
    search, totals = Search(SourceManager, ANY), Totals()
    work = search.round()
    totals.add(ANY.name, work)
    totals.rounds[0] = 1
    findings = {kept.finding.cause: kept for kept in search.told}
    plan = Plan("source", (ANY, FIFO), 1, 0, None, 1)
    return hunt_record(plan, Folder(tmp_path), totals, findings, reason, work.schedules, 2.0)


def test_the_record_is_plain_data_with_the_coverage(tmp_path: Path) -> None:
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
    unseen = record["outcomes"]["unseen"]
    assert unseen is not None and 0 <= unseen < 1
    assert record["verdict"] == "violated"


def test_reasons_against_a_search_of_states_are_counted_and_reported(tmp_path: Path) -> None:
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
    record = hunt_record(Plan("manager", (ANY,), 1, 0, None, 1), Folder(tmp_path), totals, {}, ExitReason.ROUNDS, work.schedules, 2.0)
    (told,) = record["coverage"]["manager, any"]["not_searched"]
    assert told["variants"] == 2 * work.indigestible.total() > 0
    assert told["why"].startswith("something that differs from run to run")
    write_hunt(record, Console(file=out, width=200), verbose=True)
    assert f"state search impossible for {told['variants']} variants of small programs: something that differs" in out.getvalue()
    assert not recorded(tmp_path)["coverage"]["manager, any"]["not_searched"]


def test_the_report_has_findings_coverage_and_doubts(tmp_path: Path) -> None:
    record, out = recorded(tmp_path), StringIO()
    record["findings"][0]["shrunk"] = False
    record["lost"] = ["worker 1 was killed"]
    record["doubts"] = ["a doubt"]
    write_hunt(record, Console(file=out, width=120), verbose=True)
    text = " ".join(out.getvalue().split())
    for said in ("replay: subwarden replay sw1-", "--resume does that first", "worker 1 was killed", "doubt: a doubt", "delay bounded"):
        assert said in text
    for said in (
        "manager, any: ",
        "not reached in this check: ",
        " awaits of the code",
        " pairs of operations were in progress at once",
        "estimated chances (Good-Turing)",
    ):
        assert said in text
    assert "subject source: violated" in text


@pytest.mark.parametrize(("shrunk", "said"), [(True, "not seen in fifo"), (False, "fifo was not tried yet")])
def test_a_finding_not_tried_in_fifo_is_not_reported_as_not_seen_there(shrunk: bool, said: str, tmp_path: Path) -> None:
    record, out = recorded(tmp_path), StringIO()
    (finding,) = (finding for finding in record["findings"][:1] if finding["order"] == "any")
    finding["shrunk"] = shrunk
    write_finding(finding, Console(file=out, width=200))
    assert f" operations, order any: {'happens on other event loops or with threads; ' * shrunk}{said}" in out.getvalue()


def test_a_point_that_no_check_reached_makes_a_pass_vacuous() -> None:
    every = tuple(Check(order, False, "manager") for order in Order)
    of: Any = {"fifo": {"fired": ["a"], "never_fired": ["b", "c"]}, "any": {"fired": ["b"], "never_fired": ["a", "c", "d"]}}
    assert never_fired(every, of) == ["c", "d"]
    assert never_fired(every[:1], {"fifo": of["fifo"]}) == [], "some of it takes the other order, which was not asked for"


def test_a_hunt_that_left_a_point_unreached_is_inconclusive_and_names_it(tmp_path: Path) -> None:
    plan = Plan("manager", tuple(Check(order, False, "manager") for order in Order), 1, 0, None, 1)
    totals = Totals()
    for check in plan.checks:
        work = Work()
        work.schedules, work.fired = 1, check.expected(MANAGER_LEVEL) - {SETTLE}
        totals.add(check.name, work)
    record = hunt_record(plan, Folder(tmp_path), totals, {}, ExitReason.ROUNDS, 2, 1.0)
    assert (record["verdict"], record["never_fired"]) == ("inconclusive", ["rule settle"])
    last = Work()
    last.fired = {SETTLE}
    totals.add(plan.checks[0].name, last)
    record = hunt_record(plan, Folder(tmp_path), totals, {}, ExitReason.ROUNDS, 2, 1.0)
    assert (record["verdict"], record["never_fired"]) == ("holds", [])


def test_verdicts() -> None:
    ran, checks = Totals(), (ANY, FIFO)
    assert verdict(checks, ran, [], [], ExitReason.BUDGET) is Verdict.INCONCLUSIVE
    ran.add(ANY.name, Work(schedules=1))
    assert verdict(checks, ran, [], [], ExitReason.BUDGET) is Verdict.INCONCLUSIVE, "what was not tried does not hold"
    ran.add(FIFO.name, Work(schedules=1))
    assert verdict(checks, ran, [], [], ExitReason.BUDGET) is Verdict.HOLDS
    assert verdict(checks, ran, [], ["one that was told"], ExitReason.BUDGET) is Verdict.INCONCLUSIVE
    assert verdict(checks, ran, [causes.REVIVED], ["another"], ExitReason.BUDGET) is Verdict.VIOLATED
    assert verdict(checks, ran, [], [], ExitReason.STOPPED) is Verdict.HOLDS
    assert verdict(checks, ran, [], [], ExitReason.NO_WORKERS) is Verdict.INCONCLUSIVE
    assert verdict(checks, ran, [], [], ExitReason.ALL_LOST) is Verdict.INCONCLUSIVE
    ran.add(ANY.name, Work(doubts=["one"]))
    assert verdict(checks, ran, [], [], ExitReason.BUDGET) is Verdict.INCONCLUSIVE


def test_a_finding_that_does_not_show_when_it_is_recorded_is_a_doubt(tmp_path: Path) -> None:
    """It must not cost the report of the others, and by itself it proves nothing."""
    search, totals, plan = Search(SourceManager, FIFO), Totals(), Plan("source", (FIFO,), 1, 0, None, 1)
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    totals.add(FIFO.name, Work(schedules=1))
    good = search.told[1]
    for cause, names in (
        (causes.OUTLIVES, ("+start A", "nobody")),  # which cannot be followed
        (causes.OUTLIVES, (*good.finding.names, "A")),  # nor this, to its end
        (causes.OUTLIVES, good.finding.names),  # and this does not show it
    ):
        bad = good._replace(finding=replace(good.finding, cause=cause, names=names))
        record = hunt_record(plan, Folder(tmp_path), totals, {cause: bad, good.finding.cause: good}, ExitReason.ROUNDS, 1, 1.0)
        assert ([told["id"] for told in record["findings"]], record["verdict"]) == ([good.finding.id], "violated")
        (doubt,) = record["doubts"]
        assert doubt.startswith(f"{bad.finding.id} was found, and does not show any more in the run that was kept of it")
        assert hunt_record(plan, Folder(tmp_path), totals, {cause: bad}, ExitReason.ROUNDS, 1, 1.0)["verdict"] == "inconclusive"


def test_a_hunt_without_time_left_runs_the_best_script_only_and_says_so_of_the_others(tmp_path: Path) -> None:
    """A script of plain asyncio takes up to seconds, and a hunt with a few findings ended well after its budget."""
    search, totals, plan = Search(SourceManager, FIFO), Totals(), Plan("source", (FIFO,), 1, 0, None, 1)
    search.round()
    totals.add(FIFO.name, Work(schedules=1))
    findings = {kept.finding.cause: kept for kept in search.told}
    arguments = (plan, Folder(tmp_path), totals, findings, ExitReason.ROUNDS, 1, 1.0)
    ran = [told["script_confirmed"] for told in hunt_record(*arguments, until=0.0)["findings"]]
    assert len(ran) > 1
    assert (ran[0], set(ran[1:])) == (True, {False})
    doubts = [told["script_doubt"] for told in hunt_record(*arguments, until=0.0)["findings"][1:]]
    assert set(doubts) == {"no time was left to run it there"}
    assert all(told["script_confirmed"] for told in hunt_record(*arguments)["findings"])


@pytest.mark.parametrize(("budget", "until"), [(None, None), (10.0, 9.0), (15.0, 13.5), (600.0, 597.0)])
def test_the_time_of_the_report_belongs_to_the_budget(budget: float | None, until: float | None) -> None:
    assert Plan("source", (FIFO,), 1, 0, budget, None).until == until


def test_a_finding_of_a_subject_that_was_mended_does_not_show() -> None:
    search = Search(SourceManager, FIFO)
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    assert refreshed("source", search.told[1]) == search.told[1]
    assert refreshed("manager", search.told[1]) is None

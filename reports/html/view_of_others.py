"""The pages of a subject in a process of its own, and of a scenario."""

from shlex import quote
from typing import Any

from subwarden.model.words import counted
from subwarden.reports.gate import STOPPED
from subwarden.reports.html.graphs.model_states import model_pictures
from subwarden.reports.html.graphs.wait_graphs import lock_pictures
from subwarden.reports.html.svg import GridRow, Share, counts, grid
from subwarden.reports.html.view import FindingView, View, bullets, plural, table
from subwarden.reports.html.view_of_runs import script_said
from subwarden.reports.records.exec import ExecFindingRecord, ExecGateRecord, ProtocolRecord
from subwarden.reports.records.exploration import ExplorationRecord, ScenarioFindingRecord
from subwarden.reports.scenario.exploration import happens, killing_said, killing_shown, replay_line
from subwarden.reports.scenario.steps import scenario_steps


def process_view(record: ExecGateRecord) -> View:
    """The page of a gate on a process."""
    by = "subwarden chooses every step" if record["scheduled"] else "the process schedules itself"
    said = [f"{plural(len(record['findings']), 'finding')} in {record['runs']:,} runs of {record['programs']:,} programs; {by}."]
    said += [STOPPED] if record["stopped"] else []
    fired, never = record["coverage"]["fired"], record["coverage"]["never_fired"]
    covered = GridRow("kinds of transition and choice", record["verdict"], [Share(len(fired), len(fired) + len(never))])
    doubts = [*([] if record["observed"] else ["not observable: judged by its answers alone"]), *record["doubts"]]
    return View(
        title=f"gate of {record['subject']}",
        verdict=record["verdict"],
        said=said,
        pictures=[grid("Coverage", ("reached",), [covered])],
        findings=[_process_finding(finding) for finding in record["findings"]],
        sections=[(heading, bullets(lines)) for heading, lines in (("Never reached", never), ("Doubts", doubts)) if lines],
    )


def protocol_view(record: ProtocolRecord) -> View:
    """The page of a protocol's checks."""
    rows = [(each["name"], each["verdict"], each["said"], each["mend"]) for each in record["checks"]]
    failed = sum(each["verdict"] == "fail" for each in record["checks"])
    return View(
        title=f"conform {record['command']}",
        verdict=record["verdict"],
        said=[f"{failed} of {plural(len(rows), 'check')} failed." if failed else f"{plural(len(rows), 'check')}, none failed."],
        sections=[("Checks", table(("check", "verdict", "what was seen", "to mend"), rows))],
    )


def _process_finding(finding: ExecFindingRecord) -> FindingView:
    run = {"tasks": finding["tasks"], "steps": finding["steps"], "trace": finding.get("trace")}
    first = [("first", ", then ".join(finding["first"]))] if finding["first"] else []
    failed = f"It failed in {finding['failed']} of {finding['counted']} more runs." if finding["tried"] else "It was not tried again."
    return FindingView(
        id=finding["id"],
        heading=f"{finding['property']} {finding['title']}: {finding['said']}",
        lines=[*([finding["detail"]] if finding["detail"] else []), *([] if finding["schedule"] is not None else [failed])],
        tasks=[*first, *((task["name"], ", then ".join(task["operations"])) for task in finding["tasks"])],
        run=run,
        pictures=model_pictures(run),
        replay=f"subwarden replay {finding['replay']}",
        by_hand=None if finding["schedule"] is None else f"subwarden view {finding['replay']}",
    )


def exploration_view(record: ExplorationRecord) -> View:
    """The page of an exploration of a scenario."""
    schedules = sum(check["schedules"] for check in record["checks"])
    killing = [(killing_said(record["scenario"], of), killing_shown(record["scenario"], of)) for of in record.get("killing", [])]
    said = [f"{plural(len(record['findings']) + len(killing), 'finding')} in {plural(schedules, 'schedule')} (seed {record['seed']})."]
    said += [STOPPED] if record["stopped"] else []
    rows = [
        (
            check["order"],
            check["verdict"],
            check["schedules"],
            check["steps"],
            "all" if check["complete"] else _within(check["complete_within"]),
        )
        for check in record["checks"]
    ]
    doubts = [*record["doubts"], *record.get("lost", [])]
    met = [f"{'met' if was else 'never met'}: {name}" for name, was in record["sometimes"].items()]
    bars = [(f"order {check['order']}", check["schedules"], check["complete"]) for check in record["checks"]]
    return View(
        title=f"exploration of {record['scenario']}",
        verdict=record["verdict"],
        said=said,
        pictures=[counts("Schedules of each order", bars)] if bars else [],
        findings=[
            *(_scenario_finding(finding, record["scenario"]) for finding in record["findings"]),
            *(FindingView("ends-the-process", what, replay=shown) for what, shown in killing),
        ],
        sections=[
            ("Orders", table(("order", "verdict", "schedules", "steps", "complete"), rows, (2, 3))),
            *((heading, bullets(lines)) for heading, lines in (("Sometimes", met), ("Doubts", doubts)) if lines),
        ],
    )


def _within(bound: int) -> str:
    return "no" if bound < 0 else f"within {counted(bound, 'deviation')}"


def _scenario_finding(finding: ScenarioFindingRecord, scenario: str) -> FindingView:
    steps = scenario_steps(finding["steps"])
    if steps:
        steps[-1]["broken"] = [finding["title"]]
    run: dict[str, Any] = {"tasks": [], "steps": steps, "at": finding.get("at")}
    if "trace" in finding:
        trace, holds = finding["trace"], finding["trace"]["holds"]
        run["trace"] = {**trace, "holds": None if holds is None else {**holds, "steps": scenario_steps(holds["steps"])}}
    moved = [f"It moves {', '.join(finding['moved'])} against asyncio's order."] if finding["moved"] else []
    chosen = [f"{', '.join(finding['values'])}."] if finding["values"] else []
    return FindingView(
        id=finding["kind"],
        heading=finding["title"],
        lines=[*finding["evidence"], f"order {finding['order']}: {happens(finding)}.", *moved, *chosen],
        run=run,
        pictures=[*model_pictures(run), *lock_pictures(run)],
        replay=replay_line(finding, scenario),
        by_hand=f"subwarden view {quote(scenario)} --replay {finding['replay']}",
        printed=finding.get("printed", ()),
        script=finding["script"],
        script_said=script_said(finding["script_confirmed"], finding["script_doubt"]),
    )

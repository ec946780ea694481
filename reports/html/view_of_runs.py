"""The pages of a gate, a hunt and a replay."""

from collections.abc import Mapping, Sequence

from subwarden.reports.coverage import shares
from subwarden.reports.gate import ALONE, STOPPED, happens
from subwarden.reports.html.escaping import escaped
from subwarden.reports.html.graphs.model_states import model_pictures
from subwarden.reports.html.graphs.wait_graphs import lock_pictures
from subwarden.reports.html.svg import GridRow, Share, grid
from subwarden.reports.html.view import FindingView, View, bullets, plural, table
from subwarden.reports.records.coverage import CoverageRecord
from subwarden.reports.records.finding import BrokenRecord, FindingRecord
from subwarden.reports.records.gate import AdapterRecord, GateRecord, PlayRecord
from subwarden.reports.records.hunt import KILLING, HuntRecord, killing_said, killing_shown
from subwarden.reports.records.replay import ReplayRecord, why_recorded

COVERED = "Coverage of each check"
COLUMNS_SAID = (
    "Points: operations, cases of the model, orders and faults. Awaits: those of the code at which a task was suspended. Calls: pairs of"
    " operations that were in progress at once. The last three: programs of which every schedule was run without a deviation from asyncio's"
    " order, with at most one, and with any number."
)
COLUMNS = ("points reached", "awaits suspended", "calls overlapped", "fifo complete", "1 deviation", "all schedules")
ENDED = {
    "budget": "The time was up.",
    "rounds": "All rounds were done.",
    "stopped": "It was stopped by hand.",
    "no workers": "No worker was left.",
    "all lost": "All workers died.",
    "unwritten": "The hunt's folder could not be written any more.",
    "unfit": "The subject could not be judged any more.",
    "gone": "The cluster's scheduler had gone.",
}


def gate_view(record: GateRecord) -> View:
    """The page of a gate."""
    schedules, steps = (sum(check[key] for check in record["checks"]) for key in ("schedules", "steps"))
    fired, never = record["coverage"]["fired"], record["coverage"]["never_fired"]
    said = [
        f"{plural(len(record['findings']), 'finding')} in {schedules:,} schedules and {steps:,} steps"
        f" (profile {record['profile']}, seed {record['seed']}).",
        f"{len(fired):,} of {len(fired) + len(never):,} coverage points were reached.",
    ]
    said += [STOPPED] if record["stopped"] else []
    verdicts = {check["name"]: check["verdict"] or "" for check in record["checks"]}
    rows = [[c["name"], c["verdict"] or "nothing to replay", c["programs"], c["schedules"], c["steps"]] for c in record["checks"]]
    sections = [("Checks", table(("check", "verdict", "programs", "schedules", "steps"), rows, (2, 3, 4)))]
    model = record["coverage"]["model"]
    if model is not None:
        kinds = table(("kind of transition", "never taken"), list(model["never_taken"].items()), (1,)) if model["never_taken"] else ""
        words = f"The random programs took {model['taken']:,} of {model['transitions']:,} transitions ({model['scope']}), called alone."
        sections.append(("The model's graph", f"<p>{words}</p>{kinds}"))
    return View(
        title=f"gate of {record['subject']}",
        verdict=record["verdict"],
        said=said,
        pictures=_coverage(record["coverage"]["checks"], verdicts),
        findings=[finding_view(finding) for finding in record["findings"]],
        sections=[*sections, *_gaps(never, record["doubts"], record)],
    )


def hunt_view(record: HuntRecord) -> View:
    """The page of a hunt."""
    unseen, killing = record["outcomes"]["unseen"], record.get("killing", [])
    found = plural(len(record["findings"]) + len(killing), "finding")
    said = [
        f"{found} in {record['schedules']:,} schedules of {record['programs']:,} programs"
        f" (seed {record['seed']}, {plural(record['rounds'], 'round')}). {ENDED[record['ended']]}",
    ]
    said += [f"One more sampled run ends in a new state with a chance of about {unseen:.2%} (Good-Turing)."] if unseen is not None else []
    rows = [[each["name"], each["runs"], "" if each["new"] is None else each["new"], each["causes"]] for each in record["strategies"]]
    strategies = table(("strategy", "schedules", "new end states", "found first"), rows, (1, 2, 3))
    return View(
        title=f"hunt on {record['subject']}",
        verdict=record["verdict"],
        said=said,
        pictures=_coverage(record["coverage"], {}),
        findings=[
            *(finding_view(finding) for finding in record["findings"]),
            *(FindingView("ends-the-process", KILLING, [killing_said(of)], replay=killing_shown(of)) for of in killing),
        ],
        sections=[("Strategies", strategies), *_gaps(record["never_fired"], [*record["doubts"], *record["lost"]], record)],
    )


def replay_view(record: ReplayRecord) -> View:
    """The page of a replay: one run, and each property that it violates."""
    said = [f"The run has {plural(record['steps_run'], 'step')} now; {why_recorded(record['recorded_for'])}."]
    if record["verdict"] == "holds":
        return View(f"replay on {record['subject']}", "holds", [*said, "It holds now."])
    causes = [_says(each) for each in record["findings"]]
    shows = [broken for row in record["steps"] for broken in row["broken"]]
    causes.sort(key=lambda cause: cause not in shows)  # the one that the timeline marks first
    run = {"tasks": record["tasks"], "steps": record["steps"], "trace": record.get("trace")}
    tasks = [(task["name"], _operations(task["operations"], task["faults"])) for task in record["tasks"]]
    shown = FindingView(
        id=next((each["id"] for each in record["findings"] if _says(each) == causes[0]), "run"),
        heading=causes[0],
        lines=causes[1:],
        tasks=tasks,
        run=run,
        replay=f"subwarden replay {record['replay']}" if "replay" in record else None,
        printed=record.get("printed", ()),
        script=record.get("script"),
        script_said=script_said(record.get("script_confirmed"), record.get("script_doubt")),
        pictures=[*model_pictures(run), *lock_pictures(run)],
    )
    return View(f"replay on {record['subject']}", record["verdict"], said, findings=[shown])


def play_view(record: PlayRecord) -> View:
    """The page of a program that a user wrote."""
    schedules = sum(check["schedules"] for check in record["checks"])
    rows = [[check["name"], check["verdict"], check["schedules"], check["steps"]] for check in record["checks"]]
    program = [f"{task['name']}: {_operations(task['operations'], task['faults'])}" for task in record["tasks"]]
    checks = table(("check", "verdict", "schedules", "steps"), rows, (2, 3))
    return View(
        title=f"play on {record['subject']}",
        verdict=record["verdict"],
        said=[f"{plural(len(record['findings']), 'finding')} in {schedules:,} schedules."],
        findings=[finding_view(finding) for finding in record["findings"]],
        sections=[("The program", bullets(program)), ("Checks", checks), *_gaps([], record["doubts"], {})],
    )


def finding_view(finding: FindingRecord) -> FindingView:
    """A finding of a gate or a hunt."""
    count = plural(len(finding["operations"]), "operation")
    with_cancel = " and a cancellation" if finding["cancellation"] else ""
    run = {"tasks": finding["tasks"], "steps": finding["steps"], "trace": finding.get("trace")}
    also = [f"{each['property']} {each['said']}" for each in finding.get("also", ())]
    lines = [*([finding["detail"]] if finding["detail"] else []), f"{count}{with_cancel}; {happens(finding)}."]
    lines += [ALONE] if finding.get("alone") else []
    lines += [f"The same bug shows as: {'; '.join(also)}."] if also else []
    return FindingView(
        id=finding["id"],
        heading=f"{finding['property']} {finding['title']}: {finding['said']}",
        lines=lines,
        also=[each["property"] for each in finding.get("also", ())],
        tasks=[(task["name"], _operations(task["operations"], task["faults"])) for task in finding["tasks"]],
        run=run,
        replay=f"subwarden replay {finding['replay']}",
        printed=finding.get("printed", ()),
        by_hand=f"subwarden view {finding['short']}" if "short" in finding else None,
        script=finding["script"],
        script_said=script_said(finding["script_confirmed"], finding["script_doubt"]),
        pictures=[*model_pictures(run), *lock_pictures(run)],
    )


def _says(broken: BrokenRecord) -> str:
    return f"{broken['property']} {broken['title']}: {broken['said']}" + _in_brackets(broken["detail"])


def script_said(confirmed: bool | None, doubt: str | None) -> str:
    """What became of the script of a finding, in a sentence; empty where there is none to be expected."""
    if confirmed is None:
        return ""
    return "The script was run: it fails on the stock event loop." if confirmed else f"No script shows it on the stock event loop: {doubt}."


def _operations(operations: Sequence[str], faults: str) -> str:
    return ", then ".join(operations) + _in_brackets(faults)


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def _coverage(checks: Mapping[str, CoverageRecord], verdicts: Mapping[str, str]) -> list[str]:
    rows = [GridRow(name, verdicts.get(name, ""), [Share(*each) for each in shares(of)]) for name, of in checks.items()]
    return [grid(COVERED, COLUMNS, rows) + f'<p class="note">{escaped(COLUMNS_SAID)}</p>'] if rows else []


def _gaps(never: Sequence[str], doubts: Sequence[str], adapter: AdapterRecord) -> list[tuple[str, str]]:
    off = [f"{name} is switched off: {reason}" for name, reason in adapter.get("off", {}).items()]
    left_out = [*off, *adapter.get("not_played", ())]
    listed = (("Never reached", never), ("Not judged", left_out), ("Doubts", doubts))
    return [(heading, bullets(lines)) for heading, lines in listed if lines]

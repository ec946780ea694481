"""What a record says to other tools: its findings, and a case for each thing that was judged, whether or not it failed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from subwarden.model.properties import CoreProperty, Property
from subwarden.reports.html.view import FindingView
from subwarden.reports.html.views import schema_of, view_of
from subwarden.reports.records.exec import ProtocolRecord
from subwarden.reports.records.exploration import EXPLORE_SCHEMA
from subwarden.reports.records.history import HistoryRecord
from subwarden.reports.records.hunt import HUNT_SCHEMA
from subwarden.reports.records.proof import TOUR_SCHEMA, ProofRecord, TourRecord
from subwarden.reports.records.replay import REPLAY_SCHEMA, ReplayRecord
from subwarden.reports.scenario.steps import with_paths

PROPERTIES: dict[str, Property | CoreProperty] = {**Property.__members__, **CoreProperty.__members__}
AT_LEVEL = {  # the properties that a level judges; those of level core: docs/bring-your-own.md
    "manager": tuple(Property.__members__),
    "server": tuple(Property.__members__),
    "core": ("P1", "P2", "P6", "P8", "P11", "P12", "P13", "D1"),
    "custom": ("P8", "P11", "P12", "P13"),
    "exec": ("P1", "P2", "P6", "P7", "P8", "P13"),
}
CORPUS = "regression corpus"
LISTED = 20  # differences of a tour that are told; a manager that is wrong in one place may have thousands


class Case(NamedTuple):
    """Something that was judged. `rule`: its short name, which its findings have, too; `title`: in words; `skipped`: why it was not judged,
    or empty.
    """

    rule: str
    title: str
    skipped: str = ""


class Judged(NamedTuple):
    """A record for other tools. `title` and `said`: the command, and what it did; `subject`: the code that was checked, as it was named."""

    title: str
    subject: str
    verdict: str
    said: Sequence[str]
    findings: Sequence[FindingView]
    cases: Sequence[Case]


def judged(record: Any) -> Judged:
    """The findings and cases of `record`. Where it says nothing (it is inconclusive), a case without a finding is skipped, not passed.

    Raises UnknownRecord.
    """
    schema, view = schema_of(record), view_of(record)
    make, cases_of = KINDS.get(schema, (None, _of_levels))
    findings = view.findings if make is None else make(record)
    cases = {case.rule: case for case in cases_of(record)}
    for finding in findings:
        for rule in (rule_of(finding), *finding.also):
            cases.setdefault(rule, _case(rule))
    if view.verdict == "inconclusive":
        cases = {rule: case._replace(skipped=case.skipped or "inconclusive") for rule, case in cases.items()}
    subject = str(record.get("subject") or record.get("scenario") or "")
    return Judged(view.title, subject, view.verdict, view.said, findings, list(cases.values()))


def rule_of(finding: FindingView) -> str:
    """The name of the property that is broken, such as P2; for a finding of no property, its id."""
    name = finding.id.partition("-")[0]
    return name if name in PROPERTIES else finding.id


def _case(rule: str, skipped: str = "") -> Case:
    of = PROPERTIES.get(rule)
    return Case(rule, rule if of is None else f"{rule} {of.title}", skipped)


# --- the cases of each kind of record


def _of_levels(record: Any) -> list[Case]:
    """Of a gate, a hunt or a play: the properties of its levels, without those that the adapter switched off."""
    names = record["coverage"] if record.get("schema") == HUNT_SCHEMA else [check["name"] for check in record["checks"]]
    levels = [name.partition(",")[0] for name in names if name != CORPUS]
    left_out = {**record.get("unjudged", {}), **{name: f"switched off: {why}" for name, why in record.get("off", {}).items()}}
    rules = dict.fromkeys(rule for level in levels for rule in AT_LEVEL[level])
    return [_case(rule, left_out.get(rule, "")) for rule in rules]


def _of_process(_: Any) -> list[Case]:
    return [_case(rule) for rule in AT_LEVEL["exec"]]


def _of_replay(record: ReplayRecord) -> list[Case]:
    """A run says something about the property that it was recorded for, and about those that it breaks."""
    return [_case(record["recorded_for"].partition("-")[0])]


def _of_exploration(record: Any) -> list[Case]:
    return [
        Case("scenario", f"no run of {record['scenario']} fails", "a run fails, see the other cases" if record["findings"] else ""),
        *(Case(f"sometimes-{name}", f"sometimes: {name}", "" if met else "never met") for name, met in record["sometimes"].items()),
    ]


def _of_proof(record: ProofRecord) -> list[Case]:
    return [
        Case(name, f"{name} {of['title']}", of["why"] or "not judged" if of["verdict"] is None else "")
        for name, of in record["properties"].items()
    ]


def _of_tour(record: TourRecord) -> list[Case]:
    """A case for each kind of transition."""
    played = {*record["agreed"], *record["differed"]}
    return [Case(kind, kind, "" if kind in played else "behind a difference") for kind in sorted(played | {*record["unreachable"]})]


def _of_history(_: HistoryRecord) -> list[Case]:
    return [Case("linearizable", "the history is linearizable")]


def _of_protocol(record: ProtocolRecord) -> list[Case]:
    return [Case(each["name"], each["name"], each["said"] if each["verdict"] == "skip" else "") for each in record["checks"]]


# --- the findings of records whose pages show them in another way


def _differences(record: TourRecord) -> list[FindingView]:
    """The first differences of each kind."""
    of: dict[str, list[str]] = {}
    for each in record["differences"]:
        of.setdefault(each["kind"], []).append(f"{each['request']} in the state {each['state']}: {each['said']}")
    more = {kind: [f"and {len(lines) - LISTED:,} more"] if len(lines) > LISTED else [] for kind, lines in of.items()}
    return [FindingView(kind, f"{kind}: differs from the model", [*lines[:LISTED], *more[kind]]) for kind, lines in of.items()]


def _failures(record: Any) -> list[FindingView]:
    """Those of a scenario, with places that tools can open."""
    return [
        finding
        if finding.run is None
        else replace(finding, run={**finding.run, "steps": with_paths(finding.run["steps"], record["scenario"])})
        for finding in view_of(record).findings
    ]


def _unexplained(record: HistoryRecord) -> list[FindingView]:
    wrong = [
        FindingView(f"{each['property']} {each['what']}", f"{each['property']} {each['what']}: {each['detail']}", [f"line {each['line']}"])
        for each in record.get("deliveries", [])
    ]
    failure = record.get("failure")
    if failure is None:
        return wrong
    call = failure["failing"]
    said = f"no order of the calls explains the {call['end']} of {call['operation']} [{call['id']}]"
    allowed = [
        f"{each['call']['operation']} [{each['call']['id']}] returned {each['call']['answer']}; the model allows {each['model']}"
        for each in failure["candidates"]
    ]
    place = f"{record['history']}:{call['line'] if call['end_line'] is None else call['end_line']}"
    row = {"step": 1, "task": call["task"] or "a task", "did": [], "at": place, "changed": [], "broken": [said]}
    return [*wrong, FindingView("linearizable", f"not linearizable: {said}", allowed, run={"tasks": [], "steps": [row]})]


def _failed(record: ProtocolRecord) -> list[FindingView]:
    return [
        FindingView(each["name"], f"{each['name']}: {each['said']}", [f"to mend: {each['mend']}"] if each["mend"] else [])
        for each in record["checks"]
        if each["verdict"] == "fail"
    ]


KINDS: dict[str, tuple[Callable[[Any], Sequence[FindingView]] | None, Callable[[Any], list[Case]]]] = {
    "subwarden/exec/1": (None, _of_process),
    REPLAY_SCHEMA: (None, _of_replay),
    EXPLORE_SCHEMA: (_failures, _of_exploration),
    "subwarden/proof/1": (None, _of_proof),
    TOUR_SCHEMA: (_differences, _of_tour),
    "subwarden/history/2": (_unexplained, _of_history),
    "subwarden/conform/1": (_failed, _of_protocol),
}

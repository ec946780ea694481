"""A record as SARIF 2.1.0 (OASIS), which code hosts read: each finding at the line of the subject, with its steps as a code flow."""

import json
from typing import Any
from urllib.parse import quote

from subwarden.reports.formats.judged import PROPERTIES, Judged, rule_of
from subwarden.reports.formats.places import Place, file_of, place_of_row, told_at
from subwarden.reports.html.escaping import shown
from subwarden.reports.html.view import FindingView

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_of(of: Judged, version: str) -> str:
    """The JSON. `version`: of subwarden."""
    rules = sorted({rule_of(finding) for finding in of.findings})
    driver = {"name": "subwarden", "version": version, "rules": [_rule(name) for name in rules]}
    results = [_result(finding, rules, of.subject) for finding in of.findings]
    invocation = {"executionSuccessful": True, "properties": {"verdict": of.verdict}}
    run = {"tool": {"driver": driver}, "invocations": [invocation], "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(name: str) -> dict[str, Any]:
    of = PROPERTIES.get(name)
    said = name if of is None else of.title
    full = said if of is None else of.sentence
    return {"id": shown(name), "shortDescription": {"text": shown(said)}, "fullDescription": {"text": shown(full)}}


def _result(finding: FindingView, rules: list[str], subject: str) -> dict[str, Any]:
    place = told_at(finding) or file_of(subject)
    rule = rule_of(finding)
    said = [finding.heading, *finding.lines, *([f"Replay: {finding.replay}"] if finding.replay else [])]
    steps = [] if finding.run is None else finding.run["steps"]
    flow = [_step(row, at) for row in steps if (at := place_of_row(row)) is not None]
    result: dict[str, Any] = {
        "ruleId": shown(rule),
        "ruleIndex": rules.index(rule),
        "level": "error",
        "message": {"text": shown("\n".join(said))},
        "locations": [] if place is None else [{"physicalLocation": _location(place)}],
        "partialFingerprints": {"subwardenFinding/v1": shown(finding.id)},
    }
    return {**result, "codeFlows": [{"threadFlows": [{"locations": flow}]}]} if flow else result


def _step(row: Any, at: Place) -> dict[str, Any]:
    text = shown(f"step {row['step']}, {row['task']}: {'; '.join(row['did'])}")
    return {"location": {"physicalLocation": _location(at), "message": {"text": text}}, "executionOrder": row["step"]}


def _location(place: Place) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(place.file)}, "region": {"startLine": place.line}}


def _uri(file: str) -> str:
    return quote(shown(file).replace("\\", "/"), safe="/:")

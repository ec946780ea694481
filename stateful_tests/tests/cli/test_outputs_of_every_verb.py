"""Every verb with a record offers `--json`, `--html` and `--format`, its record is what the schema says, and no form contradicts the exit
code.
"""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

import pytest

from subwarden.cli.main import VERBS, main
from subwarden.cli.reporting.formats import FORMATS
from subwarden.reports.formats.schema import schema
from subwarden.stateful_tests.tests.paths import CORPUS, DATA, ROOT

HISTORIES = DATA / "histories"
PROVE = ("prove", "--connections", "1", "--no-turns", "--no-raw", "--in-flight", "0", "--quiet")
EXAMPLES = ROOT / "examples"
ROOMS = ("play", "--subject", f"{EXAMPLES / 'rooms.py'}:Adapter", "--schedules", "50")
SCENARIO = f"{EXAMPLES / 'transfer.py'}"
EXEC = EXAMPLES / "exec"
FAST: dict[str, tuple[int, tuple[str, ...]]] = {
    "check holds": (0, ("check", str(HISTORIES / "in_order.jsonl"))),
    "check violated": (1, ("check", str(HISTORIES / "late_delivery.jsonl"))),
    "check unknown": (2, ("check", str(HISTORIES / "resurrected.jsonl"), "--budget", "1")),
    "tour": (0, ("tour", "--connections", "1")),
    "tour differs": (1, ("tour", "--connections", "1", "--subject", "source")),
    "prove": (0, PROVE),
    "prove stopped": (2, (*PROVE, "--max-states", "3")),
    "replay": (1, ("replay", str(CORPUS / "split-lock-P2-a-subscription-outlives-its-connection.json"))),
    "explore": (1, ("explore", f"{SCENARIO}:both_ways", "--schedules", "50")),
    "conform": (0, ("conform", f"{EXEC / 'steady.py'} --steps")),
}
SLOW: dict[str, tuple[int, tuple[str, ...]]] = {
    "play": (1, (*ROOMS, str(EXAMPLES / "leaves-while-loading.txt"))),
    "gate": (1, ("gate", "--subject", "source", "--level", "manager", "-x", "--jobs", "1", "--budget", "5")),
    "hunt": (1, ("hunt", "--subject", "source", "--level", "manager", "--rounds", "1", "--jobs", "1")),
    "process": (1, ("gate", "--subject", f"exec:{EXEC / 'phantom.py'}", "-x", "--budget", "5")),
}
CASES = [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


def outcome(junit: str) -> tuple[int, int, int]:
    """Cases that failed, that were skipped, and that passed."""
    suite = xml.fromstring(junit.partition("\n")[2])
    failed, skipped = (sum(case.find(kind) is not None for case in suite) for kind in ("failure", "skipped"))
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == (str(failed), str(skipped))
    return failed, skipped, len(list(suite.iter("testcase"))) - failed - skipped


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft202012Validator(schema())


def check_outputs(folder: Path, code: int, arguments: tuple[str, ...], validator: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command once, and hold every form of its record against the exit code. Returns the record."""
    saved, page = folder / "run.json", folder / "run.html"
    assert main([*arguments, "--json", str(saved), "--html", str(page), "--format", "junit"]) == code
    junit = capsys.readouterr().out
    record = json.loads(saved.read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(record)] == []
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    said = {}
    for form in FORMATS:
        assert main(["report", str(saved), "--format", form]) == 0
        said[form] = capsys.readouterr().out
    assert said["junit"] == junit
    assert said["json"] == saved.read_text(encoding="utf-8")
    failed, skipped, passed = outcome(junit)
    assert bool(failed) is (code == 1)
    assert (passed > 0) >= (code == 0)
    assert not (passed and code == 2)
    assert skipped or failed or passed
    results = json.loads(said["sarif"])["runs"][0]["results"]
    assert bool(results) is (code == 1)
    named = {place["physicalLocation"]["artifactLocation"]["uri"] for result in results for place in result["locations"]}
    assert all((ROOT / name).is_file() for name in named), "code hosts show a finding at a file of the repository"
    assert ("::error " in said["github"], "::warning " in said["github"]) == (code == 1, code == 2)
    assert said["mermaid"]
    return record


@pytest.mark.parametrize("name", CASES)
def test_no_form_contradicts_the_exit_code(
    name: str, tmp_path: Path, validator: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    code, arguments = {**FAST, **SLOW}[name]
    record = check_outputs(tmp_path, code, arguments, validator, capsys)
    if name == "process":
        (finding,) = record["findings"]
        check_outputs(tmp_path, 1, ("replay", finding["replay"]), validator, capsys)


def test_every_verb_that_makes_a_record_is_tried_here() -> None:
    tried = {arguments[0] for _, arguments in (*FAST.values(), *SLOW.values())}
    assert set(VERBS) - tried == {"score", "report", "subjects", "new", "view", "help", "completion"}

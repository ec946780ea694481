"""The forms that other tools read: golden files, what their readers insist on, and hostile texts that must not get out of their places."""

import io
import json
import re
from typing import Any
from xml.etree import ElementTree as xml

import pytest

from subwarden.cli.reporting.formats import FORMATS, write_format
from subwarden.model.properties import Property
from subwarden.reports.formats.github import annotations_of, summary_of
from subwarden.reports.formats.judged import judged
from subwarden.reports.formats.mermaid import mermaid_of
from subwarden.reports.formats.places import Place, file_of, place_of, told_at
from subwarden.reports.html.views import view_of
from subwarden.stateful_tests.tests.golden_files import golden
from subwarden.stateful_tests.tests.reports.every_record import RECORDS
from subwarden.stateful_tests.tests.reports.records import HOSTILE, PHANTOM, RAW, gate_of, hostile_run, replayed

ENDINGS = {"junit": "xml", "sarif": "json", "github": "txt", "mermaid": "md"}


def written(name: str, record: Any) -> str:
    out = io.StringIO()
    write_format(name, record, out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _no_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.mark.parametrize("name", sorted(ENDINGS))
def test_a_gate_with_findings_is_as_its_golden_file(name: str) -> None:
    golden(f"format_{name}.{ENDINGS[name]}", written(name, gate_of(replayed(PHANTOM), replayed(RAW))))


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_each_form_of_each_record_is_as_its_golden_file(name: str) -> None:
    record = RECORDS[name]()
    if name == "tour":
        record = {**record, "differences": record["differences"][:30]}  # more would make a golden file that nobody reads
    forms = {form: written(form, record) for form in sorted(ENDINGS)} | {"step summary": summary_of(judged(record))}
    golden(f"forms_{name}.txt", "".join(f"=== {form} ===\n{text}" for form, text in forms.items()))


def test_the_step_summary_is_as_its_golden_file() -> None:
    golden("format_github_summary.md", summary_of(judged(gate_of(replayed(PHANTOM)))))


def test_the_step_summary_goes_to_the_file_that_the_runner_names(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    written("github", gate_of(replayed(RAW)))
    assert summary.read_text().startswith("before\n## ")


def test_json_is_the_record_itself() -> None:
    record = gate_of(replayed(RAW))
    assert json.loads(written("json", record)) == json.loads(json.dumps(record))
    assert set(FORMATS) == {*ENDINGS, "json"}


def test_junit_has_a_case_for_each_property() -> None:
    suite = xml.fromstring(written("junit", gate_of(replayed(PHANTOM), replayed(RAW))).partition("\n")[2])
    cases = {case.attrib["name"].split()[0]: case for case in suite.iter("testcase")}
    assert set(cases) == set(Property.__members__)
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {"P3", "P10"}
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("14", "2")
    assert cases["P10"].attrib["file"] == "impl/manager/source.py"


def test_a_bug_that_breaks_two_properties_fails_both() -> None:
    record: Any = gate_of(replayed(RAW))
    record["findings"][0]["also"] = [
        {"property": "P1", "title": "maps agree", "said": "the maps disagree", "id": "P1-x", "replay": "sw1-x"}
    ]
    suite = xml.fromstring(written("junit", record).partition("\n")[2])
    assert {case.attrib["name"].split()[0] for case in suite.iter("testcase") if case.find("failure") is not None} == {"P1", "P10"}
    assert "The same bug shows as: P1 the maps disagree." in view_of(record).findings[0].lines


def test_junit_skips_what_an_inconclusive_run_does_not_say() -> None:
    suite = xml.fromstring(written("junit", {**gate_of(), "verdict": "inconclusive"}).partition("\n")[2])
    assert suite.attrib["skipped"] == "14"
    assert not list(suite.iter("failure"))


def test_sarif_points_at_the_subject_s_line_and_follows_the_steps() -> None:
    (run,) = json.loads(written("sarif", gate_of(replayed(RAW))))["runs"]
    (result,) = run["results"]
    location = result["locations"][0]["physicalLocation"]
    assert (location["artifactLocation"]["uri"], location["region"]["startLine"]) == ("impl/manager/source.py", 67)
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "P10"
    orders = [each["executionOrder"] for each in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert orders == sorted(orders)


def test_a_place_is_read_from_the_text_that_reports_print() -> None:
    assert place_of("impl/manager/source.py:67") == Place("impl/manager/source.py", 67)
    assert place_of("C:/hub.py:3") == Place("C:/hub.py", 3)
    assert [place_of(text) for text in (None, "", "hub.py", "<string>:3", "hub.py:x", ":3", "hub.py:0")] == [None] * 7
    assert file_of("hub.py:Hub") == Place("hub.py", 1)
    assert file_of("source") is None
    assert told_at(view_of(replayed(PHANTOM)).findings[0]) == Place("impl/manager/state_operations.py", 20)


def words_of(diagram: str) -> set[str]:
    """The first word of each line, without the participants' numbers."""
    return {re.sub(r"^p\d+\S*", "p", line.strip()).split()[0] for line in diagram.splitlines() if line.strip()}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_stay_in_their_places(text: str) -> None:
    record = gate_of(hostile_run(text))
    suite = xml.fromstring(written("junit", record).partition("\n")[2])
    assert {element.tag for element in suite.iter()} == {"testsuite", "testcase", "failure", "system-out"}
    json.loads(written("sarif", record))
    annotations = annotations_of(judged(record))
    assert re.fullmatch(r"::error [^\n\r]*\n", annotations)
    plain = mermaid_of(judged(gate_of(replayed(PHANTOM))))
    assert words_of(mermaid_of(judged(record))) <= words_of(plain)
    for form in ENDINGS:
        written(form, record).encode("utf-8")

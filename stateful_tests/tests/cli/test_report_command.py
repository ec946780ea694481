"""`subwarden report`, and `--html` and `--format` of other verbs: files, exit codes, trends, one line for a file that is no record."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.reports.layout.console import console_for
from subwarden.reports.trend.points import TrendPoint
from subwarden.reports.trend.text import write_trend
from subwarden.stateful_tests.runs.saved import COMMITTED
from subwarden.stateful_tests.tests.cli.refusals import one_line
from subwarden.stateful_tests.tests.golden_files import golden
from subwarden.stateful_tests.tests.paths import GOLDEN
from subwarden.stateful_tests.tests.reports.records import PHANTOM, RAW, gate_of, replayed

RUN = COMMITTED / "source-P10-a-subscription-is-seen-without-its-raw-choice.json"


def test_a_replay_writes_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "run.html"
    assert main(["replay", str(RUN), "--html", str(page)]) == 1
    assert "P10 flags belong" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    for words in ("P10 flags belong", "subwarden replay sw1-", "import asyncio", "impl/manager/source.py"):
        assert words in text


def test_a_form_takes_the_place_of_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(RUN), "--format", "sarif"]) == 1
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["results"][0]["ruleId"] == "P10"


@pytest.mark.parametrize("name", ["holds", "violated"])
def test_a_saved_record_becomes_a_page_beside_it(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "proof.json"
    record.write_text((GOLDEN / f"prove_{name}.json").read_text())
    assert main(["report", str(record)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'proof.html'} is written; open it in a browser\n"
    assert name in (tmp_path / "proof.html").read_text(encoding="utf-8")
    assert main(["report", str(record), "--format", "junit"]) == 0
    assert capsys.readouterr().out.startswith("<?xml")
    assert main(["report", str(record), "--html", str(tmp_path / "other.html")]) == 0
    assert (tmp_path / "other.html").read_text(encoding="utf-8") == (tmp_path / "proof.html").read_text(encoding="utf-8")


def test_a_folder_gets_an_index_and_a_page_for_each_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gate.json").write_text(json.dumps(gate_of(replayed(RAW), replayed(PHANTOM))), encoding="utf-8")
    assert main(["report", str(tmp_path / "gate.json"), "--html", f"{tmp_path}/pages/"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/pages/ is written; open its index.html in a browser\n"
    names = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "pages").iterdir()}
    links = [set(re.findall(r'href="([^#"]+)"', text)) for _, text in sorted(names.items())]
    findings = sorted(names.keys() - {"index.html"})
    assert [name[:6] for name in findings] == ["1-P10-", "2-P3-a"]
    assert links == [{"index.html"}, {"index.html"}, set(findings)]
    assert main(["report", str(tmp_path / "gate.json"), "--html", str(tmp_path / "pages")]) == 0, "it is there"
    with pytest.raises(SystemExit):
        main(["report", str(tmp_path / "gate.json"), "--html", f"{tmp_path}/no/pages/"])


def test_every_verb_with_findings_has_the_option(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    history = Path(__file__).parents[1] / "data" / "histories" / "late_delivery.jsonl"
    assert main(["check", str(history), "--html", str(page)]) == 1
    assert "Not linearizable" in page.read_text(encoding="utf-8")
    assert main(["tour", "--connections", "1", "--html", str(page)]) == 0
    assert "transitions were compared" in page.read_text(encoding="utf-8")
    assert "no calls: 1 state" in page.read_text(encoding="utf-8")
    assert main(["prove", "--connections", "1", "--no-turns", "--in-flight", "0", "--html", str(page)]) in (0, 2)
    assert "distinct states" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read"),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "it has no schema"),
        ('{"schema": "subwarden/gate/99"}', "subwarden/gate/99, which this version does not read"),
        ('{"schema": "subwarden/gate/1", "findings": []}', "is damaged: KeyError"),
    ],
)
def test_a_file_that_is_no_record(content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)
    assert said in one_line(capsys, "report", str(path))
    assert not (tmp_path / "run.html").exists()


def damaged(wrong: Any) -> Iterator[Any]:
    """Records of gates with `wrong` at a place that is added up, compared, indexed or shown."""
    whole: Any = gate_of(replayed(RAW))
    for key in ("subject", "verdict", "checks", "coverage", "findings"):
        yield {**whole, key: wrong}
        yield {name: value for name, value in whole.items() if name != key}
    yield {**whole, "checks": [{**whole["checks"][0], "schedules": wrong}]}
    yield {**whole, "coverage": {**whole["coverage"], "fired": wrong}}
    yield {
        **whole,
        "findings": [{**whole["findings"][0], "trace": {**whole["findings"][0]["trace"], "model": {"states": wrong, "moves": []}}}],
    }
    yield {
        **whole,
        "findings": [{**whole["findings"][0], "trace": {**whole["findings"][0]["trace"], "model": {"states": [], "moves": wrong}}}],
    }


@pytest.mark.parametrize(
    "wrong", [None, [], {}, "x", -1, 10**400, 1e308], ids=["none", "list", "dict", "text", "negative", "huge", "large"]
)
def test_a_damaged_record_is_shown_or_told_to_be_damaged(wrong: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "0.json").write_text(json.dumps(gate_of()))
    for record in damaged(wrong):
        (tmp_path / "1.json").write_text(json.dumps(record))
        for how in ([str(tmp_path / "1.json")], ["--history", str(tmp_path)], [str(tmp_path / "1.json"), "--format", "github"]):
            assert main(["report", *how]) in (0, 3)
            assert "internal error" not in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_refused_before_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (["gate"], ["hunt"], ["replay", str(RUN)], ["tour"], ["prove"], ["check", "x.jsonl"], ["report", "x.json"]):
        assert "cannot write" in one_line(capsys, *verb, "--html", "no/such/folder/page.html")


def test_a_folder_of_records_becomes_a_trend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first: Any = gate_of()
    for name, record in (("2026-01", first), ("2026-02", first)):
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
    assert main(["report", "--history", str(tmp_path), "--fail-on-regression"]) == 0
    assert "no worse than 2026-01\n" in capsys.readouterr().out
    worse: Any = {**gate_of(replayed(RAW)), "coverage": {**first["coverage"], "fired": []}}
    less = {"awaits": [], "awaits_never": ["m.py:1"], "fired": ["rule a"], "never_fired": ["rule b", "rule c"]}
    worse["coverage"]["checks"] = {name: {**of, **less} for name, of in first["coverage"]["checks"].items()}
    worse["checks"] = [{**check, "seconds": 10 * check["seconds"]} for check in first["checks"]]
    (tmp_path / "2026-03.json").write_text(json.dumps(worse))
    assert main(["report", str(tmp_path)]) == 0
    assert main(["report", str(tmp_path), "--fail-on-regression"]) == 1
    out = capsys.readouterr().out
    for line in (
        "worse: findings rose from 0 (2026-02) to 1 (2026-03)",
        "worse: coverage fell from 1 points (2026-02) to 0 (2026-03)",
        "worse: the score of coverage fell from 63 (2026-02) to 41 (2026-03)",
        "worse: speed fell from 823 schedules/s (2026-02) to 82 (2026-03)",
    ):
        assert line in out
    assert "findings rose" in (tmp_path / "trend.html").read_text(encoding="utf-8")


def test_later_runs_are_compared_with_a_stored_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = json.dumps(gate_of()), json.dumps(gate_of(replayed(RAW)))
    history = ["report", "--history", str(tmp_path), "--fail-on-regression"]
    (tmp_path / "1.json").write_text(good)
    assert main([*history, "--set-baseline"]) == 0
    assert f"{tmp_path / 'baseline.json'} has 1, with which later runs are compared" in capsys.readouterr().out
    for number in (2, 3):
        (tmp_path / f"{number}.json").write_text(bad)
        assert main(history) == 1  # the third is no worse than the second
        assert f"worse: findings rose from 0 (the baseline 1) to 1 ({number})\n" in capsys.readouterr().out
    assert main([*history, "--set-baseline"]) == 0
    assert main(history) == 0
    assert "no worse than the baseline 3" in capsys.readouterr().out
    (tmp_path / "4.json").write_text(json.dumps({**gate_of(), "verdict": "inconclusive"}))
    (tmp_path / "baseline.json").write_text(good)
    assert main(history) == 1
    assert "the verdict fell from holds" in capsys.readouterr().out


def test_the_table_of_a_trend_is_as_its_golden_file() -> None:
    points = [TrendPoint(f"2026-01-{day:02}", 800.0 + day, 80, 0, "holds", 60.0 + day) for day in range(1, 20)]
    points.append(TrendPoint("2026-01-20-a-name-that-is-rather-long-for-a-run", 12.3, 79, 2, "violated", 41.6))
    out = StringIO()
    write_trend(points, points[-2], console_for(out))
    golden("trend.txt", out.getvalue())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a record that --json wrote, or --history DIR"),
        (["--history", "no/folder"], "is no folder"),
        (["run.json", "--set-baseline"], "belong to --history"),
        (["run.json", "--history", "."], "leave RUN.json and --format out"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in one_line(capsys, "report", *arguments)


def test_a_folder_without_a_trend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "has no records" in one_line(capsys, "report", str(tmp_path))
    (tmp_path / "a.json").write_text(json.dumps(gate_of()))
    (tmp_path / "b.json").write_text(json.dumps({**gate_of(), "subject": "other.py:Hub"}))
    assert "keep a folder for each subject" in one_line(capsys, "report", str(tmp_path))
    (tmp_path / "b.json").write_text((GOLDEN / "prove_holds.json").read_text())
    assert "is no record of a gate or a hunt" in one_line(capsys, "report", str(tmp_path))

"""`gate -x` and `--maxfail N` stop early and, without a budget, at the same finding every time, however many workers there are."""

import json
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES, Profile
from subwarden.stateful_tests.runs import saved


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few programs, and no runs to replay first, which would show most of it at once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saved, "COMMITTED", tmp_path / "none")
    monkeypatch.setitem(PROFILES, "ci", Profile("ci", examples=12, schedules=20, steps=9, derandomized=True))


def gate(*arguments: str) -> dict[str, Any]:
    """The record, without its times."""
    assert main(["gate", "--subject", "source", "--level", "manager", "--json", "run.json", *arguments]) == 1
    record: dict[str, Any] = json.loads(Path("run.json").read_text())
    for check in record["checks"]:
        del check["seconds"]
    return record


@pytest.mark.slow
@pytest.mark.parametrize(("options", "most"), [(["-x"], 1), (["--maxfail", "2"], 2)])
def test_it_stops_at_the_same_findings_with_one_worker_and_with_two(options: list[str], most: int) -> None:
    one, two = (gate(*options, "--jobs", jobs) for jobs in ("1", "2"))
    assert len(one["findings"]) == most
    assert one == two


@pytest.mark.slow
def test_without_it_there_is_more_to_find_and_more_is_searched() -> None:
    whole, first = gate("--jobs", "2"), gate("--jobs", "2", "-x")
    assert len(whole["findings"]) > 2
    assert {finding["id"] for finding in first["findings"]} < {finding["id"] for finding in whole["findings"]}
    assert sum(check["schedules"] for check in first["checks"]) < sum(check["schedules"] for check in whole["checks"])


def test_each_option_needs_a_number_that_makes_sense(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["gate", "--maxfail", "0"])
    assert ended.value.code == 3
    assert "'0' is not a whole number of at least 1" in capsys.readouterr().err

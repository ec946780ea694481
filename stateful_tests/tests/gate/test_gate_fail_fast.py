"""`gate -x` and `--maxfail N` end all workers at once. With a single worker they end at the same findings every time."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES, Profile
from subwarden.stateful_tests.runs import saved

CANCELLED = '''
import asyncio


class Adapter:
    """Wrong only where a call is cancelled."""

    def __init__(self):
        self.live, self.gone, self.pairs = set(), set(), set()

    def connect(self, client):
        if client not in self.gone:
            self.live.add(client)

    def disconnect(self, client):
        self.gone.add(client)
        self.live.discard(client)
        self.pairs = {pair for pair in self.pairs if pair[0] != client}

    async def subscribe(self, client, topic):
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.pairs.add((client, topic))
            raise
        if client in self.live:
            self.pairs.add((client, topic))
        return client in self.live

    def observe(self):
        return set(self.pairs)
'''


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
def test_one_worker_stops_at_the_same_finding_every_time() -> None:
    one, two = gate("-x", "--jobs", "1"), gate("-x", "--jobs", "1")
    assert len(one["findings"]) == 1
    assert one == two


@pytest.mark.slow
@pytest.mark.parametrize(("options", "most"), [(["-x"], 1), (["--maxfail", "2"], 2)])
def test_the_report_has_the_findings_that_were_told_and_no_more(options: list[str], most: int, capsys: pytest.CaptureFixture[str]) -> None:
    record = gate(*options, "--jobs", "2")
    lines = [line for line in capsys.readouterr().err.splitlines() if ": found after " in line]
    assert len(record["findings"]) == most
    for line in lines:  # a finding may be told again, without the cancellation that it had at first
        assert any(f": {finding['said']} (" in line for finding in record["findings"]), line
    for finding in record["findings"]:
        assert any(f": {finding['said']} (" in line for line in lines)


@pytest.mark.slow
def test_without_it_there_is_more_to_find_and_more_is_searched() -> None:
    whole, first = gate("--jobs", "2"), gate("--jobs", "2", "-x")
    assert len(whole["findings"]) > 2
    assert {finding["id"] for finding in first["findings"]} < {finding["id"] for finding in whole["findings"]}
    assert sum(check["schedules"] for check in first["checks"]) < sum(check["schedules"] for check in whole["checks"])


@pytest.mark.slow
def test_no_earlier_check_is_finished_first(tmp_path: Path) -> None:
    """The profile `nightly` would search for hours in fifo, where nothing is wrong."""
    (tmp_path / "adapter.py").write_text(CANCELLED)
    command = [sys.executable, "-m", "subwarden", "gate", "--subject", "adapter.py:Adapter", "--profile", "nightly", "--jobs", "2", "-x"]
    done = subprocess.run(
        [*command, "--json", "run.json"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=False,
    )
    assert done.returncode == 1, done.stderr
    record = json.loads((tmp_path / "run.json").read_text())
    assert [finding["cancellation"] for finding in record["findings"]] == [True]


def test_each_option_needs_a_number_that_makes_sense(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["gate", "--maxfail", "0"])
    assert ended.value.code == 3
    assert "'0' is not a whole number of at least 1" in capsys.readouterr().err

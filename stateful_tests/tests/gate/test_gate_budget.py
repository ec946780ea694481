"""A gate tells a finding as soon as it is confirmed, and keeps its budget also with findings.

Each run here is a process of its own.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from subwarden.stateful_tests.runs.found.kept import file_of
from subwarden.stateful_tests.runs.replay import read


def start() -> float:
    """Seconds that the start of a gate may take on this machine as busy as it is now: three processes load the harness at once."""
    began = monotonic()
    subprocess.run([sys.executable, "-c", "import subwarden.cli.gate"], check=True)
    return 2 + 4 * (monotonic() - began)


class Watched:
    """A gate that has run in `folder`, and when each line of its standard error came, in seconds since its start."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        folder.mkdir()
        self.start = start()
        began = monotonic()
        command = [sys.executable, "-m", "subwarden", "gate", "--json", "run.json", *arguments]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, cwd=folder, stdout=pipe, stderr=pipe, text=True, env={**os.environ, "PYTHONHASHSEED": "0"}
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            out: list[str] = []
            reader = threading.Thread(target=lambda: out.append(process.stdout.read()))  # type: ignore[union-attr]  # it is a pipe
            reader.start()
            self.said = [(monotonic() - began, line) for line in process.stderr]
            reader.join()
        self.code, self.out, self.took = process.returncode, out[0], monotonic() - began
        self.record: dict[str, Any] = json.loads((folder / "run.json").read_text())

    def found(self) -> list[tuple[float, str]]:
        return [(at, line) for at, line in self.said if ": found after " in line]


@pytest.fixture(scope="module")
def budget() -> int:
    """Seconds: about six on a machine of its own, and more on a busy one, where each takes less work."""
    return round(1.5 * start())


@pytest.fixture(scope="module")
def within_its_budget(tmp_path_factory: pytest.TempPathFactory, budget: int) -> tuple[Path, Watched]:
    folder = tmp_path_factory.mktemp("budget") / "gate"
    return folder, Watched(folder, "--subject", "source", "--level", "manager", "--jobs", "2", "--budget", str(budget))


@pytest.mark.slow
def test_a_budget_is_kept_with_findings(within_its_budget: tuple[Path, Watched], budget: int) -> None:
    run = within_its_budget[1]
    assert run.code == 1
    assert len(run.record["findings"]) >= 3
    assert run.took < 1.2 * budget + run.start


@pytest.mark.slow
def test_findings_are_told_long_before_the_end_and_again_when_they_are_small(within_its_budget: tuple[Path, Watched]) -> None:
    run = within_its_budget[1]
    first = run.found()[0]
    assert first[0] < run.took - 2
    assert "not made small yet" in first[1]
    assert any("; made small)" in line for _, line in run.found())


@pytest.mark.slow
def test_each_line_that_tells_a_finding_replays_it(within_its_budget: tuple[Path, Watched], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose run has been made smaller since."""
    folder, run = within_its_budget
    monkeypatch.chdir(folder)
    for _, line in run.found():
        _, _, name = line.strip().rpartition("subwarden replay ")
        assert read(file_of(name)).subject == "source"
    told = {line.partition(": found after ")[2].partition(": ")[2].partition(" (")[0] for _, line in run.found()}
    assert {f"{found['property']} {found['title']}: {found['said']}" for found in run.record["findings"]} <= told


@pytest.mark.slow
def test_what_was_not_made_small_in_time_is_said(tmp_path: Path) -> None:
    run = Watched(tmp_path / "gate", "--subject", "source", "--level", "server", "--jobs", "1", "--budget", "2")
    large = [finding for finding in run.record["findings"] if not finding["shrunk"]]
    assert large
    assert run.out.count("This run may not be the smallest") == len(large)

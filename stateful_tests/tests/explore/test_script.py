"""The script of a failing run: plain asyncio, which fails by itself; or a reason why there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.tests.paths import ROOT

PLANTED = "stateful_tests/specimens/scenarios/planted.py"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "line"),
    [
        ("examples/chat.py:scenario", "RuntimeError: dictionary changed size during iteration"),
        ("examples/transfer.py:both_ways", "waits for ever"),
        (f"{PLANTED}:swallowed_cancellation", "waits for ever"),
        (f"{PLANTED}:leaked_task", "left behind: work"),
        (f"{PLANTED}:unretrieved_exception", "OSError: disk full"),
        (f"{PLANTED}:failing_callback", "AttributeError: 'NoneType' object has no attribute 'upper'"),
    ],
)
def test_it_fails_on_the_stock_loop(
    scenario: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the finding's own words, and alone."""
    monkeypatch.chdir(ROOT)
    path = tmp_path / "script.py"
    assert main(["explore", scenario, "--order", "fifo", "--script", str(path)]) == 1
    assert "it was run and fails on the stock event loop" in capsys.readouterr().out
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, line)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("examples/transfer.py:cut_in_two", "needs a fault or a slow step"),
        ("examples/transfer.py:overdrawn", "does not look for this kind of failure"),
        (f"{PLANTED}:out_of_order", "needs another order than stock asyncio's"),
        ("examples/chat.py:fixed", "nothing fails"),
    ],
)
def test_where_there_is_none_the_report_says_why(
    scenario: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line."""
    monkeypatch.chdir(ROOT)
    main(["explore", scenario, "--schedules", "60", "--script", str(tmp_path / "script.py")])
    assert f"plain asyncio: no script ({reason}" in capsys.readouterr().out.replace("the run ", "").replace("plain asyncio does", "does")

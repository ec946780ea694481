"""A hunt whose subject cannot be judged (any more), has changed since, or does something else in another process."""

import json
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.hunt.folder import JOURNAL
from subwarden.stateful_tests.tests.gate.test_gate_keeps import UNFIT, UNFIT_SAID
from subwarden.stateful_tests.tests.hunt.processes import files
from subwarden.stateful_tests.tests.paths import DATA


def test_a_subject_that_cannot_be_judged_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subject = tmp_path / "mine.py"
    subject.write_text(
        "import asyncio\n\nfrom subwarden.impl.manager.manager import Manager\n\n\n"
        "class Mine(Manager):\n    async def has_subscribers(self, thread_id):\n        await asyncio.to_thread(print)\n",
        encoding="utf-8",
    )
    assert main(["hunt", "--subject", f"{subject}:Mine", "--rounds", "8", "--jobs", "1", "--dir", str(tmp_path / "hunt")]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"subwarden hunt: subject {subject}:Mine: ")
    assert (tmp_path / "hunt" / JOURNAL).exists()


KEPT = """any('"shrunk": true' in path.read_text() for path in Path("hunt").glob("P8-*.json"))"""
COUNTED = """'"work":{"core' in Path("hunt/journal.jsonl").read_text()"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "leaves", "code", "verdict"),
    [(KEPT, "pass", 1, "violated"), (COUNTED, "self.pairs.discard((client, topic))", 2, "inconclusive")],
)
def test_one_that_cannot_be_judged_any_more_is_reported_as_far_as_it_was(
    after: str, leaves: str, code: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("unfit.py").write_text(UNFIT.replace("AFTER", after).replace("LEAVES", leaves))
    arguments = ["--subject", "unfit.py:Adapter", "--order", "fifo", "--jobs", "1", "--budget", "60", "--dir", "hunt", "--json", "run.json"]
    assert main(["hunt", *arguments]) == code
    record = json.loads(Path("run.json").read_text())
    assert (record["verdict"], record["ended"]) == (verdict, "unfit")
    assert record["doubts"][-1] == UNFIT_SAID
    assert (record["schedules"] > 0) == (code == 2)
    assert [doubt.partition(",")[0] for doubt in record["doubts"][:-1]] == [f"{found['id']} was found" for found in record["findings"]]
    assert len(record["findings"]) == len(list(Path("hunt").glob("P8-*.json"))) == (code == 1)
    assert "the subject cannot be judged any more" in capsys.readouterr().out


CRASHES = """
import ctypes


class Adapter:
    def __init__(self):
        self.pairs = set()

    async def connect(self, client):
        pass

    async def subscribe(self, client, topic):
        ctypes.string_at(0)
        return True

    def observe(self):
        return set(self.pairs)
"""


@pytest.mark.slow
def test_a_crash_in_native_code_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("crashes.py").write_text(CRASHES)
    assert main(["hunt", "--subject", "crashes.py:Adapter", "--jobs", "1", "--rounds", "1", "--dir", "hunt"]) == 1
    out, err = capsys.readouterr()
    said = "was killed by SIGSEGV, a crash in native code that crashes.py:13 called"
    assert f"worker 0 {said} in round 0" in err
    assert said in " ".join(out.split())


CHANGED = """
import asyncio
from subwarden.impl.manager.source import SourceManager

class Mine(SourceManager):
    async def connection_initialized(self, connection_id):
        await super().connection_initialized(connection_id)
"""


@pytest.mark.slow
def test_a_hunt_is_resumed_on_a_subject_that_takes_other_steps_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cause that still shows, and whose known schedule can no longer be followed, must not cost the report of the other findings."""
    subject, folder = tmp_path / "mine.py", tmp_path / "hunt"
    subject.write_text(CHANGED, encoding="utf-8")
    arguments = ["hunt", "--subject", f"{subject}:Mine", "--order", "fifo", "--jobs", "1", "--rounds", "1", "--dir", str(folder)]
    assert main(arguments) == 1
    before = files(folder)
    assert any(finding["cause"].startswith("P2-a-connection-that-is-not-live") for finding in before.values())
    subject.write_text(CHANGED.replace("await super()", "await asyncio.sleep(0)\n        await super()"), encoding="utf-8")
    assert main(["hunt", "--resume", str(folder), "--jobs", "1", "--rounds", "1"]) == 1
    assert "violated" in capsys.readouterr().out
    assert all(finding["shrunk"] for finding in files(folder).values())
    for name in files(folder):
        assert main(["replay", str(folder / name)]) == 1


OTHER_AT_HOME = """
import asyncio, multiprocessing
from subwarden.impl.manager.source import SourceManager

class Mine(SourceManager):
    async def connection_initialized(self, connection_id):
        if multiprocessing.parent_process() is None:
            await asyncio.sleep(0)
        await super().connection_initialized(connection_id)
"""


@pytest.mark.slow
def test_a_subject_that_differs_in_the_reporting_process_does_not_cost_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The difference between two processes stands for any chance. The resumed hunt begins with schedules that its workers cannot follow."""
    subject, folder = tmp_path / "mine.py", tmp_path / "hunt"
    subject.write_text(OTHER_AT_HOME, encoding="utf-8")
    arguments = ["hunt", "--subject", f"{subject}:Mine", "--order", "fifo", "--jobs", "1", "--rounds", "1", "--dir", str(folder)]
    doubted = 0
    for command in (arguments, ["hunt", "--resume", str(folder), "--jobs", "1", "--rounds", "1"]):
        assert main(command) == 1
        out, err = capsys.readouterr()
        assert "subject " in out
        assert "never awaited" not in err
        doubted += " ".join(out.split()).count("was found, and does not show any more")
    assert doubted


@pytest.mark.slow
def test_a_hunt_that_found_what_only_adapters_can_break_is_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, subject = tmp_path / "hunt", f"{DATA / 'never_delivers.py'}:Adapter"
    once = ["--rounds", "1", "--jobs", "1"]
    assert main(["hunt", "--subject", subject, "--order", "fifo", *once, "--dir", str(folder)]) == 1
    assert list(folder.glob("D1-*.json"))
    assert main(["hunt", "--resume", str(folder), *once]) == 1
    assert "1 known finding\n" in capsys.readouterr().err

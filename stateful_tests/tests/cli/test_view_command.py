"""The command line of `subwarden view`: what it takes, what it refuses, and how it ends."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from signal import SIGINT

import pytest

from subwarden.cli.main import main
from subwarden.cli.view.server import Server
from subwarden.stateful_tests.tests.cli.test_view import RUN, Asking
from subwarden.stateful_tests.tests.paths import ROOT
from subwarden.stateful_tests.tests.reports.records import RAW


def test_a_run_of_somebody_else_s_code_is_refused_until_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    code = tmp_path / "theirs.py"
    code.write_text("import pathlib; pathlib.Path('ran').touch()\nasync def go(): ...\n", encoding="utf-8")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    run = {**RUN.encode(), "subject": f"{code}:go"}
    exploration = {"schema": "subwarden/explore/1", "scenario": f"{code}:go", "findings": [{"replay": "sx1-Bh3Izw"}]}
    for record in (run, exploration):
        Path("run.json").write_text(json.dumps(record), encoding="utf-8")
        assert main(["view", "run.json"]) == 3
        assert f"wants to run the subject {code}:go, which you have not named here" in capsys.readouterr().err
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.json"], "cannot read nowhere.json"),
        (["empty.json"], "has no finding"),
        (["two.json", "--finding", "3"], "has no finding '3'; it has 1 (P1-a), 2 (P2-b)"),
        (["sx1-Bh3Izw"], "give `FILE.py:NAME --replay sx1-Bh3Izw`"),
        (["run.txt", "--finding", "1"], "is one run"),
        (["two.json", "--program", "x"], "is a saved run"),
        (["run.txt", "--port", "99999"], "is no port"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.json").write_text('{"schema": "subwarden/gate/1", "findings": []}', encoding="utf-8")
    findings = [{"id": "P1-a", "replay": RUN.string()}, {"id": "P2-b", "replay": RUN.string()}]
    Path("two.json").write_text(json.dumps({"schema": "subwarden/gate/1", "findings": findings}), encoding="utf-8")
    Path("run.txt").write_text(RUN.string(), encoding="utf-8")
    try:
        code = main(["view", *words])
    except SystemExit as usage:
        code = int(usage.code or 0)
    assert (code, said in capsys.readouterr().err) == (3, True)


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (["two.json", "--finding", "2"], "order fifo"),
        (["examples/rooms.py:Adapter", "--program", "program.txt", "--order", "any"], "Level core, order any"),
        (["examples/transfer.py:both_ways", "--replay", "sx1-Bxs6yw"], "A scenario, order any"),
    ],
)
def test_a_record_a_program_and_a_scenario_are_served(
    words: list[str], about: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    findings = [{"id": "P1-a", "replay": "sw1-x"}, {"id": "P2-b", "replay": RUN.string()}]
    Path("two.json").write_text(json.dumps({"schema": "subwarden/gate/1", "findings": findings}), encoding="utf-8")
    Path("program.txt").write_text("A  connect(c1), then subscribe(c1, t1)\nB  disconnect(c1)\n", encoding="utf-8")
    words = [str(ROOT / word) if word.startswith("examples") else word for word in words]
    pages: list[str] = []
    real = Server.run

    def look(server: Server) -> None:
        pages.append(Asking(server).ask("")[1])
        server.stop()

    def run(self: Server) -> str:
        threading.Thread(target=look, args=(self,)).start()
        return real(self)

    monkeypatch.setattr(Server, "run", run)
    assert main(["view", *words]) == 0
    assert about in pages[0]
    assert "/ (Ctrl-C ends it)" in capsys.readouterr().out


@pytest.mark.slow
def test_ctrl_c_ends_the_command_cleanly() -> None:
    command = [sys.executable, "-m", "subwarden", "view", f"stateful_tests/corpus/{RAW}.json"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("source: open http://127.0.0.1:")
    process.send_signal(SIGINT)
    out, err = process.communicate(timeout=20)
    assert (out.strip(), err, process.returncode) == ("subwarden view: ended (stopped)", "", 0)

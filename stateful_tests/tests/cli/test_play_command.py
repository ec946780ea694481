"""`subwarden play`: the operations are the user's, the schedules the tool's."""

import io
import json
import sys
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.drawing.written import BadProgram, program_of
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.tests.hostile.subjects import ADAPTER, GOOD
from subwarden.stateful_tests.tests.paths import ROOT

ROOMS = f"{ROOT / 'examples' / 'rooms.py'}:Adapter"
SEATS = f"{ROOT / 'examples' / 'seats.py'}"
LEAVES = "A  connect(c1), then subscribe(c1, t1)\nB  disconnect(c1)\n"


def played(subject: str, text: str, folder: Path, *options: str) -> int:
    (folder / "program.txt").write_text(text, encoding="utf-8")
    return main(["play", "--subject", subject, str(folder / "program.txt"), "--schedules", "200", *options])


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the runs of findings are kept there


def test_a_bug_that_the_program_can_show_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert played(ROOMS, LEAVES, tmp_path) == 1
    out = capsys.readouterr().out
    name = out.partition("replay: subwarden replay ")[2].split()[0]
    assert len(name) == 6
    assert main(["replay", name, "--subject", ROOMS]) == 1
    capsys.readouterr()
    assert played(ROOMS, LEAVES, tmp_path, "--portable") == 1
    assert "replay: subwarden replay sw1-" in capsys.readouterr().out
    assert out.startswith("P2 no phantom subscriber: a connection that is not live is subscribed\n")
    assert "1 finding (3 operations under " in out


def test_a_program_that_cannot_show_it_has_no_violation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert played(ROOMS, "A  connect(c1), then subscribe(c1, t1), then disconnect(c1)\n", tmp_path) == 0
    assert "no violation (3 operations under " in capsys.readouterr().out


def test_an_adapter_with_a_model_of_its_own_is_played(tmp_path: Path) -> None:
    text = "A  join(c1, t1)\nB  join(c2, t1)\n"
    assert played(f"{SEATS}:Overbooked", text, tmp_path) == 1
    assert played(f"{SEATS}:Adapter", text, tmp_path) == 0


def test_the_same_program_gives_the_same_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outs = []
    for _ in range(2):
        played(ROOMS, LEAVES, tmp_path)
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]


def test_a_program_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LEAVES.encode())))
    assert main(["play", "--subject", ROOMS, "-", "--schedules", "200"]) == 1


def test_comments_separators_and_cancellations_are_read() -> None:
    program = program_of(
        "# a comment\n\nany: connect(c1); subscribe(c1, t1)  # more\nB  publish(t1)  (may be cancelled)\n", "p", CORE_LEVEL
    )
    assert [len(chain) for chain in program.tasks] == [2, 1]
    assert program.faults == (1,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "p has no task"),
        ("# nothing\n", "p has no task"),
        ("A  connect(c1)\nB  fly(c1)\n", "p:2: "),
        ("A  connect(c1) and subscribe(c1, t1)\n", "p:1: "),
        ("A  connect\n", "p:1: "),
        ("A  subscribe(c1)\n", "p:1: "),
        ("A  connect(True)\n", "p:1: "),
        ("x" * 100_001, "p is longer than"),
    ],
)
def test_a_program_that_cannot_be_read_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadProgram) as refused:
        program_of(text, "p", CORE_LEVEL)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("words", [["--subject", "manager", "x"], ["--subject", ROOMS, "missing.txt"], ["--subject", "exec:cat", "x"]])
def test_a_mistake_is_one_line_and_exit_code_3(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", *words]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_program_has_all_the_schedules_that_were_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each order, though its runs reach nothing new."""
    monkeypatch.chdir(tmp_path)
    Path("good.py").write_text(ADAPTER)
    Path("program.txt").write_text(GOOD)
    assert main(["play", "program.txt", "--subject", "good.py:Good", "--schedules", "200", "--json", "run.json"]) == 0
    made = json.loads(Path("run.json").read_text())
    assert all(check["schedules"] > 190 for check in made["checks"])


BLIND = """
class Adapter:
    def connect(self, client): ...
    def subscribe(self, client, topic): ...
    def observe(self):
        return {}
"""


@pytest.mark.parametrize(("subject", "program", "alone"), [(BLIND, "A  connect(c1)\nB  subscribe(c1, t1)\n", True), (None, LEAVES, False)])
def test_a_finding_in_which_no_two_calls_overlap_says_so(
    subject: str | None, program: str, alone: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("blind.py").write_text(subject or "", encoding="utf-8")
    assert played("blind.py:Adapter" if subject else ROOMS, program, tmp_path, "--html", "page.html", "--schedules", "40") == 1
    out = capsys.readouterr().out
    assert ("No two calls overlap in this run" in out) is alone
    assert ("No two calls overlap in this run" in Path("page.html").read_text(encoding="utf-8")) is alone
    assert ("c1 on t1: observe() does not show it, and should" in out) is alone

"""A process judged by a model of the user's own: by its answers, by what it shows, and by what the model lets wait."""

import json
import sys
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.checking.adapter_judge import OBSERVE_SHOWS
from subwarden.checking.custom.model import CustomOperation
from subwarden.cli.main import main
from subwarden.stateful_tests.exec.finding import investigate
from subwarden.stateful_tests.exec.gate import Amount, ExecOutcome, explore
from subwarden.stateful_tests.exec.models.named import model_of
from subwarden.stateful_tests.exec.program import ExecProgram, ExecTask
from subwarden.stateful_tests.exec.runner import ExecRunner
from subwarden.stateful_tests.exec.saved import SavedRun
from subwarden.stateful_tests.tests.paths import DATA, ROOT
from subwarden.stateful_tests.walking.exec_walk import ExecWalk

LIMIT = 20.0
SEATS = f"{sys.executable} {ROOT / 'examples' / 'exec' / 'seats.py'}"
SEATS_MODEL = f"{ROOT / 'examples' / 'seats.py'}:Model"
LOCKS = f"{sys.executable} {DATA / 'exec' / 'locks.py'}"
LOCKS_MODEL = f"{DATA / 'exec' / 'locks.py'}:Model"
TWO_JOIN = ExecProgram((), tuple(ExecTask(name, (CustomOperation("join", (client, "t1")),)) for name, client in (("A", "c1"), ("B", "c2"))))


def explored(command: str, model: str, programs: int, runs: int) -> ExecOutcome:
    with ExecRunner(command, LIMIT, model_of(model)) as runner:
        return explore(runner, Amount(programs, runs), 0, None, lambda *_: None)


def test_a_box_office_with_threads_holds_and_everything_that_its_model_insists_on_was_seen() -> None:
    outcome = explored(SEATS, SEATS_MODEL, 60, 5)
    assert (outcome.findings, outcome.doubts) == ({}, [])
    assert outcome.kinds == model_of(SEATS_MODEL).kinds(("join", "leave")) | {OBSERVE_SHOWS}
    assert "join: 'waits'" in outcome.kinds


def test_two_that_find_the_last_seat_free_are_told_so_with_the_answers_that_are_right() -> None:
    with ExecRunner(f"{SEATS} --overbooks", LIMIT, model_of(SEATS_MODEL)) as runner:
        run = next(run for _ in range(300) if (run := runner.run(TWO_JOIN)).broken is not None)
        assert run.broken is not None
        found = investigate(runner, run.broken.cause, run)
    assert found.run.broken is not None
    assert found.run.broken.cause == causes.wrong_answer("join")
    assert found.run.broken.detail.endswith("returned 'seated'; the model allows 'waits'")
    assert len(found.run.program.operations()) == 2


def test_calls_that_the_model_lets_wait_are_no_deadlock_and_a_lock_held_twice_is_found() -> None:
    holds = explored(LOCKS, LOCKS_MODEL, 40, 6)
    assert (holds.findings, holds.doubts) == ({}, [])
    assert holds.kinds >= {"release: True", "release: False", OBSERVE_SHOWS}
    found = explored(f"{LOCKS} --hasty", LOCKS_MODEL, 40, 10)
    assert found.findings
    for cause, finding in found.findings.items():
        assert cause in {causes.wrong_state("acquire"), causes.wrong_answer("acquire")}
        assert [operation.name for operation in finding.run.program.operations()] == ["acquire", "acquire"]
        assert finding.run.names is not None, "it has a schedule, which replays"


def test_a_process_that_schedules_itself_need_not_answer_what_the_model_lets_wait() -> None:
    """And such a run does not take the time limit."""
    holds = explored(f"{LOCKS} --alone", LOCKS_MODEL, 30, 2)
    assert (holds.findings, holds.doubts) == ({}, [])
    assert holds.seconds < LIMIT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a copy of the model, to work in."""
    copy(DATA / "exec" / "locks.py", tmp_path / "model.py")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_gate_replay_check_and_page_of_a_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subject = f"exec:{LOCKS} --hasty"
    page, record = folder / "page.html", folder / "record.json"
    asked = ["gate", "--subject", subject, "--model", "model.py:Model", "--answer-within", "20", "-x", "--html", str(page)]
    assert main([*asked, "--json", str(record)]) == 1
    (finding,) = json.loads(record.read_text())["findings"]
    states = [moment["state"] for moment in finding["trace"]["moments"]]
    assert states[-1]["shown"] or not states[-1]["followed"]
    assert any(state["must"] or state["may"] for state in states)
    assert "held" in page.read_text()
    out = capsys.readouterr().out
    assert "--model model.py:Model  (not linearizable)" in out
    assert main(["replay", finding["replay"]]) == 1
    assert finding["said"] in capsys.readouterr().out
    assert main(["check", finding["history"], "--model", "model.py:Model"]) == 1, "what showed is in the history"


def test_a_walk_of_a_run_shows_the_model_of_the_user(folder: Path) -> None:
    program = ExecProgram(
        (), tuple(ExecTask(name, (CustomOperation("acquire", (client,)),)) for name, client in (("A", "c1"), ("B", "c2")))
    )
    walk = ExecWalk(SavedRun(f"{LOCKS} --hasty", program, (), "x", LIMIT, model="model.py:Model"))
    try:
        first = walk.at([])
        assert [each["said"] for each in first["candidates"]] == ["calls acquire(c1)", "calls acquire(c2)"]
        end = walk.at([each["name"] for each in first["candidates"]], "end")
    finally:
        walk.close()
    assert any(state["state"]["shown"] for state in end["trace"]["moments"])
    assert end["ended"]


def test_a_run_asks_before_it_imports_a_model_that_has_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = folder / "run.json"
    made: dict[str, Any] = {"schema": "subwarden/exec-run/1", "subject": f"exec:{LOCKS}", "schedule": [], "cause": "x", "answer_within": 20}
    made |= {"program": {"first": [], "tasks": [{"name": "A", "operations": [["acquire", "c1"]]}]}, "model": "model.py:Model"}
    saved.write_text(json.dumps({**made, "digest": "another"}))
    assert main(["gate", "--subject", f"exec:{LOCKS}", "--budget", "1"]) == 3, "the process has no connect: the core model cannot judge it"
    capsys.readouterr()
    assert main(["replay", str(saved)]) == 3
    said = capsys.readouterr().err
    assert "wants to run the subject model.py:Model" in said
    assert "add --subject 'exec:" in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--subject", f"exec:{LOCKS}", "--model", "model.py:Modell"], "model.py has no 'Modell'"),
        (
            ["--subject", f"exec:{SEATS}", "--model", "model.py:Model"],
            "hello offers the operation 'join'; the model model.py:Model has",
        ),
        (["--subject", "manager", "--model", "model.py:Model"], "--model model.py:Model is for exec: subjects"),
    ],
)
def test_a_model_that_does_not_fit_is_told_in_a_line(folder: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str) -> None:
    assert main(["gate", *asked, "--budget", "1"]) == 3
    assert said in capsys.readouterr().err


def test_a_history_asks_for_the_visible_state_by_a_call(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def history(shown: str) -> int:
        lines: list[dict[str, object]] = [
            {"history": 1},
            {"call": 1, "op": ["acquire", "c1"], "at": 1},
            {"call": 2, "op": ["observe"], "at": 2},
        ]
        lines += [{"return": 2, "at": 3, "answer": {"held": shown}}, {"return": 1, "at": 4, "answer": "c1"}]
        (folder / "history.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        return main(["check", "history.jsonl", "--model", "model.py:Model"])

    assert history("c1") == 0, "the acquire may have taken effect before it returned"
    assert history("c2") == 1
    assert "observe() [2] returned" in capsys.readouterr().out


def test_conformance_makes_the_checks_that_need_no_operation_of_the_core_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", LOCKS, "--model", "model.py:Model", "--answer-within", "20"]) == 0
    said = capsys.readouterr().out
    assert "pass  steps repeat" in said
    assert "pass  a wrong number of arguments" in said
    assert "skip  many calls at once: it calls operations of the core model" in said
    assert main(["conform", LOCKS, "--answer-within", "20"]) == 1, "the core model has no acquire"
    assert main(["conform", SEATS, "--model", SEATS_MODEL, "--answer-within", "20"]) == 0

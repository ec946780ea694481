"""Subjects in processes of their own: the worked examples hold or break as they say, and reports and replays agree."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from subwarden.checking import causes
from subwarden.checking.adapter_judge import OBSERVE_SHOWS
from subwarden.checking.linearizability.history import HistoryCall
from subwarden.checking.linearizability.reading import survey
from subwarden.checking.linearizability.verdict import judge, judge_file, survey_file
from subwarden.checking.verdict import Verdict
from subwarden.cli.main import main
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Publish, Subscribe, Unsubscribe, in_order
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.scheduling.strategies.sampling.feedback import Feedback
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.pos import Pos
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.sampling.surw import Surw
from subwarden.scheduling.strategies.sampling.urw import Urw
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.exec import finding as finding_module
from subwarden.stateful_tests.exec.conformance.checks import CHECKS
from subwarden.stateful_tests.exec.finding import investigate
from subwarden.stateful_tests.exec.gate import AMOUNTS, Amount, ExecOutcome, explore
from subwarden.stateful_tests.exec.models.core import kinds
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.program import ExecProgram, ExecTask, simpler
from subwarden.stateful_tests.exec.recording import SPECIFICATION, Recording
from subwarden.stateful_tests.exec.runner import ExecRunner
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.tests.paths import DATA, ROOT

EXAMPLES = ROOT / "examples" / "exec"
LIMIT = 20.0  # seconds: these answer at once, but a busy machine may not
NODE = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed: the subject in JavaScript is not run")
SOME: list[CoreOperation] = [Connect("c1"), Subscribe("c1", "t1"), Unsubscribe("c1", "t1"), Publish("t1"), Disconnect("c1")]
PHANTOM = causes.SUBSCRIBED_DEAD


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explored(command: str, programs: int, runs: int, seed: int = 0) -> ExecOutcome:
    with ExecRunner(command, LIMIT) as runner:
        return explore(runner, Amount(programs, runs), seed, None, lambda *_: None)


def test_steady_holds_with_everything_fired() -> None:
    outcome = explored(f"{EXAMPLES}/steady.py", 40, 5)
    assert (outcome.findings, outcome.doubts) == ({}, [])
    assert outcome.kinds == kinds(outcome.hello.operations) | {OBSERVE_SHOWS}
    assert outcome.choices > outcome.runs / 2


def test_the_phantom_is_found_and_shrunk_to_a_minimum() -> None:
    outcome = explored(f"{EXAMPLES}/phantom.py", 12, 10)
    assert set(outcome.findings) == {PHANTOM}
    run = outcome.findings[PHANTOM].run
    kinds_of = sorted(operation.name for operation in run.program.operations())
    assert kinds_of == ["connect", "disconnect", "subscribe"]
    with ExecRunner(f"{EXAMPLES}/phantom.py", LIMIT) as runner:
        for less in simpler(run.program):
            assert all(each.broken is None for each in every_run(runner, less)), less
        deviations = sum(pick > 0 for pick in run.choices)
        fewest = min(sum(pick > 0 for pick in r.choices) for r in every_run(runner, run.program) if r.broken)
        assert deviations == fewest


def every_run(runner: ExecRunner, program: ExecProgram) -> Iterator[ExecRun]:
    """All runs of `program`, under all schedules."""
    strategy = Exhaustive()
    while (run := runner.run_strategy(program, strategy)) is not None:
        yield run
    assert strategy.complete


@pytest.mark.parametrize("make", [RandomWalk, Urw, Surw, Pos, Feedback, Portfolio, lambda random: Pct(random, 2), lambda _: DelayBounded()])
def test_every_strategy_can_schedule_a_process(make: Callable[[Random], Strategy]) -> None:
    """A strategy sees the names of steps and tasks, and nothing else of the process. 6 of the 17 schedules show the phantom."""
    race = ExecProgram((Connect("c1"),), (ExecTask("A", (Subscribe("c1", "t1"),)), ExecTask("B", (Disconnect("c1"),))))
    strategy = make(Random(0))
    with ExecRunner(f"{EXAMPLES}/phantom.py", LIMIT) as runner:
        runs = [run for _ in range(30) if (run := runner.run_strategy(race, strategy)) is not None]
    assert {run.broken.cause for run in runs if run.broken is not None} == {PHANTOM}


def test_threads_hold_and_hasty_threads_leave_a_phantom() -> None:
    holds = explored(f"{EXAMPLES}/threads.py", 40, 5)
    assert (holds.findings, holds.doubts) == ({}, [])
    race = ExecProgram(
        (Connect("c1"),), (ExecTask("A", (Subscribe("c1", "t1"),)), ExecTask("B", (Disconnect("c1"), Unsubscribe("c2", "t1"))))
    )
    with ExecRunner(f"{EXAMPLES}/threads.py --hasty", LIMIT) as runner:
        runs = (runner.run(race) for _ in range(500))
        run = next(run for run in runs if run.broken is not None and run.broken.cause == PHANTOM)
        found = investigate(runner, PHANTOM, run)
    assert [operation.name for operation in found.run.program.operations()] == ["connect", "subscribe", "disconnect"]
    assert found.counted > 0
    assert judge(found.run.recording.moments, SPECIFICATION).verdict is Verdict.VIOLATED, "what showed at rest is in the history"


@NODE
def test_the_subject_in_javascript() -> None:
    holds = explored(f"{EXAMPLES}/events.js", 10, 3)
    assert (holds.findings, holds.doubts) == ({}, [])
    twice = ExecProgram(
        (Connect("c1"), Subscribe("c1", "t1")), (ExecTask("A", (Unsubscribe("c1", "t1"),)), ExecTask("B", (Unsubscribe("c1", "t1"),)))
    )
    with ExecRunner(f"{EXAMPLES}/events.js --hasty", LIMIT) as runner:
        run = runner.run(twice)
    assert run.broken is not None
    assert run.broken.cause == causes.wrong_answer("unsubscribe")


def test_conformance_asks_for_no_operation_that_is_not_offered(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", f"{sys.executable} {DATA}/adapters/small_process.py", "--answer-within", "20"]) == 0
    assert "fail  " not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["steady.py", "phantom.py", "threads.py", "threads.py --hasty", pytest.param("events.js", marks=NODE)])
def test_the_examples_speak_the_protocol(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", f"{EXAMPLES}/{command}", "--answer-within", "20", "--json", "checks.json"]) == 0
    out = capsys.readouterr().out
    assert "fail  " not in out
    made = json.loads((folder / "checks.json").read_text())
    assert made["verdict"] == "holds"
    assert [check["name"] for check in made["checks"]] == ["hello", *(check.name for check in CHECKS)]


def test_the_same_search_prints_the_same_twice(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AMOUNTS, "ci", Amount(12, 10))
    monkeypatch.setattr(finding_module, "SCHEDULES", 20)
    printed = []
    for name in ("one.json", "other.json"):
        assert main(["gate", "--subject", f"exec:{EXAMPLES}/phantom.py", "--json", name]) == 1
        out = capsys.readouterr().out
        record = json.loads((folder / name).read_text())
        seconds = record.pop("seconds")
        printed.append((out.replace(f"{seconds:.1f} s", "... s"), record))
    assert printed[0] == printed[1]
    assert printed[0][1]["verdict"] == "violated"
    assert printed[0][1]["schema"] == "subwarden/exec/1"


def test_a_finding_is_replayed_and_its_history_is_read_again(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(AMOUNTS, "ci", Amount(12, 10))
    monkeypatch.setattr(finding_module, "SCHEDULES", 20)
    assert main(["gate", "--subject", f"exec:{EXAMPLES}/phantom.py", "--json", "run.json"]) == 1
    finding = json.loads((folder / "run.json").read_text())["findings"][0]
    capsys.readouterr()
    assert main(["replay", finding["replay"]]) == 1
    assert f"P2 no phantom subscriber: {PHANTOM.mechanism}" in capsys.readouterr().out
    assert main(["check", finding["history"]]) == {"holds": 0, "violated": 1}[finding["judgement"]["verdict"]]
    capsys.readouterr()
    saved = json.loads(Path(finding["replay"]).read_text())
    for changes, code, said in (
        ({"subject": f"exec:{EXAMPLES}/steady.py"}, 0, "the run holds now; it was recorded for P2-a-connection-that-is-not-live"),
        ({"subject": f"exec:{EXAMPLES}/threads.py"}, 3, "cannot be scheduled now; find the run again with gate"),
        ({"schedule": ["nobody", *saved["schedule"]]}, 3, "the run cannot be followed: at step 1 the schedule wants 'nobody', but"),
        ({"schedule": 7}, 3, "its schedule is neither null nor a list of names"),
        ({"answer_within": "soon"}, 3, "its answer_within is not a number of seconds"),
        ({"program": {}}, 3, "a program has the lists first and tasks"),
        ({"subject": "manager"}, 3, "its subject and its cause must be strings"),
    ):
        Path("changed.json").write_text(json.dumps(saved | changes))
        named = str(changes.get("subject", ""))
        assert main(["replay", "changed.json", *(["--subject", named] if named.startswith("exec:") else [])]) == code
        captured = capsys.readouterr()
        assert said in captured.out + captured.err


def test_replay_refuses_options_for_managers_in_python(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = {"schema": "subwarden/exec-run/1", "program": ExecProgram((), ()).encode(), "schedule": None, "cause": "x", "answer_within": 1}
    Path("run.json").write_text(json.dumps(data | {"subject": "exec:./server"}))
    for arguments, said in (
        (["--subject", "manager"], "the replay was made for subject exec:./server, not manager"),
        (["--script", "x.py"], "--script and --trace need a manager in Python"),
    ):
        assert main(["replay", "run.json", *arguments]) == 3
        assert said in capsys.readouterr().err


def test_a_run_without_a_schedule_is_replayed_by_running_it_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    race = ExecProgram((Connect("c1"),), (ExecTask("A", (Subscribe("c1", "t1"),)), ExecTask("B", (Disconnect("c1"),))))
    data = {"schema": "subwarden/exec-run/1", "program": race.encode(), "schedule": None, "cause": PHANTOM.slug(), "answer_within": 20}
    for options, code, said in ((" --hasty", 1, "of 100 runs fail"), ("", 0, "0 of 100 runs fail, which proves nothing")):
        subject = f"exec:{EXAMPLES}/threads.py{options}"
        Path("run.json").write_text(json.dumps(data | {"subject": subject}))
        assert main(["replay", "run.json", "--subject", subject]) == code
        assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["hunt", "--subject", "exec:./server", "--budget", "1"], "`subwarden gate --subject exec:./server --budget 10m`"),
        (["prove", "--subject", "exec:./server"], "prove takes no subject: it searches the model"),
        (["replay", "x", "--subject", "exec:./server"], "cannot read x"),
        (["gate", "--subject", "exec:./server"], "there is no program ./server"),
        (["conform", "./server"], "there is no program ./server"),
        (["gate", "--subject", "exec:"], "it names no command"),
        (["gate", "--subject", "exec:'"], "its command cannot be read"),
    ],
)
def test_verbs_that_cannot_use_a_process_say_so_in_one_line(
    arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(arguments)
    except SystemExit as stopped:
        assert isinstance(stopped.code, int)
        code = stopped.code
    captured = capsys.readouterr()
    assert (code, captured.out, captured.err.count("\n")) == (3, "", 1)
    assert said in captured.err


def test_a_recording_and_its_file_are_judged_alike(tmp_path: Path) -> None:
    """For any recording: sound or not, with failures, unanswered calls and relations shown."""
    random, verdicts = Random(0), []
    for _ in range(300):
        recording = Recording()
        waiting: list[HistoryCall] = []
        for _ in range(12):
            if waiting and random.random() < 0.5:
                call = waiting.pop(random.randrange(len(waiting)))
                if random.random() < 0.1:
                    recording.failed(call)
                else:
                    recording.returned(call, answer(random, call.operation))
            elif random.random() < 0.2:
                recording.returned(recording.call("observed ", Publish("t1")), in_order(["c1"] if random.random() < 0.5 else []))
            else:
                waiting.append(recording.call(random.choice("AB"), random.choice(SOME)))
        path = tmp_path / "history.jsonl"
        path.write_text(recording.text())
        found = survey_file(path, SPECIFICATION)
        assert found.faults == [], recording.text()
        kept, read = judge(recording.moments, SPECIFICATION), judge_file(path, SPECIFICATION, found)
        assert kept.verdict is read.verdict
        if kept.verdict is Verdict.VIOLATED:
            assert kept.failing.id == read.failing.id  # type: ignore[union-attr]  # the verdict says which of them it is
        verdicts.append(kept.verdict)
    assert {Verdict.HOLDS, Verdict.VIOLATED} == set(verdicts)
    assert survey(recording.text().encode().splitlines(keepends=True), SPECIFICATION).lines == recording.now + 1


def answer(random: Random, operation: object) -> object:
    if isinstance(operation, Subscribe | Unsubscribe):
        return random.random() < 0.7
    return (("c1",) if random.random() < 0.5 else ()) if isinstance(operation, Publish) else None


def test_a_process_says_that_a_connection_may_come_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = f"{sys.executable} {DATA}/exec/comes_back.py"
    holds = explored(command, 40, 6)
    assert (holds.findings, holds.doubts) == ({}, [])
    with ExecRunner(command, LIMIT) as runner:
        assert holds.kinds == runner.model.kinds(holds.hello.operations) | {OBSERVE_SHOWS}
    assert main(["conform", command, "--answer-within", "20"]) == 0
    assert "fail  " not in capsys.readouterr().out
    assert causes.REVIVED in explored(f"{command} --silent", 30, 6).findings


def test_a_publish_that_tells_its_deliveries_need_not_know_whom_it_reached() -> None:
    command = f"{sys.executable} {DATA}/exec/tells.py"
    holds = explored(command, 40, 6)
    assert (holds.findings, holds.doubts) == ({}, [])
    assert holds.kinds >= {"publish: delivered", "publish: to nobody"}
    assert causes.wrong_answer("publish") in explored(f"{command} --loses", 40, 6).findings

"""Scripts of fifo findings of managers fail on the stock loop, and no script is claimed to fail that was not run."""

import asyncio
import io
import subprocess
import sys
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.cli.main import main
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.impl.subjects import SUBJECTS as BUILT_IN
from subwarden.model.manager import operations as op
from subwarden.reports.gate import write_finding
from subwarden.reports.layout.console import console_for
from subwarden.reports.script.manager import ORDERED, write
from subwarden.reports.script.manager_claims import check
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.record import script_record
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.runs.saved import saved_runs
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.script.run import SOUND, doubt, scripted
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.specimens.manager_defects.cancellation import HalfUnsubscribed
from subwarden.stateful_tests.specimens.manager_defects.catalogue import BLOCKING, DEFECTS
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.manager.claim import AT_REST, ENDLESS, SEEN
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.tests.golden_files import golden
from subwarden.stateful_tests.tests.script.kinds import kinds_of
from subwarden.stateful_tests.tests.script.server_findings import told_of

PROGRAMS: dict[str, list[list[list[object]]]] = {  # for planted defects without a program of their own
    "IndexNotCleaned": [
        [["connection_initialized", 1]],
        [["try_add_connection_to_thread", 1, 1]],
        [["unsubscribe_connection_from_thread", 1, 1]],
    ],
    "IdsOutliveTeardown": [[["connection_initialized", 1]], [["set_listener", 1, 1, 1, False]], [["remove_thread_state", 1]]],
    "Revived": [[["remove_connection", 1]], [["connection_initialized", 1]]],
    "SetListenerTakesAnybody": [[["set_listener", 1, 1, 1, False]]],
    "CloseKeepsSubscriptions": [[["connection_initialized", 1]], [["try_add_connection_to_thread", 1, 1]], [["remove_connection", 1]]],
    "TeardownKeepsListener": [[["thread_state", 1], ["state_set_listener", 1]], [["remove_thread_state", 1]]],
    "SupersededListenerRuns": [[["thread_state", 1], ["state_set_listener", 1], ["state_set_listener", 1]]],
    "AlwaysUnsubscribed": [[["unsubscribe_connection_from_thread", 1, 1]]],
    "EntryMeansSubscribers": [[["thread_state", 1]], [["has_subscribers", 1]]],
    "UnknownIdRaises": [[["remove_listener", 1]]],
    "TaskLeftBehind": [[["remove_connection", 1]]],
    "ExceptionNobodyRetrieves": [[["has_subscribers", 1]]],
    "WaitsForNobody": [[["unsubscribe_connection_from_thread", 1, 1]]],
}
PROGRAMS["EmptySetKept"] = PROGRAMS["IndexNotCleaned"]
SHOWN = [d for d in (*DEFECTS, BLOCKING[0]) if d.order is Order.FIFO and (d.program is not None or d.name in PROGRAMS)]


@cache  # two tests ask for each
def failing_run(defect: Defect) -> FailingRun:
    """A run of a planted defect that shows its cause."""
    program = defect.program or ManagerProgram.decode({"tasks": PROGRAMS[defect.name], "faults": []})
    if defect.cause == causes.BLOCKED:
        return FailingRun(Order.FIFO, program, ["+start A", "A"], defect.cause)
    with running():
        runner, strategy = Runner(MANAGER_LEVEL, defect.factory, Order.FIFO), DelayBounded(3, Random(0))
        for _ in range(2_000):
            result = runner.run_strategy(program, strategy)
            assert result is not None
            for cause in result.violations:
                if cause.broad() == defect.cause:
                    choose = fixed(result.choices)
                    return FailingRun(Order.FIFO, program, runner.record(program, lambda _candidates: choose)[1], cause)  # noqa: B023
    raise AssertionError("it was not found")


@pytest.mark.slow
@pytest.mark.parametrize("defect", SHOWN, ids=lambda d: d.name)
def test_the_script_of_a_planted_defect_fails_and_not_with_the_sound_manager(defect: Defect) -> None:
    run = failing_run(defect)
    made: Any = scripted(MANAGER_LEVEL, told_of(run), defect.subject, defect.factory, run)
    if defect.cause == causes.LOCK_CYCLE:
        assert not made["script_confirmed"]
        assert "deadlock" in made["script_doubt"]
        return
    assert made["script_confirmed"], made["script_doubt"]
    told = told_of(run)
    for name in ("manager", *([SLOWER] if made["plain"]["claim"]["kind"] in ORDERED else [])):
        sound = write({**told, "plain": {**made["plain"], "subject": imports(name)}})
        assert str(doubt(sound, told["said"])).startswith(SOUND)


def test_the_planted_defects_need_every_kind_of_claim() -> None:
    kinds = {*AT_REST.values(), *ENDLESS.values(), *SEEN.values()}
    assert kinds == {"listener", "two", "task", "lock", "unretrieved", "stuck", "restless", "blocked", "maps", "revived", "dead", "held"}
    assert {*AT_REST, *ENDLESS, *SEEN} - {d.cause for d in SHOWN} <= {causes.LATE_LISTENER, causes.SUBSCRIBED_DEAD}


SLOWER = "subwarden.stateful_tests.tests.script.slower_manager:Slower"


def kind_of(defect: Defect) -> str:
    """The kind of claim that the script of a planted defect makes."""
    run = failing_run(defect)
    claimant = MANAGER_LEVEL.claimant(run)
    if defect.cause.broad() not in ENDLESS:
        with running():
            Runner(MANAGER_LEVEL, defect.factory, run.order).follow(run.program, run.names, [claimant])
    kind: str = claimant.plain("manager")["claim"]["kind"]
    return kind


def test_every_kind_of_claim_is_planted() -> None:
    assert kinds_of(check) | {"blocked"} == {kind_of(defect) for defect in SHOWN if defect.cause != causes.LOCK_CYCLE}


NEEDED = "# --- what the run above needs"
RUNS_SAVED = dict(saved_runs(committed_only=True))
SAVED_FIFO = [name for name, replay in RUNS_SAVED.items() if replay.order is Order.FIFO and replay.level == MANAGER_LEVEL.name]
SAVED_SERVERS = [name for name, replay in RUNS_SAVED.items() if replay.order is Order.FIFO and replay.level == SERVER_LEVEL.name]


def saved(name: str) -> tuple[Replay, FailingRun]:
    replay = RUNS_SAVED[name]
    factory = BUILT_IN[replay.subject].factory
    with running():
        violations = Runner(MANAGER_LEVEL, factory, replay.order).follow(replay.program, replay.names).violations
    cause = next(cause for cause in violations if cause.slug() == replay.cause)
    return replay, FailingRun(replay.order, replay.program, replay.names, cause)


@pytest.mark.parametrize("name", SAVED_FIFO)
def test_the_script_of_a_committed_finding_of_managers_fails(name: str) -> None:
    replay, run = saved(name)
    made: Any = scripted(MANAGER_LEVEL, told_of(run), replay.subject, BUILT_IN[replay.subject].factory, run)
    assert made["script_confirmed"], made["script_doubt"]
    lines = [line for line in made["script"].splitlines() if line.strip()]
    assert 15 <= lines.index(NEEDED) <= 62  # what is to be read first
    assert len(lines) <= 110
    imported = [line for line in lines if line.startswith(("import", "from"))]
    assert not any(room in line for line in imported for room in ("scheduling", "checking", "stateful_tests", "reports", "cli"))
    assert max(map(len, lines)) <= 180


@pytest.mark.parametrize("name", SAVED_SERVERS)
def test_the_script_of_a_committed_finding_of_servers_fails(name: str) -> None:
    replay = RUNS_SAVED[name]
    with running():
        violations = Runner(SERVER_LEVEL, load(replay.subject, replay.level), replay.order).follow(replay.program, replay.names).violations
    made = script_record(replay, next(cause for cause in violations if cause.slug() == replay.cause))
    assert made["script_confirmed"], made["script_doubt"]


@pytest.mark.parametrize(
    "name",
    [
        "source-P2-a-closed-connection-is-live-again",
        "source-P9-the-turn-shown-is-not-the-listener-s-conversation-s",
        "split-lock-P2-a-subscription-outlives-its-connection",
    ],
)
def test_golden_scripts(name: str) -> None:
    replay, run = saved(name)
    made: Any = scripted(MANAGER_LEVEL, told_of(run), replay.subject, BUILT_IN[replay.subject].factory, run)
    golden(f"script_{name}.txt", made["script"])


def test_a_golden_script_that_counts_steps() -> None:
    run = failing_run(next(d for d in DEFECTS if d.name == "HalfUnsubscribed"))
    made: Any = scripted(
        MANAGER_LEVEL,
        told_of(run),
        "subwarden.stateful_tests.specimens.manager_defects.cancellation:HalfUnsubscribed",
        HalfUnsubscribed,
        run,
    )
    golden("script_half_unsubscribed.txt", made["script"])


class OnlyHere(Manager):
    """Wrong on the controlled loop only, as a finding would be that the harness itself caused."""

    async def has_subscribers(self, thread_id: int) -> bool:
        wrong = type(asyncio.get_running_loop()) is ControlledLoop
        return wrong or await super().has_subscribers(thread_id)


def test_a_run_that_does_not_fail_on_the_stock_loop_is_not_claimed() -> None:
    program = ManagerProgram(((op.HasSubscribers(1),),))
    run = FailingRun(Order.FIFO, program, ["+start A", "A"], causes.wrong_answer("has_subscribers"))
    made: Any = scripted(MANAGER_LEVEL, told_of(run), f"{__file__}:OnlyHere", OnlyHere, run)
    assert made["script"] is not None
    assert made["script_confirmed"] is False
    assert made["script_doubt"].startswith(f"{SOUND}: ")
    out = io.StringIO()
    finding: Any = {**told_of(run), **made, "order": "fifo", "cancellation": False, "operations": ["x"], "steps": [], "replay": "sw1-x"}
    finding |= {"said": run.cause.said(), "detail": "", "tasks": [{"name": "A", "operations": ["x"], "faults": ""}]}
    write_finding(finding, console_for(out))
    said = " ".join(out.getvalue().split())
    assert "not confirmed on stock asyncio (the script does not fail on the stock event loop: " in said
    assert "happens on stock asyncio" not in said
    assert "--script" not in said


def test_the_order_any_has_no_script() -> None:
    name = next(name for name, replay in RUNS_SAVED.items() if replay.order is Order.ANY)
    replay, run = saved(name)
    made: Any = scripted(MANAGER_LEVEL, told_of(run), replay.subject, BUILT_IN[replay.subject].factory, run)
    assert set(made.values()) == {None}


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("import sys; sys.exit('P0 something')", None),
        ("pass", "does not fail"),
        ("import sys; sys.exit('P1 another')", "exit code 1: P1 another"),
        ("import sys; print('noise', file=sys.stderr); sys.exit('P0 something')", "exit code 1"),
        ("raise ValueError('P0 something')", "exit code 1"),
        ("import sys; sys.exit(3)", "exit code 3: no word"),
    ],
)
def test_only_the_expected_line_confirms(script: str, what: str | None) -> None:
    said = doubt(script, "P0 something")
    assert (said is None) if what is None else (said is not None and what in said)


def test_a_script_whose_own_code_fails_says_so_and_ends(tmp_path: Path) -> None:
    """As where a changed adapter cannot be made any more: neither is it told as the finding, nor does the script idle for ever."""
    told = {"property": "P0", "title": "a", "said": "b", "tasks": [{"name": "A"}]}
    plain = {
        "subject": {"modules": [], "setup": [], "imports": ["make = 1 .real"], "make": "make"},
        "program": ManagerProgram(((op.HasSubscribers(1),),)).encode(),
        "schedule": ["+start A", "A"],
        "coroutines": True,
        "claim": {"kind": "stuck", "steps": None},
    }
    counting = doubt(write({**told, "plain": {**plain, "rests": []}}), "P0 a: b")
    assert counting == """the script ends with exit code 1: the script itself failed: TypeError("'int' object is not callable")"""
    resting = doubt(write({**told, "plain": {**plain, "rests": [0, 1]}}), "P0 a: b")
    assert resting == "the script ends with exit code 1: TypeError: 'int' object is not callable"


def test_a_script_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subwarden.stateful_tests.script.run.LIMIT", 1.0)
    assert doubt("while True: pass", "P0") == "the script did not end within 1 s"


def test_replay_writes_the_script_and_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "script.py"
    replay = RUNS_SAVED["source-P2-a-closed-connection-is-live-again"]
    assert main(["replay", replay.string(), "--script", str(file)]) == 1
    assert "fails on the stock event loop of Python" in " ".join(capsys.readouterr().out.split())
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "P2 no phantom subscriber: a closed connection is live again: [1]\n"


def test_replay_refuses_a_script_of_the_order_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replay = next(replay for replay in RUNS_SAVED.values() if replay.order is Order.ANY)
    assert main(["replay", replay.string(), "--script", str(tmp_path / "script.py")]) == 3
    assert "--script needs order fifo" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["own.py", "my-own.py"])
def test_a_script_imports_a_subject_from_a_user_s_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text("from subwarden.impl.manager.source import SourceManager\n\n\nclass Own(SourceManager):\n    pass\n")
    run = saved("source-P2-a-closed-connection-is-live-again")[1]
    made: Any = scripted(MANAGER_LEVEL, told_of(run), f"{file}:Own", SourceManager, run)
    assert made["script_confirmed"], made["script_doubt"]

"""Dead, slow, chatty and lying processes: a clear verdict or one clear line, in bounded time, and no process left behind."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exec import finding, stepper
from subwarden.stateful_tests.exec.gate import AMOUNTS, Amount
from subwarden.stateful_tests.tests.paths import TESTS

ROGUE = TESTS / "cli" / "rogue.py"
SILENT = {"says nothing", "is slow in a step", "hangs in a step", "alone, never answers", "alone, answers late"}
SILENT |= {"drips", "does not leave", "ignores the end of input"}
Gate = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, and where processes write their numbers; afterwards none of them may run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(finding, "SCHEDULES", 10)  # how small a finding becomes is another test's business
    monkeypatch.setattr(finding, "SECONDS", 1.0)
    monkeypatch.setattr(finding, "RESTARTS", 1)
    monkeypatch.setattr(finding, "COUNTING", 0.2)
    monkeypatch.setattr(stepper, "LIMIT", 100)
    monkeypatch.setitem(AMOUNTS, "ci", Amount(8, 6))
    path = tmp_path / "numbers"
    yield path
    started = [int(line) for line in path.read_text().split()] if path.exists() else []
    assert all(gone(number) for number in started), "a process is left behind"


def gone(number: int) -> bool:
    """Whether that process has ended; its new parent may take a moment to reap it."""
    for _ in range(200):
        try:
            os.kill(number, 0)
            if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True  # it has ended, and its exit code has not been read yet
        except OSError:
            return True
        time.sleep(0.01)
    return False


def limit(mode: str) -> str:
    """Short only where it will be waited for: a busy machine must not make the others look slow."""
    return "0.5" if mode in SILENT else "20"


def subject(mode: str) -> str:
    return shlex.join([sys.executable, str(ROGUE), mode, "numbers"])


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Gate:
    """Runs the gate on a mode: exit code, standard output, standard error."""

    def run(mode: str, *options: str) -> tuple[int, str, str]:
        code = main(["gate", "--subject", f"exec:{subject(mode)}", "--answer-within", limit(mode), "--profile", "ci", *options])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert "internal error" not in err
        return code, out, err

    return run


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        # dead
        ("dies at once", "at hello it ended with exit code 4; the last line of its standard error: no configuration"),
        ("dies at reset", "at reset it ended with exit code 3"),
        ("closes its output", "at hello it closed its standard output, and still runs"),
        # slow
        (
            "says nothing",
            "hello was not answered within 1.5 s; flush standard output after every line, or give it more with --answer-within",
        ),
        ("is slow in a step", "an answer took more than 0.5 s; give it more with --answer-within, or a quieter machine"),
        ("drips", "hello was not answered within 1.5 s"),
        # chatty
        ("talks", "the line 'server ready' is not JSON; standard output is for the protocol alone"),
        ("writes a long line", "it wrote a line of more than 1,000,000 bytes"),
        ("never ends a line", "it wrote a line of more than 1,000,000 bytes"),
        ("answers what nobody asked", "it answers request 99, which nobody made"),
        ("writes bytes", "is not JSON"),
        ("delivers to nobody knows whom", "it tells a delivery of request 1, which is no publish that is under way"),
        # lying
        ("answers twice", "a second time, or after the reset that dropped it"),
        ("answers with no id", """the line '{"result": null}' should be {"id": ID, "result": ...} or {"id": ID, "error": TEXT}"""),
        ("answers another shape", "subscribe answers true or false, not 'yes'"),
        ("answers at once", "while no step runs; a process that has steps acts in them alone"),
        ("speaks version 2", "it speaks version 2 of the protocol; this harness speaks version 1"),
        ("has no name", 'hello must give a name: "name": TEXT'),
        ("offers juggling", "hello offers the operation 'juggle'; the protocol has connect, subscribe"),
        ("offers nothing", "hello does not offer connect; without connect and subscribe there is nothing to judge"),
        ("maybe observes", 'hello: "observe" is true or false, not maybe'),
        ("shows no pairs", "observe: subscribers is a list of pairs [TOPIC, CONNECTION], not ['t1']"),
        ("lists no list", "poll and step answer the list of the names of the steps that may run next, not {"),
        ("names two steps alike", "two steps have one name in "),
        ("claims to be observed", "observe was answered by an error: ValueError: nothing to see"),
        # and a process that schedules itself
        ("alone, claims steps", "while no step runs; a process that has steps acts in them alone"),
        ("alone, answers late", "an answer took more than 0.5 s; give it more with --answer-within, or a quieter machine"),
        ("alone, answers twice", "a second time, or after the reset that dropped it"),
        ("alone, shows nothing", "observe answers null, which says mid-change, though every call has been answered"),
    ],
)
def test_a_process_that_cannot_be_judged_gives_one_line_and_exit_code_3(mode: str, said: str, gate: Gate) -> None:
    code, out, err = gate(mode)
    assert (code, out, err.count("\n")) == (3, "", 1), err
    assert f"subwarden gate: subject exec:{subject(mode)}: " in err
    assert said in err


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("dies in a step", "P7 answered: the process ends while an operation is unanswered\nit ended with exit code 7; the last line"),
        ("crashes in a step", "it was killed by SIGSEGV"),
        ("hangs in a step", "P13 no deadlock: a step blocks the loop for real\na step, or poll was not answered within 1.5 s"),
        ("waits for ever", "P13 no deadlock: the run does not come to rest"),
        ("hides a step", "P13 no deadlock: nothing can move and an operation has not returned"),
        ("raises", "P8 last word wins: subscribe answers with an error\nKeyError: 't"),
        ("claims what it lacks", "P8 last word wins: teardown answers with an error"),
        ("one map only", "P1 maps agree: the maps disagree"),
        ("revives", "P2 no phantom subscriber: a closed connection is live again"),
        ("alone, never answers", "P7 answered: an operation is never answered\nteardown(t"),
        ("alone, dies", "P7 answered: the process ends while an operation is unanswered\nit ended with exit code 9"),
        ("alone, shows others live", "P8 last word wins: the live connections shown are those of no order of the calls"),
        ("alone, revives", "P2 no phantom subscriber: a closed connection is live again"),
        ("phantom that nobody sees", "P8 last word wins: publish returned a wrong answer"),
        ("delivers late", "P8 last word wins: a delivery comes when its subscription has ended"),
    ],
)
def test_misbehaviour_that_can_be_judged_is_a_finding(mode: str, said: str, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    if mode in ("delivers late", "phantom that nobody sees"):  # it takes two calls that meet
        monkeypatch.setitem(AMOUNTS, "ci", Amount(40, 10))
    code, out, err = gate(mode)
    assert code == 1, out + err
    assert " ".join(said.split()) in " ".join(out.split())  # a report is as wide as its terminal
    assert "violated (" in out


def test_a_correct_process_that_schedules_itself_holds(gate: Gate) -> None:
    code, out, err = gate("alone")
    assert code == 0, out + err
    assert "scheduling: the process schedules itself" in out


def test_an_observe_that_never_shows_anything_makes_a_pass_inconclusive(gate: Gate) -> None:
    code, out, err = gate("never shows")
    assert code == 2, out + err
    assert "never fired: observe() shows something" in out


@pytest.mark.slow
def test_complaints_on_standard_error_are_ignored(gate: Gate) -> None:
    code, out, _ = gate("complains for ever", "--budget", "0.5")
    assert code in (0, 2), out  # within that time some kinds of transition may not have fired
    assert "(no findings in " in out
    assert "doubt" not in out


def test_a_process_with_other_steps_each_time_is_a_doubt(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AMOUNTS, "ci", Amount(8, 60))  # so that a systematic strategy goes back to a choice that is gone
    code, out, _ = gate("lists one step every third time")
    assert code == 2
    assert "doubt: the process does not repeat: choice " in out


def test_a_process_that_does_not_repeat_is_a_doubt(gate: Gate) -> None:
    code, out, _ = gate("forgets the fifth")
    assert code == 2
    assert "doubt: the process does not repeat: under the same schedule it answered or showed something else" in " ".join(out.split())


def test_a_finding_is_kept_when_the_next_process_cannot_be_talked_to(gate: Gate) -> None:
    code, out, _ = gate("another name each time")
    assert code == 1
    assert "P7 answered: the process ends while an operation is unanswered" in out
    assert "doubt: the search ended early" in out
    assert "its hello is another than that of the process before" in out


def interrupted(numbers: Path, processes: int, *arguments: str) -> tuple[int, str, str]:
    """The exit code and the output of a command that gets Ctrl-C once it has started so many processes."""
    command = [sys.executable, "-c", "from subwarden.cli.main import entry; entry()", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as made:
        while not (numbers.exists() and len(numbers.read_text().split()) == processes):
            time.sleep(0.01)
        made.send_signal(signal.SIGINT)
        out, err = made.communicate(timeout=20)
    return made.returncode, out, err


def test_ctrl_c_ends_the_gate_and_the_process(numbers: Path) -> None:
    code, out, err = interrupted(numbers, 3, "gate", "--budget", "60", "--subject", f"exec:{subject('none')}")  # 3: the search is under way
    assert code == 2, err
    assert "Stopped early" in out
    assert err == ""


def test_ctrl_c_ends_the_conformance_test_and_the_process(numbers: Path) -> None:
    made = interrupted(numbers, 2, "conform", "--answer-within", "60", subject("says nothing"))
    assert made == (2, "", "subwarden: stopped\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "check", "said"),
    [
        ("talks", "hello", "the line 'server ready' is not JSON"),
        ("says nothing", "hello", "hello was not answered within 1.5 s"),
        ("speaks version 2", "hello", "it speaks version 2"),
        ("ignores unknown messages", "an unknown message", "frobnicate is answered None, not an error"),
        ("answers at once", "operations, one by one", "while no step runs"),
        ("answers another shape", "operations, one by one", "subscribe answers true or false, not 'yes'"),
        ("claims what it lacks", "operations, one by one", "teardown answers with an error"),
        ("one map only", "operations, one by one", "the maps disagree"),
        ("shows no pairs", "observe", "subscribers is a list of pairs"),
        ("hides a step", "many calls at once", "calls at once are not answered, and nothing is left to run"),
        ("keeps its state", "reset", "those of no order of the calls; the calls: calls subscribe(c1, t1)"),
        ("lists by chance", "steps", "two polls, one after the other, list two things"),
        ("lists by chance", "steps repeat", "a second time, and it lists other steps"),
        ("does not leave", "bye", "it still runs 0.5 s after bye"),
        ("leaves with 5", "bye", "its exit code after bye is 5, not 0"),
        ("none", "bye", "it has left a process of its own behind"),
        ("ignores the end of input", "end of input", "it still runs 0.5 s after the end of its standard input"),
    ],
)
def test_the_conformance_test_names_the_check_and_how_to_mend_it(
    mode: str, check: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conform", subject(mode), "--answer-within", limit(mode)]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith(f"fail  {check}: "))
    assert said in lines[at]
    assert lines[at + 1].startswith("      fix: ")
    assert lines[-1].endswith("skipped)")
    assert "does not conform" in lines[-1]

"""A subject that cannot be checked is refused in one line that says how to mend it, with exit code 3.

No traceback of ours, no silence, no hang. A fault of a *manager* is a finding instead, if it can be judged.
"""

import gc
from pathlib import Path

import pytest

from subwarden.checking import causes
from subwarden.checking.bad_observation import BadObservation
from subwarden.cli.main import main
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects import watched_load
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.tests.checks import CHECKS
from subwarden.stateful_tests.tests.cli.refusals import one_line

pytestmark = pytest.mark.usefixtures("bad_files")


SHORT = Profile("short", examples=4, schedules=10, steps=9, derandomized=True)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("nobody", "unknown subject 'nobody'; built-in subjects are manager, source, split-lock"),
        ("", "unknown subject ''"),
        (":", "unknown subject ':'"),
        ("mine.py:", "path/to/file.py:Factory"),
        ("missing.py:Manager", "there is no file missing.py; give a path"),
        ("folder.py:Manager", "there is no file folder.py"),
        ("no.such.module:Manager", "No module named 'no'; install it"),
        ("broken.py:Manager", "importing broken.py raised SyntaxError"),
        ("binary.py:Manager", "importing binary.py raised"),
        ("mine.py:Absent", "mine.py has no 'Absent'"),
        ("mine.py:not_a_factory", "mine.py has a non-callable 'not_a_factory'"),
        (
            "mine.py:needs",
            "needs() is called without arguments, since its manager is not an adapter: missing a required arg",
        ),
        ("mine.py:raises", "raised ValueError: two; fix"),
        ("mine.py:leaves", "raised SystemExit: 0; fix"),
        ("mine.py:Nothing", "has no method connect, subscribe"),
        ("mine.py:WrongSignature", "has_subscribers must take (thread)"),
        ("mine.py:ShowRaises", "raised KeyError: 'the maps'"),
        ("mine.py:ShowIsNoState", "show() must return None or a model.manager.projection.Shown"),
        ("mine.py:ShowIsHalfAState", "show() must return None or a model.manager.projection.Shown"),
        ("mine.py:NoLocks", "locks() must return a dict"),
        ("mine.py:StartsAsNoState", "starts_as must be a model.manager.state.State, not dict"),
        ("mine.py:StartsAsAnother", "starts_as and show() of a fresh manager disagree"),
        (
            "mine.py:MadeOnce",
            "MadeOnce() raised RuntimeError: only one after earlier calls had succeeded; it must make a fresh manager for every run",
        ),
        ("mine.py:ShowRaisesLater", "show() raised KeyError: 'the maps'"),
        ("mine.py:ShowOfALaterRaises", "show() raised KeyError: 'of a later one'"),
        ("mine.py:Executor", "loop.run_in_executor brings an order that cannot be controlled; replace it"),
        ("mine.py:Swallows", "loop.run_in_executor brings an order that cannot be controlled; replace it"),
        ("mine.py:Socket", "brings an order that cannot be controlled; replace it"),
        ("mine.py:Exits", "its code raised SystemExit(0) at mine.py:"),
        ("mine.py:Interrupts", "its code raised KeyboardInterrupt at mine.py:"),
        ("mine.py:interrupts", "loading it raised KeyboardInterrupt, raised at mine.py:"),
    ],
)
def test_a_subject_that_cannot_be_checked(subject: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "gate", "--subject", subject, "--profile", "dev", "--jobs", "1")
    assert said in err
    assert repr(subject) in err or f"subject {subject}:" in err


@pytest.mark.parametrize("verb", ["gate", "hunt"])
def test_a_subject_that_leaves_does_not_decide_the_exit_code(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, verb, "--subject", "mine.py:ShowLeaves", "--budget", "1", "--jobs", "1")
    assert "loading it raised SystemExit: 0, raised at mine.py:16; fix that first" in err


@pytest.mark.parametrize("verb", ["gate", "hunt"])
@pytest.mark.parametrize("factory", ["MadeOften", "Often"])
def test_a_factory_that_raises_after_many_calls_is_told_in_one_line(factory: str, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It does so where Hypothesis draws, which would rather complain that the subject is not the same each time."""
    err = one_line(capsys, verb, "--subject", f"mine.py:{factory}", "--budget", "5", "--jobs", "1")
    assert f"subject mine.py:{factory}: " in err
    assert "raised RuntimeError: no more" in err


@pytest.mark.parametrize(("factory", "error"), [("LateShow", BadObservation), ("LateSocket", UncontrolledSource)])
def test_what_cannot_be_judged_after_a_while_is_what_is_told(factory: str, error: type[BaseException]) -> None:
    with running():
        search = GateSearch(CHECKS[0], MANAGER_LEVEL, load(f"mine.py:{factory}"), SHORT)
        with pytest.raises(error):
            for number in range(100):
                search.round(number, SHORT.examples)


@pytest.mark.parametrize(("factory", "error"), [("LateExit", SystemExit), ("LateInterrupt", KeyboardInterrupt)])
def test_a_subject_that_leaves_leaves_nothing_that_complains(factory: str, error: type[BaseException]) -> None:
    """Coroutines that were never awaited would add lines to the one that says what is wrong; here each is an error."""
    with running():
        search = GateSearch(CHECKS[0], MANAGER_LEVEL, load(f"mine.py:{factory}"), SHORT)
        with pytest.raises(error):
            for number in range(100):
                search.round(number, SHORT.examples)
    del search
    gc.collect()


def test_a_folder_that_cannot_be_written_does_not_cost_a_gate_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".subwarden").write_text("", encoding="utf-8")
    assert main(["gate", "--subject", "mine.py:Raises", "--profile", "dev", "--budget", "1", "--jobs", "1"]) == 1
    out, err = capsys.readouterr()
    assert "connection_initialized raises LookupError" in out
    assert err.splitlines()[-1].startswith("subwarden gate: cannot save findings in .subwarden/corpus: ")


def test_a_factory_that_blocks_is_interrupted_and_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_load, "PATIENCE", 0.5)
    err = one_line(capsys, "gate", "--subject", "mine.py:blocks")
    assert "blocks at " in err
    assert "in blocks; neither may wait" in err


@pytest.mark.parametrize(
    ("factory", "mechanism"),
    [
        ("Raises", causes.raised("connection_initialized", LookupError()).mechanism),
        ("Hangs", causes.DEADLOCK.mechanism),
        ("Leaves", causes.LEAKED_TASK.mechanism),
    ],
)
def test_a_manager_that_misbehaves_is_a_finding(factory: str, mechanism: str) -> None:
    with running():
        search = GateSearch(CHECKS[0], MANAGER_LEVEL, load(f"mine.py:{factory}"), SHORT)
        search.round(0, SHORT.examples)
    assert [cause.mechanism for cause in search.outcome.findings] == [mechanism]

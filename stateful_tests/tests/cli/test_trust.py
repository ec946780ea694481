"""A run that somebody sends is data: whatever it names is run only where the user has said so. Each way in is tried."""

import json
import os
import zlib
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis.database import InMemoryExampleDatabase

import subwarden
from subwarden.cli.main import main
from subwarden.files.bounded import text_of
from subwarden.stateful_tests.runs import saved
from subwarden.stateful_tests.runs.examples import ExampleRuns
from subwarden.stateful_tests.runs.files import digest_of, file_of
from subwarden.stateful_tests.runs.found.kept import short
from subwarden.stateful_tests.runs.replay import MARK, BadReplay, Replay, read
from subwarden.stateful_tests.runs.trust import insist, remember, was_named
from subwarden.stateful_tests.tests.cli.refusals import one_line
from subwarden.stateful_tests.tests.fixture.test_pytest_plugin import BROKEN
from subwarden.stateful_tests.tests.paths import DATA, ROOT

EVIL = "from pathlib import Path\nPath('ran').touch()\n" + BROKEN
CORPUS = ROOT / "stateful_tests" / "corpus"
LOST = DATA / "hub" / "lost.txt"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "evil.py").write_text(EVIL)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.syspath_prepend(str(tmp_path / "there"))


def sent(subject: str, digest: str = "") -> Replay:
    """A run of somebody else's, which names `subject`."""
    return replace(read(str(LOST)), subject=subject, digest=digest)


def process_run(command: str) -> str:
    """The name of a file with a run of a process."""
    program = {"first": [["connect", "c1"]], "tasks": [{"name": "A", "operations": [["subscribe", "c1", "t1"]]}]}
    data = {"schema": "subwarden/exec-run/1", "subject": f"exec:{command}", "program": program, "schedule": None, "cause": "x"}
    Path("run.json").write_text(json.dumps({**data, "answer_within": 5}))
    return "run.json"


@pytest.mark.parametrize("subject", ["../there/evil.py:Mine", "evil:Mine", "exec:touch ran"])
def test_a_replay_runs_nothing_that_the_user_has_not_named(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "replay", sent(subject).string())
    assert f"wants to run the subject {subject}, which you have not named here" in err
    assert "if you trust it, add --subject " in err
    with pytest.raises(BadReplay, match="wants to run the subject"):
        subwarden.replay(sent(subject).string())
    assert not Path("ran").exists()


@pytest.mark.parametrize("subject", ["../there/evil.py:Mine", "evil:Mine", "exec:touch ran"])
def test_no_other_command_runs_what_a_record_names(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"the run wants to run the subject {subject}, " in one_line(capsys, "view", sent(subject).string())
    assert main(["replay", str(CORPUS / "source-P2-a-closed-connection-is-live-again.json"), "--json", "record.json"]) == 1
    record = json.loads(Path("record.json").read_text())
    record["subject"], record["replay"] = subject, sent(subject).string()
    Path("record.json").write_text(json.dumps(record))
    assert main(["report", "record.json", "--html", "page.html"]) == 0
    capsys.readouterr()
    assert f"wants to run the subject {subject}, " in one_line(capsys, "view", "record.json")
    Path("log.jsonl").write_text(json.dumps({"history": 1, "model": subject}) + "\n")
    assert main(["check", "log.jsonl"]) == 3
    assert f"no model is called {subject!r}" in capsys.readouterr().err
    assert not Path("ran").exists()


@pytest.mark.slow
def test_a_corpus_that_somebody_sends_is_played_on_the_subject_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(BROKEN)
    saved.save(sent("../there/evil.py:Mine"))
    saved.save_by_name(sent("evil:Mine"), "abcdef")
    main(["gate", "--subject", "mine.py:Mine", "--profile", "dev", "--saved", "--budget", "2", "--jobs", "1"])
    assert main(["replay", short(sent("evil:Mine"))]) == 3
    assert not Path("ran").exists()


def test_an_example_database_is_read_without_importing_what_its_runs_name() -> None:
    examples = ExampleRuns("a test", read)
    examples._database = InMemoryExampleDatabase()
    for subject in ("../there/evil.py:Mine", "evil:Mine"):
        examples._database.save(examples._key, sent(subject).string().encode())
    examples._database.save(examples._key, b"sw1-no run")
    assert {run.subject for run in examples.runs()} == {"../there/evil.py:Mine", "evil:Mine"}
    assert not Path("ran").exists()


def test_a_run_of_a_process_starts_no_command_until_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    file = process_run("sh -c 'touch ran'")
    assert "wants to run the subject exec:sh -c 'touch ran'" in one_line(capsys, "replay", file)
    assert not Path("ran").exists()
    main(["replay", file, "--subject", "exec:sh -c 'touch ran'"])
    assert Path("ran").exists()


def test_a_hunt_that_is_resumed_runs_nothing_that_the_user_has_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("hunt").mkdir()
    head = {"schema": "subwarden/hunt-journal/2", "subject": "../there/evil.py:Mine", "seed": 0, "order": "fifo"}
    Path("hunt/journal.jsonl").write_text(json.dumps({"began": head}) + "\n")
    err = one_line(capsys, "hunt", "--resume", "hunt", "--rounds", "1", "--jobs", "1")
    assert "the hunt in hunt wants to run the subject ../there/evil.py:Mine" in err
    assert not Path("ran").exists()


def test_a_file_below_this_folder_is_run_if_it_is_the_one_that_made_the_run() -> None:
    Path("mine.py").write_text(BROKEN)
    digest = digest_of("mine.py:Mine")
    insist("mine.py:Mine", digest, "it")
    Path("mine.py").write_text(BROKEN + "\n")
    with pytest.raises(BadReplay, match=r"is not the one that made the run; .* add --subject mine\.py:Mine"):
        insist("mine.py:Mine", digest, "it")
    with pytest.raises(BadReplay, match="does not say which version"):
        insist("mine.py:Mine", "", "it")
    with pytest.raises(BadReplay, match="is no file below this folder"):
        insist("../there/evil.py:Mine", digest_of("../there/evil.py:Mine"), "it")


def test_a_link_out_of_this_folder_is_no_file_below_it() -> None:
    Path("mine.py").symlink_to("../there/evil.py")
    with pytest.raises(BadReplay, match="is no file below this folder"):
        insist("mine.py:Mine", digest_of("mine.py:Mine"), "it")


def test_a_subject_that_was_named_in_this_folder_is_known_here_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = "../there/evil.py:Mine"
    remember(subject)
    remember(subject)
    assert was_named(subject)
    insist(subject, "", "it")
    monkeypatch.chdir("../there")
    assert not was_named(subject)
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)  # no place to keep it
    remember(subject)
    assert not was_named(subject)


def test_the_replay_line_of_a_gate_can_be_pasted_also_after_the_mend(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(BROKEN)
    assert main(["gate", "--subject", "mine.py:Mine", "--profile", "dev", "--budget", "20", "--jobs", "1", "-x", "--json", "r.json"]) == 1
    (finding,) = json.loads(Path("r.json").read_text())["findings"]
    capsys.readouterr()
    assert main(["replay", finding["replay"]]) == 1
    Path("mine.py").write_text(BROKEN.replace("pass\n", "if client not in self.live: return False\n"))
    assert main(["replay", finding["replay"]]) == 0


def test_a_module_is_found_without_being_imported() -> None:
    found = file_of("evil:Mine")
    assert found is not None
    assert found.name == "evil.py"
    assert file_of("no.such.module:Mine") is None
    assert file_of("exec:evil.py:Mine") is None
    assert not Path("ran").exists()


def packed(data: Any) -> str:
    return MARK + urlsafe_b64encode(zlib.compress(json.dumps(data).encode(), 9)).decode().rstrip("=")


def test_what_is_too_much_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    run = read(str(LOST)).encode()
    assert "has more than 100,000 steps" in one_line(capsys, "replay", packed({**run, "schedule": ["A"] * 100_001}))
    many = {"tasks": [[["connect", "c1"]]] * 1_001, "faults": []}
    assert "has more than" in one_line(capsys, "replay", packed({**run, "program": many}))
    assert "is damaged" in one_line(capsys, "replay", packed({**run, "cause": "x" * 11_000_000}))
    os.mkfifo("fifo")
    assert "it is not a regular file" in one_line(capsys, "replay", "fifo")
    Path("large").write_bytes(b" " * 11_000_000)
    assert "it is larger than 10,000,000 bytes" in one_line(capsys, "replay", "large")


@pytest.mark.parametrize("name", ["journal.jsonl", "P2-x.json", "ends.json"])
def test_no_file_of_a_hunt_is_waited_for_or_breaks_the_resume(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for broken in ("fifo", "deep"):
        folder = Path(broken)
        folder.mkdir()
        head = {"schema": "subwarden/hunt-journal/2", "subject": "manager", "seed": 0, "order": "fifo"}
        (folder / "journal.jsonl").write_text(json.dumps({"began": head}) + "\n")
        (folder / name).unlink(missing_ok=True)
        if broken == "fifo":
            os.mkfifo(folder / name)
        else:
            (folder / name).write_text("[" * 100_000 + "\n")
        one_line(capsys, "hunt", "--resume", broken, "--rounds", "1", "--jobs", "1")


def test_no_history_that_nobody_writes_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("log.jsonl")
    assert main(["check", "log.jsonl"]) == 3
    assert "log.jsonl: not a regular file; give its text on standard input" in capsys.readouterr().err


def test_only_regular_files_of_some_size_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    assert text_of(tmp_path / "file", 4) == "text"
    for path, most in ((tmp_path / "file", 3), (tmp_path, 10), (Path(os.devnull), 10)):
        with pytest.raises(OSError, match=r"larger than 3|directory|not a regular"):
            text_of(path, most)

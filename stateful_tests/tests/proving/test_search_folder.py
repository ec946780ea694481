"""A search that is kept in a folder goes on after the last layer that it finished, and ends as one that was never stopped."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.cli.progress import bar
from subwarden.proving.manager.proof import Proof
from subwarden.proving.search import folder as module
from subwarden.proving.search.crew import Means
from subwarden.proving.search.folder import JOURNAL, SearchFolder
from subwarden.proving.search.state_file import CannotKeep
from subwarden.proving.server.proof import prove_server
from subwarden.proving.server.scope import ServerScope
from subwarden.stateful_tests.specimens.model_defects.server import DEFECTS
from subwarden.stateful_tests.tests.processes import SUBWARDEN, started, wait_for
from subwarden.stateful_tests.tests.proving.test_prove import command

SCOPE = ServerScope(in_flight=1)
LARGER = ServerScope(connections=2, in_flight=1)
OPTIONS = ("--level", "server", "--requests", "1")
LONGER = (*OPTIONS, "--connections", "2", "--extras", "cancels")
LITTLE = 1  # byte


@pytest.fixture(scope="module")
def whole() -> dict[ServerScope, Proof]:
    """The searches that nobody stopped."""
    return {scope: prove_server(scope) for scope in (SCOPE, LARGER)}


def begun(path: Path, depth: int, means: Means = Means(), scope: ServerScope = SCOPE) -> None:  # noqa: B008  # it cannot change
    """A search in `path` that was stopped at this depth."""
    folder = SearchFolder(path)
    folder.begin({})
    stopped = prove_server(scope, progress=lambda at: at.depth < depth, means=Means(means.memory, means.jobs, folder))
    assert stopped.search.stopped is not None
    folder.close()


def resumed(path: Path, means: Means = Means(), scope: ServerScope = SCOPE, **more: Any) -> Proof:  # noqa: B008  # it cannot change
    """The same search, to its end."""
    folder = SearchFolder(path)
    folder.head()
    folder.go_on()
    try:
        return prove_server(scope, means=Means(means.memory, means.jobs, folder), **more)
    finally:
        folder.close()


# --- resuming


@pytest.mark.parametrize(
    ("first", "then", "scope"),
    [
        (Means(), Means(), SCOPE),
        (Means(jobs=2), Means(), SCOPE),
        (Means(LITTLE), Means(LITTLE), LARGER),
        pytest.param(Means(jobs=2), Means(jobs=3), LARGER, marks=pytest.mark.slow),
        pytest.param(Means(), Means(LITTLE, 2), LARGER, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_resumed_search_ends_as_one_that_was_not_stopped(
    first: Means, then: Means, scope: ServerScope, tmp_path: Path, whole: dict[ServerScope, Proof]
) -> None:
    """Whatever memory and processes there are then; also when it is resumed once more, after its end."""
    begun(tmp_path / "search", 12, first, scope)
    for _ in range(2):
        proof = resumed(tmp_path / "search", then, scope)
        assert proof.as_data() == whole[scope].as_data()
        assert [list(layer) for layer in proof.search.layers] == [list(layer) for layer in whole[scope].search.layers]
        assert proof.search.orbits == whole[scope].search.orbits


def test_a_violation_is_found_again(tmp_path: Path) -> None:
    rules = DEFECTS["unsubscribe keeps the grant"]
    folder = SearchFolder(tmp_path)
    folder.begin({})
    found = prove_server(SCOPE, rules=rules, means=Means(folder=folder))
    folder.close()
    assert found.counter_examples
    assert resumed(tmp_path, rules=rules).as_data() == found.as_data()


def test_a_layer_that_was_not_finished_is_done_again(tmp_path: Path, whole: dict[ServerScope, Proof]) -> None:
    """Its files, and a line that was cut off, go."""
    begun(tmp_path, 12)
    journal = tmp_path / JOURNAL
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:-1]) + lines[-1][:20])
    (tmp_path / "00099-1of1.states").write_bytes(b"half a record")
    assert resumed(tmp_path).as_data() == whole[SCOPE].as_data()
    assert not (tmp_path / "00099-1of1.states").exists()
    assert all(json.loads(line) for line in journal.read_text().splitlines())


# --- refusing


def test_what_does_not_go_on_here_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another scope, level or symmetry; a folder without a search; one that has a search already. Exit code 3."""
    path = str(tmp_path / "search")
    assert command(*OPTIONS, "--max-states", "100", "--dir", path) == 2
    assert capsys.readouterr().err == f"subwarden prove: continue with: subwarden prove --resume {path}\n"
    for arguments, said in (
        (("--resume", path, "--connections", "2"), f"the search in {path} has connections 1, not 2"),
        (("--resume", path, "--extras", "lists"), f"the search in {path} has extras none, not lists"),
        (("--resume", path, "--level", "manager"), f"the search in {path} has level server, not manager"),
        (("--resume", path, "--items", "1"), "--items is not an option of level server"),
        (("--resume", path, "--no-symmetry"), f"the search in {path} has symmetry on, not off"),
        (("--resume", path, "--dir", f"{path}2"), "--resume continues in the same folder; leave --dir out"),
        (("--resume", f"{path}2"), f"{path}2 has no search (no search.jsonl)"),
        (("--dir", path), f"{path} has a search already; go on with --resume {path}"),
    ):
        assert command(*arguments) == 3, arguments
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        assert lines[0].startswith(f"subwarden prove: {said}")
    assert command("--resume", path, "--level", "server", "--connections", "1") == 0


def test_another_version_of_the_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state might mean something else there."""
    begun(tmp_path, 5)
    monkeypatch.setattr(module, "code_digest", lambda: "another")
    with pytest.raises(CannotKeep, match=r"is of another version of the model or of subwarden; begin anew with --dir$"):
        SearchFolder(tmp_path).head()


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (lambda states: states[:-1], "is damaged: 00010-1of1.states has changed since it was written"),
        (lambda states: bytes([states[0] ^ 1]) + states[1:], "is damaged: 00010-1of1.states has changed since it was written"),
        (lambda states: None, "cannot read .*00010-1of1.states: No such file or directory"),
    ],
)
def test_a_damaged_file_of_states_is_refused(damaged: Callable[[bytes], bytes | None], said: str, tmp_path: Path) -> None:
    """A state that is another one now would be searched: it ended in an error of ours, or could make a false proof."""
    begun(tmp_path, 12)
    file = tmp_path / "00010-1of1.states"
    states = damaged(file.read_bytes())
    if states is None:
        file.unlink()
    else:
        file.write_bytes(states)
    with pytest.raises(CannotKeep, match=rf"{said}; begin anew with --dir$"):
        resumed(tmp_path)


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    begun(tmp_path / "cut", 12)
    for text in ("", "{}\n", "[]\n", "nonsense\n", '{"began": 1}\n'):
        (tmp_path / "cut" / JOURNAL).write_text(text)
        with pytest.raises(CannotKeep, match=r"begin anew with --dir$"):
            SearchFolder(tmp_path / "cut").head()
    (tmp_path / "cut" / JOURNAL).write_bytes(b"\xff\xfe\n")
    with pytest.raises(CannotKeep, match=r"begin anew with --dir$"):
        SearchFolder(tmp_path / "cut").head()


def test_a_folder_that_does_not_say_what_it_searches_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for head in (
        {},
        {"level": "server"},
        {"level": "x", "scope": {}, "symmetry": True},
        {"level": "server", "scope": {"x": 1}, "symmetry": True},
    ):
        (tmp_path / JOURNAL).unlink(missing_ok=True)
        folder = SearchFolder(tmp_path)
        folder.begin(head)
        folder.close()
        assert command("--resume", str(tmp_path)) == 3
        said = capsys.readouterr().err
        assert said.startswith(f"subwarden prove: {tmp_path} does not say what it searches (")
        assert said.count("\n") == 1


def test_progress_tells_the_rate_and_the_states_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bar, "PLAIN_EVERY", 0.0)
    assert main(["prove", *OPTIONS, "--dir", str(tmp_path / "search")]) == 0
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert re.fullmatch(
        r"subwarden prove --level server: [\d,]+ states, [\d,]+/s, 0:\d\d, depth 9, \d+ of this layer left, \d+ in the next, \d+ on disk",
        next(line for line in lines if "depth 9" in line),
    )
    assert "checking liveness" in lines[-1]
    assert re.search(r"^[\d.]+ s, 302 states on disk, memory bound [\d.]+ GiB$", captured.out, re.MULTILINE)


def test_two_searches_do_not_share_a_folder(tmp_path: Path) -> None:
    first, second = SearchFolder(tmp_path), SearchFolder(tmp_path)
    first.begin({})
    with pytest.raises(CannotKeep, match=r"^a search is running in .*; wait for it, or give another folder with --dir$"):
        second.go_on()
    first.close()
    second.go_on()
    second.close()


def test_a_full_disk_ends_the_search_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3; what was finished before is there, and the search goes on when there is room."""
    left = 30
    fsync = os.fsync

    def full(number: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, "No space left on device")
        fsync(number)

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "search"
    assert command(*OPTIONS, "--dir", str(path)) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"subwarden prove: cannot write {path}/")
    assert "No space left on device; free some disk space" in said
    monkeypatch.setattr(os, "fsync", fsync)
    assert command("--resume", str(path)) == 0


# --- real processes


def stopped_by(number: signal.Signals, path: Path, *more: str) -> tuple[int, str]:
    """The exit code and the standard error of a search that gets a signal in its middle."""
    journal = path / JOURNAL
    with started(*SUBWARDEN, "prove", *LONGER, *more, "--quiet", "--dir", str(path), out=subprocess.DEVNULL) as process:
        wait_for(lambda: process.poll() is not None or (journal.exists() and journal.read_bytes().count(b"\n") >= 10), every=0.005)
        os.killpg(process.pid, number)  # as a terminal does: to the workers, too
        _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--jobs", "2")], ids=str)
def test_a_signal_and_a_kill_cost_the_layer_in_work_at_most(more: tuple[str, ...], tmp_path: Path) -> None:
    uninterrupted = prove_server(ServerScope(connections=2, in_flight=1, extras=("cancels",)))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        path = tmp_path / number.name
        code, said = stopped_by(number, path, *more)
        if number is not signal.SIGKILL:
            assert (code, said) == (2, f"subwarden prove: continue with: subwarden prove --resume {path}\n")
        finished = (path / JOURNAL).read_text().count('"layer"')
        assert 9 <= finished < len(uninterrupted.search.layers)
        assert command("--resume", str(path), *more, "--json", str(tmp_path / "out.json")) == 0
        assert json.loads((tmp_path / "out.json").read_text()) == json.loads(json.dumps(uninterrupted.as_data()))

"""`subwarden replay 7f3a2c`: runs by a short name, a file, a string, or standard input."""

import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.runs import saved
from subwarden.stateful_tests.runs.found.kept import file_of, identity, identity_of, short
from subwarden.stateful_tests.runs.replay import BadReplay, Replay, read
from subwarden.stateful_tests.tests.paths import ROOT

CORPUS = ROOT / "stateful_tests" / "corpus"
RUN = CORPUS / "source-P2-a-closed-connection-is-live-again.json"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    monkeypatch.chdir(tmp_path)
    replay = read(str(RUN))
    saved.save(replay)
    return replay


def test_a_run_that_is_kept_is_replayed_by_its_short_name(kept: Replay, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", short(kept)]) == 1
    assert "a closed connection is live again" in capsys.readouterr().out
    assert main(["replay", identity(kept)]) == 1


def test_the_name_is_the_same_however_the_run_is_written(kept: Replay) -> None:
    assert identity(read(kept.string())) == identity(kept) == identity(read(str(RUN)))
    assert len({identity(read(str(path))) for path in CORPUS.glob("*.json")}) == len(list(CORPUS.glob("*.json")))


def test_a_name_that_no_run_has_is_refused_with_what_to_do(kept: Replay, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "0000000"]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--portable" in said


def test_a_name_that_two_runs_begin_with_asks_for_more_digits(kept: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    saved.save(read(str(CORPUS / "source-P6-a-call-that-a-teardown-overtook-acts-on-the-thread-s-next-life.json")))
    monkeypatch.setattr("subwarden.stateful_tests.runs.found.kept.identity", lambda replay: f"abcdef{len(replay.cause):02x}")
    with pytest.raises(BadReplay, match="give more digits"):
        file_of("abcdef")
    assert file_of(f"abcdef{len(kept.cause):02x}").endswith(".json")


def test_names_are_forgotten_oldest_first_and_none_of_the_gate_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saved, "NAMES", 3)
    saved.FOUND.mkdir(parents=True)
    for number in range(9):
        (saved.FOUND / f"old{number}.json").write_text("{}")
        os.utime(saved.FOUND / f"old{number}.json", (number, number))
    assert main(["gate", "--subject", "source", "--level", "manager", "--profile", "dev", "--budget", "4", "--jobs", "1"]) == 1
    names = [line.rpartition("subwarden replay ")[2] for line in capsys.readouterr().err.splitlines() if ": found after " in line]
    assert len(names) > 3
    left = {path.stem for path in saved.FOUND.glob("*.json")}
    assert left == {"old6", "old7", "old8", *names}


def test_a_name_outlives_another_run_of_its_cause(kept: Replay) -> None:
    saved.save_by_name(kept, short(kept))
    saved.save(replace(kept, names=kept.names[:-1]))  # in its place in the corpus
    assert read(file_of(short(kept))) == kept


def test_a_file_that_is_called_so_is_that_file(kept: Replay, tmp_path: Path) -> None:
    (tmp_path / "abcdef").write_text(kept.string(), encoding="utf-8")
    assert file_of("abcdef") == "abcdef"


@pytest.mark.parametrize("text", [json.dumps(read(str(RUN)).encode()), read(str(RUN)).string() + "\n"])
def test_a_run_comes_from_standard_input(
    text: str, kept: Replay, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["replay", "-"]) == 1
    assert "a closed connection is live again" in capsys.readouterr().out


def test_runs_of_another_subject_are_not_this_one_s_corpus(kept: Replay) -> None:
    committed = [name for name, _ in saved.saved_runs(committed_only=True)]
    mine = [name for name, _ in saved.saved_runs(committed_only=False, subject="source")]
    others = [name for name, _ in saved.saved_runs(committed_only=False, subject="hub.py:Adapter")]
    assert len(mine) == len(committed) + 1
    assert others == committed


def test_a_run_of_a_process_has_a_short_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = {"schema": "subwarden/exec-run/1", "subject": "exec:./hub", "hash_seed": 0}
    folder = tmp_path / ".subwarden" / "exec"
    folder.mkdir(parents=True)
    (folder / "hub.json").write_text(json.dumps(run), encoding="utf-8")
    (folder / "hub.jsonl").write_text("{}\n", encoding="utf-8")
    (folder / "damaged.json").write_text("{", encoding="utf-8")
    assert file_of(identity_of({**run, "hash_seed": 7})[:6]) == str(Path(".subwarden/exec/hub.json"))

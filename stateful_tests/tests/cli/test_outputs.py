"""Outputs of commands: written whole or not at all, never over an input; one that fails costs neither the others nor the verdict."""

import os
import stat
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.cli.options import cores, fitting
from subwarden.stateful_tests.hunt.folder import BadFolder, Folder
from subwarden.stateful_tests.runs.whole_file import write_whole
from subwarden.stateful_tests.tests.paths import CORPUS

FULL = Path("/dev/full")
SOURCE = ("gate", "--subject", "source", "--level", "server", "--jobs", "1", "--budget", "1", "-x")  # its corpus has findings
COMMITTED = CORPUS / "source-P2-a-closed-connection-is-live-again.json"


def full(*_: object) -> None:
    raise OSError(ENOSPC, os.strerror(ENOSPC))


# --- whole files


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    path.write_text("former")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "later")
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_mode_of_the_former_or_of_any_new_file(tmp_path: Path) -> None:
    secret, new, plain = (tmp_path / name for name in ("secret", "new", "plain"))
    secret.write_text("")
    secret.chmod(0o600)
    plain.write_text("")
    for path in (secret, new):
        write_whole(path, "text")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert new.stat().st_mode == plain.stat().st_mode


def test_the_file_that_a_link_names_is_written_and_a_device_as_it_is(tmp_path: Path) -> None:
    link, path = tmp_path / "link", tmp_path / "path"
    link.symlink_to(path)
    write_whole(link, "text")
    assert link.is_symlink()
    assert path.read_text() == "text"
    write_whole(Path(os.devnull), "text")
    assert not Path(os.devnull).is_file()


# --- never over an input


def test_an_output_is_not_written_over_the_subject_or_a_saved_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    subject, run = Path("mine.py"), Path("run.json")
    subject.write_text("class Mine: ...\n")
    run.write_text(COMMITTED.read_text())
    for arguments in (
        ["gate", "--subject", "mine.py:Mine", "--json", "mine.py"],
        ["gate", "--subject", "mine.py:Mine", "--json", str(tmp_path / "mine.py")],
        ["hunt", "--subject", "mine.py:Mine", "--json", "./mine.py"],
        ["gate", "--subject", "exec:python3 mine.py --steps", "--json", "mine.py"],
        ["replay", "run.json", "--script", "run.json"],
        ["replay", "run.json", "--trace", "run.json"],
    ):
        assert main(arguments) == 3, arguments
        (line,) = capsys.readouterr().err.splitlines()
        assert "would overwrite a file that this command reads or writes; give another file" in line
    assert subject.read_text() == "class Mine: ...\n"
    assert run.read_text() == COMMITTED.read_text()


# --- a disk that is full, a reader that goes away


@pytest.mark.skipif(not FULL.exists(), reason="/dev/full is Linux's")
def test_a_report_that_cannot_be_written_costs_a_line_and_not_the_verdict(tmp_path: Path) -> None:
    with FULL.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "subwarden", *SOURCE, "--json", "/dev/full"],
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if ": found after " not in line]
    assert lines == [
        "subwarden gate: cannot write the report: No space left on device; free some disk space, or write it elsewhere",
        "subwarden gate: cannot write /dev/full: No space left on device; give a file in a folder that exists",
    ]
    assert ": found after " in done.stderr


@pytest.mark.skipif(not FULL.exists(), reason="/dev/full is Linux's")
def test_a_list_that_cannot_be_written_is_one_line() -> None:
    with FULL.open("w") as out:
        done = subprocess.run([sys.executable, "-m", "subwarden", "subjects"], stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("subwarden subjects: cannot write the report: No space left on device; ")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_goes_away_does_not_change_the_exit_code(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "subwarden", *SOURCE, "--json", "run.json"], cwd=tmp_path, stdout=writes, stderr=writes
    )
    os.close(writes)
    with open(reads, encoding="utf-8") as reader:
        assert ": found after " in reader.readline()
    assert process.wait(120) == 1
    assert (tmp_path / "run.json").exists()


def test_a_hunt_whose_disk_is_full_ends_with_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Folder.journal

    def filling(self: Folder, line: dict[str, object]) -> None:
        if "found" in line:
            raise BadFolder("cannot write journal.jsonl: No space left on device; free some disk space")
        journal(self, line)

    monkeypatch.setattr(Folder, "journal", filling)
    assert (
        main(["hunt", "--subject", "source", "--level", "manager", "--jobs", "1", "--budget", "10m", "--dir", str(tmp_path / "hunt")]) == 1
    )
    out, err = capsys.readouterr()
    assert "subwarden hunt: cannot write journal.jsonl: No space left on device; free some disk space" in err.splitlines()
    assert "not saved" in err
    assert "violated" in out


# --- --jobs


def test_more_workers_than_cores_are_cut_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    most = max(2, cores())
    assert fitting("gate", most) == most
    assert capsys.readouterr().err == ""
    assert fitting("gate", 64 * most) == most
    assert capsys.readouterr().err == (f"subwarden gate: --jobs {64 * most} is more than this machine has cores; {most} workers are used\n")

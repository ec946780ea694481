"""Outputs of commands: written whole or not at all, never over an input; one that fails costs neither the others nor the verdict."""

import os
import stat
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.cli.options import cores, fitting
from subwarden.files.journal import Journal
from subwarden.files.whole_file import write_whole
from subwarden.stateful_tests.hunt.folder import BadFolder
from subwarden.stateful_tests.tests.paths import CORPUS, ROOT

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


def command(*arguments: str, stdout: Any, stderr: Any = subprocess.PIPE, buffered: bool = True) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, with these streams."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"}  # text may be lost at once, or when the process ends
    words = [sys.executable, "-m", "subwarden", *arguments]
    return subprocess.run(words, stdout=stdout, stderr=stderr, env=environment, text=True, timeout=120, check=False)


WITHOUT_A_VERDICT = (("help", "hunting"), ("--version",), ("--help",), ("gate", "--help"), ("report", "--schema"), ("subjects",), ("new",))


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("arguments", WITHOUT_A_VERDICT)
def test_text_without_a_verdict_that_a_full_disk_does_not_take_is_one_line(
    arguments: tuple[str, ...], buffered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with FULL.open("w") as out:
        done = command(*arguments, *(["mine.py"] if arguments == ("new",) else []), stdout=out, buffered=buffered)
    assert done.returncode == 3
    verb = "" if arguments[0].startswith("-") else f" {arguments[0]}"
    assert done.stderr.startswith(f"subwarden{verb}: cannot write the report: No space left on device; ")
    assert done.stderr.count("\n") == 1


FAILING = ("explore", f"{ROOT / 'examples' / 'transfer.py'}:both_ways", "--schedules", "50")
CONFORMS = ("conform", f"{ROOT / 'examples' / 'exec' / 'steady.py'} --steps")
BY_CODE = (
    (0, ("help", "hunting")),
    (0, ("--version",)),
    (0, ("gate", "--help")),
    (0, ("report", "--schema")),
    (0, CONFORMS),
    (1, FAILING),
    (3, ("gate", "--subject", "nobody")),
    (3, ("gate", "--frob")),
    (3, ("check", "nowhere.jsonl")),
    (3, ("prove", "--max-states", "0")),
)


@pytest.mark.slow
@pytest.mark.parametrize(("code", "arguments"), BY_CODE)
def test_the_exit_code_is_the_same_where_nobody_reads_a_word(code: int, arguments: tuple[str, ...]) -> None:
    """Neither stream is read: an error that cannot be told must not leave as Python's own exit code, which says "violated"."""
    reads, writes = os.pipe()
    os.close(reads)
    assert command(*arguments, stdout=writes, stderr=writes).returncode == code
    os.close(writes)


@pytest.mark.slow
@pytest.mark.parametrize(("code", "arguments"), BY_CODE)
def test_the_exit_code_is_the_same_where_standard_output_is_closed(code: int, arguments: tuple[str, ...]) -> None:
    words = [sys.executable, "-m", "subwarden", *arguments]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words], stderr=subprocess.PIPE, text=True, timeout=120, check=False, cwd=ROOT
    )
    said = [line for line in done.stderr.splitlines() if ": found after " not in line]
    assert (done.returncode, len(said)) == (code, int(code == 3)), done.stderr


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
    add = Journal.add

    def filling(self: Journal, line: dict[str, object]) -> None:
        if "found" in line:
            raise BadFolder("cannot write journal.jsonl: No space left on device; free some disk space")
        add(self, line)

    monkeypatch.setattr(Journal, "add", filling)
    monkeypatch.chdir(tmp_path)
    assert main(["hunt", "--subject", "source", "--level", "manager", "--jobs", "1", "--budget", "10m"]) == 1
    out, err = capsys.readouterr()
    assert "subwarden hunt: cannot write journal.jsonl: No space left on device; free some disk space" in err.splitlines()
    assert "subwarden replay sw1-" in err
    assert "subwarden replay sw1-" in out
    assert "violated" in out
    assert "the hunt's folder cannot be written any more: " in out


# --- --jobs


def test_more_workers_than_cores_are_cut_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    most = max(2, cores())
    assert fitting("gate", most) == most
    assert capsys.readouterr().err == ""
    assert fitting("gate", 64 * most) == most
    assert capsys.readouterr().err == (f"subwarden gate: --jobs {64 * most} is more than this machine has cores; {most} workers are used\n")

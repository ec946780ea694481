"""Findings that hunts share: confirmed before they are told, and nothing but data until then."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.database import DirectoryBasedExampleDatabase, InMemoryExampleDatabase

from subwarden.checking.causes import MAPS_DISAGREE, REVIVED
from subwarden.checking.finding import Finding
from subwarden.cli.main import main
from subwarden.model.manager.operations import ConnectionInitialized, RemoveConnection
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.hunt.encoding import encode
from subwarden.stateful_tests.hunt.plan import Plan, checks_in
from subwarden.stateful_tests.hunt.shared_corpus import LARGEST, SharedCorpus, opened
from subwarden.stateful_tests.hunt.work import Kept
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.hunt.processes import files, hunting, journal, workers
from subwarden.stateful_tests.tests.processes import PATIENCE, wait_for

REDIS = shutil.which("redis-server")
ROUND = ("--jobs", "1", "--rounds", "1", "--order", "fifo", "--level", "manager", "--seed", "5")


def entries(corpus: Path) -> list[bytes]:
    return sorted(DirectoryBasedExampleDatabase(corpus).fetch(b"subwarden/hunt/1/source"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of a hunt that found something."""
    folder = tmp_path_factory.mktemp("corpus")
    assert main(["hunt", "--subject", "source", *ROUND, "--dir", str(folder / "hunt"), "--corpus", str(folder / "shared")]) == 1
    return folder / "shared"


@pytest.mark.slow
def test_a_finding_of_one_is_confirmed_and_told_by_the_other(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other has no time to find anything by itself."""
    assert entries(corpus)
    shared = SharedCorpus(opened(str(corpus)), "source")
    kept = shared.confirmed(Plan("source", checks_in("source", "fifo", "manager"), 1, 0, 1.0, None))
    assert kept
    arguments = ["--budget", "0.5", "--jobs", "1", "--order", "fifo", "--level", "manager", "--corpus", str(corpus)]
    assert main(["hunt", "--subject", "source", *arguments, "--dir", str(tmp_path / "other")]) == 1
    assert files(tmp_path / "other").keys() >= {f"{each.finding.cause.slug()}.json" for each in kept}
    assert "found by another hunt, and confirmed here: P2" in capsys.readouterr().err


@pytest.mark.slow
def test_what_does_not_show_here_is_not_told(corpus: Path, tmp_path: Path) -> None:
    """The same runs, given out as those of a subject that holds."""
    database, mine = InMemoryExampleDatabase(), Plan("manager", checks_in("manager", "fifo", "manager"), 1, 0, 1.0, None)
    for entry in entries(corpus):
        database.save(b"subwarden/hunt/1/manager", json.dumps({**json.loads(entry), "subject": "manager"}).encode())
    assert SharedCorpus(database, "manager").confirmed(mine) == []


def test_entries_are_data_and_those_that_are_none_of_ours_are_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A record may name any file: it is not imported. Damaged and endless ones cost nothing."""
    trap = tmp_path / "trap.py"
    trap.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')", encoding="utf-8")
    program = ManagerProgram(((ConnectionInitialized(1),), (RemoveConnection(1),)))
    of_another = Kept(Finding(REVIVED, Order.FIFO, False, program, ("+start A",), (2, 0), "manager"), False, "surw")
    database = InMemoryExampleDatabase()
    for entry in (
        json.dumps(encode(f"{trap}:Mine", of_another)).encode(),
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 9_000,
        b"x" * (LARGEST + 1),
        b'{"subject": 3}',
    ):
        database.save(b"subwarden/hunt/1/source", entry)
    monkeypatch.chdir(tmp_path)
    assert SharedCorpus(database, "source").confirmed(Plan("source", checks_in("source", "fifo"), 1, 0, 1.0, None)) == []
    assert not (tmp_path / "sprung").exists()
    trusted = json.dumps(encode("source", of_another)).encode()
    database.save(b"subwarden/hunt/1/source", trusted)
    assert len(SharedCorpus(database, "source").news()) == 1, "one of this subject is read"


def test_a_redis_server_that_is_not_there_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--subject", "source", *ROUND, "--dir", str(tmp_path / "hunt"), "--corpus", "redis://127.0.0.1:9/0"]
    assert main(["hunt", *arguments]) == 3
    assert "--corpus redis://127.0.0.1:9/0: no Redis server answers there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("corpus", "said"),
    [
        ("", "--corpus '' is neither a folder nor a redis:// URL"),
        ("http://there/", "--corpus 'http://there/' is neither a folder nor a redis:// URL"),
        ("{}/corpus", "cannot write there: Not a directory; make it writable, or give another folder"),
    ],
)
def test_a_corpus_that_can_share_nothing_is_told_in_a_line(
    corpus: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hypothesis would pass over what it cannot write, and the hunts would feed nobody."""
    file = tmp_path / "file"
    file.touch()
    assert main(["hunt", "--subject", "source", *ROUND, "--dir", str(tmp_path / "hunt"), "--corpus", corpus.format(file)]) == 3
    assert said in capsys.readouterr().err


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(REDIS), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(answers)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.skipif(REDIS is None, reason="no redis-server: install Debian's package of that name")
def test_redis_serves_two_hunts_at_once(redis_server: str, tmp_path: Path) -> None:
    """The worker of one is stopped, so it can tell only what the other has found, and it has confirmed. It passes over the rest."""
    trap = tmp_path / "trap.py"
    trap.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')", encoding="utf-8")
    program = ManagerProgram(((ConnectionInitialized(1),), (RemoveConnection(1),)))
    nowhere = Finding(MAPS_DISAGREE, Order.FIFO, False, program, ("+start A", "A"), (2, 0), "manager")
    database = opened(redis_server)
    for subject in (f"{trap}:Mine", "source"):  # of another subject, and one that does not show on this one
        database.save(b"subwarden/hunt/1/source", json.dumps(encode(subject, Kept(nowhere, True, "surw"))).encode())
    arguments = ("--order", "fifo", "--jobs", "1", "--budget", "1h", "--corpus", redis_server)
    one, other = tmp_path / "one", tmp_path / "other"
    with hunting(one, *arguments) as idle, hunting(other, *arguments, "--seed", "5") as busy:
        wait_for(lambda: workers(one))
        os.kill(workers(one)[0], signal.SIGSTOP)
        before = {line["found"] for line in journal(one) if "found" in line}
        wait_for(lambda: {line["found"] for line in journal(one) if "found" in line} - before)
        for process in (idle, busy):
            process.send_signal(signal.SIGINT)
        _, told = idle.communicate(timeout=PATIENCE)
        busy.communicate(timeout=PATIENCE)
    assert "found by another hunt, and confirmed here: P" in " ".join(told.split())
    assert files(one).keys() - {f"{slug}.json" for slug in before} <= files(other).keys()
    assert f"{MAPS_DISAGREE.slug()}.json" not in files(one), "it does not show here"
    assert not (tmp_path / "sprung").exists()


@pytest.mark.slow
@pytest.mark.skipif(REDIS is None, reason="no redis-server: install Debian's package of that name")
def test_a_redis_server_that_refuses_is_told_as_that_and_no_password_is(
    redis_server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["hunt", "--subject", "source", *ROUND, "--dir", str(tmp_path / "hunt"), "--corpus"]
    server = redis_server.removesuffix("0")
    for where, told in (
        (f"{server}99", f"{server}99"),
        (redis_server.replace("//", "//me:secret@"), redis_server.replace("//", "//...@")),
    ):
        assert main([*arguments, where]) == 3
        said = capsys.readouterr().err
        assert f"--corpus {told}: the Redis server there refuses (" in said
        assert "give a URL that it accepts, such as redis://:PASSWORD@HOST:PORT/0" in said
        assert "secret" not in said

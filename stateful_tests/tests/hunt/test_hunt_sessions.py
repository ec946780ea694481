"""Sessions of a hunt's worker: stopped in a round, resumed and replaced, they count nothing twice."""

from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from subwarden.checking.causes import REVIVED
from subwarden.cli.main import main
from subwarden.impl.manager.source import SourceManager
from subwarden.scheduling import string_hash
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.hunt import hunt
from subwarden.stateful_tests.hunt import worker as hunt_worker
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.plan import Plan
from subwarden.stateful_tests.hunt.work import Totals, Work
from subwarden.stateful_tests.hunt.worker import Assignment, _Worker
from subwarden.stateful_tests.tests.checks import CHECKS
from subwarden.stateful_tests.tests.hunt.processes import files
from subwarden.stateful_tests.tests.hunt.searching import ANY, CLOSES, FIFO, Search

pytestmark = pytest.mark.usefixtures("short_rounds")


class Stops:
    """A pipe on which a worker is told to stop in the middle of its first round; `said` collects its messages."""

    def __init__(self, at: int = 4) -> None:
        self.said: list[tuple[str, Any]] = []
        self.finished: list[int] = []  # how often it was asked until a round was finished
        self._at = at
        self._asked = 0

    def poll(self) -> bool:
        self._asked += 1
        return self._asked == self._at

    def recv(self) -> tuple[str, None]:
        return "stop", None

    def send(self, message: tuple[str, Any]) -> None:
        self.said.append(message)
        if message[0] == "finished":
            self.finished.append(self._asked)


class Listens(Stops):
    """A pipe on which nothing arrives."""

    def poll(self) -> bool:
        self._asked += 1
        return False


class Silent:
    """A listener that ignores everything."""

    def progress(self, *_: Any) -> None: ...

    def say(self, line: str) -> None: ...


def session(first: int, rounds: int | None) -> tuple[list[int], dict[str, Work]]:
    """The messages on rounds, and the work, of a session that begins with round `first` and is stopped in it."""
    pipe: Any = Stops()
    _Worker(Assignment("manager", CHECKS, 0, 0, first, rounds, None, {}), pipe).hunt()
    did = [(name, work) for what, about in pipe.said if what == "work" for name, work in about.items() if work.schedules]
    return [about if what == "round" else about[0] for what, about in pipe.said if what in ("round", "finished")], dict(did)


def test_sessions_shorter_than_a_round_come_to_the_next_and_count_nothing_twice() -> None:
    """Begun anew each time, they would never leave the first round, and its runs, counted again, would pass for proof that nothing is
    unseen.
    """
    said, did = session(0, None)
    assert said == [1]
    again, others = session(said[-1], None)
    assert again == [2]
    assert did.keys().isdisjoint(others)
    assert session(0, 5)[0] == [], "a number of rounds is of whole ones"


def test_a_round_that_is_done_again_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted twice, its runs would pass for proof that little is unseen. The report of the stopped session has them."""
    monkeypatch.setattr(hunt_worker, "TELL_EVERY", 0.0)

    def hunted(name: str, *pipes: Any) -> list[Totals]:
        folder, told = Folder(tmp_path / name), []
        folder.begin({"subject": "manager", "seed": 0, "order": "all"})
        for pipe in pipes:
            totals = folder.totals()
            session = hunt.Hunt(Plan("manager", CHECKS, 1, 0, None, 1), folder, totals, {}, Silent())
            _Worker(Assignment("manager", CHECKS, 0, 0, totals.rounds.get(0, 0), 1, None, {}), pipe).hunt()
            for what, about in pipe.said:
                session._heard(0, what, about)
            session._finish()
            told.append(session.totals)
        folder.close()
        return [*told, folder.totals()]

    cut, again, kept = hunted("cut off", Stops(30), Listens())
    (whole, same) = hunted("undisturbed", Listens())
    assert 0 < cut.whole.schedules < whole.whole.schedules
    for each in (again, kept, same):
        assert (each.rounds, each.whole.encode()) == (whole.rounds, whole.whole.encode())
        assert {name: seen.encode() for name, seen in each.end_states.items()} == {
            name: seen.encode() for name, seen in whole.end_states.items()
        }


@pytest.mark.slow
@pytest.mark.parametrize("amount", [["--rounds", "1"], ["--budget", "12"]])
def test_the_next_session_makes_small_what_an_earlier_one_left(
    amount: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    search = Search(SourceManager, ANY)
    search.out_of_time = True
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    (left,) = [kept for kept in search.told if kept.finding.cause == REVIVED]
    assert not left.shrunk
    with closing(Folder(tmp_path / "hunt")) as folder:
        folder.begin({"subject": "source", "seed": 0, "order": "any", "level": "manager"})
        folder.keep("source", left._replace(finding=replace(left.finding, hash_seed=string_hash.current())))
    assert main(["hunt", "--resume", "hunt", "--jobs", "1", *amount]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if REVIVED.mechanism in line]
    assert "in fifo; as small as it gets" in said[0]
    assert files(tmp_path / "hunt")[f"{REVIVED.slug()}.json"]["shrunk"]


@pytest.mark.slow
def test_a_replacing_worker_does_the_rounds_of_the_killed_one(tmp_path: Path) -> None:
    """It has the known causes, tries and driven programs of the end of the last whole round, and begins with the next round."""

    def begun(name: str) -> hunt.Hunt:
        folder = Folder(tmp_path / name)
        folder.begin({"subject": "source", "seed": 0, "order": "all"})
        folder.close()
        return hunt.Hunt(Plan("source", (FIFO, ANY), 1, 0, None, 3), folder, Totals(), {}, Silent())

    def hunted(session: hunt.Hunt, pipe: Any) -> list[int]:
        _Worker(session._assignment(0), pipe).hunt()
        for what, about in pipe.said:
            session._heard(0, what, about)
        return list(pipe.finished)

    whole = begun("whole")
    for began, finished in pairwise([0, *hunted(whole, Listens())]):
        cut = begun(f"cut in {began}")
        hunted(cut, Stops((began + finished) // 2))
        cut._slots[0].taken()
        hunted(cut, Listens())
        assert cut.findings == whole.findings
        assert cut.totals.rounds == whole.totals.rounds == {0: 3}
        assert cut.totals.whole.encode() == whole.totals.whole.encode()

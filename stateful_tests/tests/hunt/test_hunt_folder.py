"""The folder of a hunt: whole at every moment, readable by `subwarden replay`, and refused with a reason if it is damaged."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.cli.main import main
from subwarden.model.manager import operations as op
from subwarden.model.properties import CoreProperty, Property
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.overlap import Closely
from subwarden.stateful_tests.exploring.coverage.points import parse
from subwarden.stateful_tests.hunt.folder import END_STATES, JOURNAL, SCHEMA, BadFolder, Folder, default_folder
from subwarden.stateful_tests.hunt.work import Kept, StrategyYield, Totals, Work
from subwarden.stateful_tests.runs.replay import of_finding, read
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

PROGRAM = ManagerProgram(((op.ConnectionInitialized(1),), (op.RemoveConnection(1),)), (0,))
FINDING = Finding(causes.REVIVED, Order.FIFO, True, PROGRAM, ("+start A", "A"), (2, 0), "manager")
KEPT = Kept(FINDING, True, "surw")
WORK = Work(
    3,
    100,
    1_000,
    4,
    strategies={"surw": StrategyYield(60, 5, 1)},
    complete=Counter({"0": 3, "everything": 1}),
    fired={parse("rule cancel"), parse("server: answer thread_start: ok")},
    closely=Closely(2, {"impl.manager.source:38"}, {"has_subscribers | hold_state"}),
    doubts=["a doubt"],
)


def begun(path: Path) -> Folder:
    """A hunt of a process that has ended since."""
    folder = Folder(path / "hunt")
    assert folder.begin({"subject": "source", "seed": 3, "order": "all"}) is None
    folder.close()
    return folder


def did(folder: Folder, worker: str, rounds: int) -> None:
    folder.journal.add({"did": {"seconds": 2.5, "rounds": {worker: rounds}, "work": {"manager, fifo": WORK.encode()}}})


def test_findings_come_back_and_can_be_replayed(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    path = folder.keep("source", KEPT)
    assert folder.findings() == {causes.REVIVED: KEPT}
    assert read(str(path)) == of_finding("source", FINDING)


@pytest.mark.parametrize("broken", [*Property, *CoreProperty], ids=lambda each: each.name)
def test_a_finding_of_every_property_comes_back(broken: Property | CoreProperty, tmp_path: Path) -> None:
    """Also of those that only adapters have."""
    folder = begun(tmp_path)
    kept = KEPT._replace(finding=replace(FINDING, cause=Cause(broken, "some way to break it")), shrunk=False)
    folder.keep("source", kept)
    assert folder.findings() == {kept.finding.cause: kept}


def test_work_adds_up_over_sessions(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    did(folder, "0", 4)
    did(folder, "1", 2)
    folder.go_on()
    did(folder, "0", 5)
    folder.close()
    totals = folder.totals()
    assert totals.rounds == {0: 5, 1: 2}
    assert totals.seconds == 7.5
    twice = Work.decode(WORK.encode())
    twice.merge(Work.decode(WORK.encode()))
    twice.merge(Work.decode(WORK.encode()))
    assert totals.work == {"manager, fifo": twice}
    assert (twice.schedules, twice.strategy("surw"), twice.complete["everything"], twice.doubts) == (
        300,
        StrategyYield(180, 15, 3),
        3,
        ["a doubt"],
    )


def test_end_states_come_back(tmp_path: Path) -> None:
    folder, totals = begun(tmp_path), Totals()
    totals.add("manager, any", Work(end_states=Counter({5: 1, 6: 2})))
    folder.keep_end_states(totals)
    again = folder.totals()
    assert (again.distinct(), again.chance_of_new()) == (2, 1 / 3)


def test_a_last_line_that_was_cut_off_is_ignored(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    did(folder, "0", 1)
    with (folder.path / JOURNAL).open("a", encoding="utf-8") as file:
        file.write('{"did": {"seconds": 9')
    assert folder.totals().seconds == 2.5
    folder.go_on()
    did(folder, "0", 2)
    folder.close()
    assert folder.totals().seconds == 5.0


def test_a_new_hunt_moves_the_old_one_aside(tmp_path: Path) -> None:
    begun(tmp_path).keep("source", KEPT)
    for number in (1, 2):
        folder = Folder(tmp_path / "hunt")
        assert folder.begin({"subject": "source", "seed": 3, "order": "all"}) == tmp_path / f"hunt.{number}"
        assert folder.findings() == {}
        folder.close()
    assert Folder(tmp_path / "hunt.1").findings() == {causes.REVIVED: KEPT}


def test_two_hunts_do_not_share_a_folder(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.go_on()
    with pytest.raises(BadFolder, match="a hunt is running in"):
        Folder(first.path).go_on()
    with pytest.raises(BadFolder, match="a hunt is running in"):
        Folder(first.path).begin({})
    first.keep("source", KEPT)
    first.close()
    second = Folder(first.path)
    second.go_on()
    second.close()


def test_a_finding_that_no_longer_shows_is_moved_aside(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    folder.keep("source", KEPT)
    gone = folder.drop(causes.REVIVED)
    assert folder.findings() == {}
    assert read(str(gone)).subject == "source"


BEGAN = '{"began": {"schema": "subwarden/hunt-journal/1"}}\n'


@pytest.mark.parametrize("content", ["", "nonsense\n", "{}\n", '{"began": {"schema": "another"}}\n', "[]\n", "\udcff\n", "1\n", BEGAN])
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / JOURNAL).write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(BadFolder, match="start a new hunt"):
        Folder(tmp_path).head()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"order": "lifo"}, "its order 'lifo' is none of fifo, any, all"),
        ({"order": ["fifo"]}, "is none of fifo, any, all"),
        ({"level": "3"}, "its level '3' is none of manager, server"),
        ({"seed": "x"}, "its seed a whole number"),
        ({"subject": 7}, "its subject must be a name"),
    ],
)
def test_a_head_that_no_hunt_wrote_is_named(tmp_path: Path, keys: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Folder(tmp_path).journal.add({"began": {"schema": SCHEMA, "subject": "manager", "seed": 3, "order": "all", **keys}})
    assert main(["hunt", "--resume", str(tmp_path), "--rounds", "1", "--jobs", "1"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"subwarden hunt: {tmp_path / JOURNAL}, line 1, cannot be read: ")
    assert said in line


@pytest.mark.parametrize("line", ['{"did": {}}', '{"did": []}', '{"did": {"seconds": 1, "rounds": {"x": 1}, "work": {}}}', "1"])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    folder = begun(tmp_path)
    with (folder.path / JOURNAL).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(BadFolder, match=r"journal.jsonl, line 2, cannot be read: .*; start a new hunt with --dir"):
        folder.totals()


@pytest.mark.parametrize("content", ["null", "[]", "{", '{"manager, fifo": {"total": 1}}', '{"manager, fifo": 1}'])
def test_damaged_end_states_are_named(tmp_path: Path, content: str) -> None:
    folder = begun(tmp_path)
    (folder.path / END_STATES).write_text(content, encoding="utf-8")
    with pytest.raises(BadFolder, match=r"ends.json: .*; remove it"):
        folder.totals()


def test_a_folder_without_a_hunt_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFolder, match="has no hunt"):
        Folder(tmp_path / "nowhere").head()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadFolder, match="--dir"):
        Folder(tmp_path / "file" / "hunt").begin({})


def test_a_strange_file_among_findings_is_named(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    path = folder.keep("source", KEPT)
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["mechanism"]
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(BadFolder, match="is not a finding of a hunt"):
        folder.findings()


def test_folders_of_subjects_are_plain_names() -> None:
    assert default_folder("my/file.py:Factory") == Path(".subwarden/hunt/my-file-py-Factory")

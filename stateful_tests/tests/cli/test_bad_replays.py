"""A replay string or file that cannot be played is refused in one line."""

import json
from pathlib import Path

import pytest

from subwarden.stateful_tests.runs.replay import MARK, read
from subwarden.stateful_tests.tests.cli.refusals import SAVED, changed, one_line

pytestmark = pytest.mark.usefixtures("bad_files")


def program(*tasks: list[object]) -> dict[str, object]:
    return {"tasks": list(tasks), "faults": []}


def string() -> str:
    return read(str(SAVED)).string()


@pytest.mark.parametrize("cut", [len(MARK), 20, -1, -10])
def test_a_string_that_was_cut_short(cut: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is damaged (cut or changed); copy the whole line again" in one_line(capsys, "replay", string()[:cut])


def test_a_string_that_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    whole = string()
    for at in range(len(MARK), len(whole), 7):
        other = "A" if whole[at] != "A" else "B"
        one_line(capsys, "replay", whole[:at] + other + whole[at + 1 :])
    for bad in (whole + "AAAA", whole + " and more", whole[:30] + "\u00e9" + whole[30:], whole[:30] + "*" + whole[30:]):
        assert "is damaged" in one_line(capsys, "replay", bad)


def test_a_string_of_another_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert "is of another version; this version reads" in one_line(capsys, "replay", "sw9-" + string().removeprefix(MARK))


def test_a_replay_of_another_subject(capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "replay", string(), "--subject", "manager")
    assert "was made for subject source, not manager; leave --subject out" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00\xff\xfe", "is not text"),
        (b"", "neither JSON nor a replay string"),
        (b"hello", "neither JSON nor a replay string"),
        (b"[" * 100_000, "neither JSON nor a replay string"),
        (b"[1]", "it is not a JSON object"),
        (b"{}", "it has no 'level'"),
        (b'{"replay": "junk"}', "is damaged"),
    ],
)
def test_a_file_that_is_no_replay(content: bytes, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_bytes(content)
    err = one_line(capsys, "replay", "file")
    assert f"replay: file {said}" in err or said in err
    assert "file" in err


@pytest.mark.parametrize(
    ("name", "said"), [("absent", "No such file"), ("folder.py", "Is a directory"), ("", "empty"), ("x" * 5_000, "...")]
)
def test_a_file_that_cannot_be_read(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "replay", name)
    assert said in err
    assert len(err) < 300


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"level": 9}, "its level 9 is unknown to this version"),
        ({"order": "lifo"}, "its order 'lifo' is none of fifo, any"),
        ({"order": []}, "its order [] is none of"),
        ({"schedule": "A"}, "its schedule is not a list of names"),
        ({"schedule": [1]}, "its schedule is not a list of names"),
        ({"subject": None}, "its subject and its cause must be strings"),
        ({"program": 7}, "a program has a list of tasks"),
        ({"program": program()}, "its program has no tasks"),
        ({"program": program([])}, "a task is a list of operations"),
        ({"program": program([["frobnicate", 1]])}, "unknown operation 'frobnicate'; known: connection_initialized"),
        ({"program": program([["thread_state", 1, 2]])}, "thread_state takes 1 arguments, not 2"),
        ({"program": program([["thread_state", True]])}, "True is not of type int"),
        ({"program": program([["thread_state", 1], ["state_track_event", "x"]])}, "'x' is not a valid TurnEvent"),
        ({"program": program([["thread_state", 1], ["state_set_listener", 77]])}, "conversations are numbered from 1 to 9"),
        ({"program": program([["state_clear_listener"]])}, "before it has a state"),
        ({"program": {"tasks": [[["thread_state", 1]]], "faults": [1]}}, "a fault names a task by its place, 0 to 0, not 1"),
        ({"subject": "gone.py:Manager"}, "there is no file gone.py"),
        (
            {"schedule": [*json.loads(SAVED.read_text())["schedule"], "A"]},
            "at step 5 the schedule wants 'A', but possible now: nothing",
        ),
        ({"schedule": []}, "at step 1 the schedule has ended, but possible now: +start A, +start B; find it anew"),
    ],
)
def test_a_replay_that_cannot_be_played(keys: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = one_line(capsys, "replay", changed(**keys))
    assert said.split("; find it anew", maxsplit=1)[0] in err
    if "at step" in said:
        assert "find the run again with `subwarden gate --subject source`" in err

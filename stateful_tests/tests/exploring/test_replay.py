"""The regression corpus: each saved run is named by the cause that it showed, still fails on its subject, and holds on ours.

And replays as such: a string, a file of either kind and the program they came from are one and the same run, a hundred times over.
"""

import json
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.runner import Result, Runner, running
from subwarden.stateful_tests.runs.replay import Replay, decode, read
from subwarden.stateful_tests.runs.saved import COMMITTED, save, saved_runs
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load

RUNS = dict(saved_runs(committed_only=True))


def play(replay: Replay, times: int = 1) -> list[tuple[Result, list[str]]]:
    runner = Runner(LEVELS[replay.level], load(replay.subject, replay.level), replay.order)
    with running():
        return [(runner.follow(replay.program, replay.names), list(replay.names)) for _ in range(times)]


def without_property(slug: str) -> str:
    """A cause is reported as P11 if only a cancellation shows it, beside its own property."""
    return slug.partition("-")[2]


def test_there_are_runs_of_both_flawed_subjects() -> None:
    assert {replay.subject for replay in RUNS.values()} == {"source", "split-lock"}
    properties = {name.split("-")[1] for name in RUNS if name.startswith("source-")}
    assert {"P2", "P3", "P6", "P8", "P9", "P10", "P11"} <= properties


@pytest.mark.parametrize("name", RUNS)
def test_a_run_still_fails_where_it_came_from_as_its_name_says(name: str) -> None:
    replay = RUNS[name]
    [(result, _)] = play(replay)
    assert without_property(replay.cause) in {without_property(cause.slug()) for cause in result.violations}
    broken = "P11" if replay.program.faults else replay.cause.split("-")[0]
    assert name == f"{replay.subject}-{broken}-{without_property(replay.cause)}"


@pytest.mark.parametrize("name", RUNS)
def test_our_manager_holds_on_every_saved_run(name: str) -> None:
    replay = RUNS[name]
    runner = Runner(LEVELS[replay.level], load("manager", replay.level), replay.order)
    with running():
        result, _ = runner.guided(replay.program, list(replay.names))
    assert not result.violations


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_a_run_replays_identically_a_hundred_times(name: str) -> None:
    results = [result for result, _ in play(RUNS[name], 100)]
    assert results.count(results[0]) == 100


@pytest.mark.parametrize("name", RUNS)
def test_a_string_and_a_file_are_the_same_run(name: str, tmp_path: Path) -> None:
    replay = RUNS[name]
    assert read(replay.string()) == replay
    assert decode(json.loads(json.dumps(replay.encode())), "here") == replay
    for text in (replay.string() + "\n", json.dumps(replay.encode()), json.dumps({"id": "x", "replay": replay.string()})):
        file = tmp_path / "run.txt"
        file.write_text(text)
        assert read(str(file)) == replay


def test_the_command_says_whether_a_run_still_fails(capsys: pytest.CaptureFixture[str]) -> None:
    replay = RUNS["source-P2-a-closed-connection-is-live-again"]
    assert main(["replay", replay.string()]) == 1
    assert "P2 no phantom subscriber: a closed connection is live again" in capsys.readouterr().out
    assert main(["replay", str(COMMITTED / "source-P2-a-closed-connection-is-live-again.json")]) == 1
    capsys.readouterr()
    mended = Replay("manager", replay.order, replay.program, replay.names, replay.cause)
    assert main(["replay", mended.string()]) == 0
    assert "the run holds now" in capsys.readouterr().out


def test_a_failing_run_is_saved_once_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    replay = RUNS["source-P2-a-closed-connection-is-live-again"]
    assert save(replay) == save(replay)
    saved = [run for _, run in saved_runs(committed_only=False)]
    assert saved.count(replay) == 2  # the committed one, and the one just saved
    assert len(saved) == len(RUNS) + 1
    assert dict(saved_runs(committed_only=True)) == RUNS

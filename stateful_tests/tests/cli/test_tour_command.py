"""`subwarden tour`: how many transitions were compared, the first difference, and an exit code that says which."""

import json
from pathlib import Path

import pytest

from subwarden.cli import tour as verb
from subwarden.cli.main import main
from subwarden.reports.records.proof import TourRecord
from subwarden.scheduling.watchdog import WATCHDOG

SMALL = ["--connections", "1"]
MINE = """
from subwarden.impl.manager.manager import Manager
from subwarden.model.manager.state import State

class Raises(Manager):
    async def has_subscribers(self, thread_id): raise KeyError("the maps")

class Waits(Manager):
    async def has_subscribers(self, thread_id):
        import asyncio
        await asyncio.sleep(0)
        return await super().has_subscribers(thread_id)

class WrongAnswer(Manager):
    async def unsubscribe_connection_from_thread(self, thread_id, connection_id):
        await super().unsubscribe_connection_from_thread(thread_id, connection_id)
        return True

class StartsLive(Manager):
    starts_as = State(live=frozenset({1}))

class Sleeps(Manager):
    async def has_subscribers(self, thread_id):
        import time
        time.sleep(60)

class SlowToMake(Manager):
    def __init__(self):
        import time
        time.sleep(0.02)
        super().__init__()

class Leaves(Manager):
    async def has_subscribers(self, thread_id): raise SystemExit(0)
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "touring.py").write_text(MINE, encoding="utf-8")


def toured(*arguments: str) -> tuple[int, TourRecord]:
    """The exit code, and the record that --json writes."""
    code = main(["tour", *SMALL, *arguments, "--json", "tour.json"])
    record: TourRecord = json.loads(Path("tour.json").read_text(encoding="utf-8"))
    return code, record


def test_our_manager_agrees_on_every_transition(capsys: pytest.CaptureFixture[str]) -> None:
    code, record = toured()
    assert (code, record["verdict"]) == (0, "holds")
    assert record["compared"] == record["transitions"] == sum(record["agreed"].values()) == 1_821
    assert not record["differed"]
    assert not record["unreachable"]
    assert capsys.readouterr().out.endswith("subject manager: holds (1,821 of 1,821 transitions compared)\n")


def test_the_source_s_first_difference_names_the_call_the_state_and_both_answers(capsys: pytest.CaptureFixture[str]) -> None:
    code, record = toured("--subject", "source")
    assert (code, record["verdict"]) == (1, "violated")
    assert len(record["differences"]) == sum(record["differed"].values())
    assert record["compared"] == sum(record["agreed"].values()) + len(record["differences"])
    first = record["differences"][0]
    out = capsys.readouterr().out
    assert out.startswith(
        f"first difference from the model\n  in state  {first['state']}\n  call      {first['request']}\n  result    {first['said']}\n"
    )
    assert "; the model allows " in first["said"]


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("Raises", "raised KeyError: 'the maps'; the model allows no"),
        ("Waits", "raised Suspended: the call waits, though it runs alone and every lock is free; the model allows no"),
        ("WrongAnswer", "returned yes; the model allows no"),
    ],
)
def test_a_manager_of_one_s_own_that_differs(factory: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, record = toured("--subject", f"touring.py:{factory}")
    assert (code, record["differences"][0]["said"]) == (1, said)
    assert f"  result    {said}\n" in capsys.readouterr().out.replace("\n    ", " ")  # a report is as wide as its terminal


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--subject", "touring.py:StartsLive"], "starts in a state of its own (`starts_as`)"),
        (["--subject", "touring.py:Leaves"], "its code raised SystemExit(0) at touring.py:"),
        (["--subject", "exec:./mine"], "runs in a process of its own, which tour cannot observe"),
        (["--threads", "0"], "'0' is not a whole number of at least 1"),
        (["--threads", "3"], "has more than 200,000 transitions; give fewer --connections, --threads or --ids"),
    ],
)
def test_a_tour_that_cannot_be_made_is_told_in_a_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: int | str | None = main(["tour", *SMALL, *arguments])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert said in err


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog's bound is half a second: a call or a tour that lasts longer need not be long."""
    guarded = WATCHDOG.guarded
    monkeypatch.setattr(WATCHDOG, "guarded", lambda *_: guarded(0.5))


@pytest.mark.usefixtures("impatient")
def test_the_watchdog_bounds_a_run_and_not_the_whole_tour() -> None:
    """Once a slow machine ended `subwarden tour` with a traceback."""
    code, record = toured("--subject", "touring.py:SlowToMake")
    assert (code, record["compared"]) == (0, 1_821)
    assert record["seconds"] > 1, "or the test shows nothing"


@pytest.mark.usefixtures("impatient")
def test_a_call_that_blocks_the_loop_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tour", *SMALL, "--subject", "touring.py:Sleeps"]) == 3
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "a call blocks the loop, at " in err
    assert "touring.py" in err


def test_a_tour_that_is_stopped_early_is_inconclusive(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def __enter__(self) -> list[int]:
            return [2]

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(verb, "interruptible", lambda *_: Interrupted())
    code, record = toured()
    assert (code, record["verdict"], record["stopped"]) == (2, "inconclusive", True)
    assert "Stopped early: the report covers the transitions played so far.\n" in capsys.readouterr().out

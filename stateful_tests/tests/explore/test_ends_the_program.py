"""Code of a scenario that raises SystemExit or KeyboardInterrupt, as asyncio lets them through: a finding, and never taken for Ctrl-C."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import subwarden
from subwarden.cli.main import main
from subwarden.stateful_tests.tests.processes import SUBWARDEN, started, wait_for

CODE = """
import asyncio, sys, subwarden

STOPS = {stops}

def now():
    raise STOPS

async def later():
    await asyncio.sleep(0)
    now()

async def scenario():
    await later()

async def task():
    made = asyncio.create_task(later())
    try:
        await made
    except STOPS:
        pass

async def callback():
    asyncio.get_running_loop().call_later(1, now)
    await asyncio.sleep(2)

async def job():
    await asyncio.to_thread(now)

async def condition():
    subwarden.always(now, "it is well")
    await asyncio.sleep(1)

async def hope():
    subwarden.sometimes(now, "it is well")
    await asyncio.sleep(1)
"""
STOPS = ["KeyboardInterrupt", "SystemExit"]
TITLES = {
    "scenario": "",
    "task": "",
    "callback": "",
    "job": "",
    "condition": "always('it is well') does not hold: it raises ",
    "hope": "sometimes('it is well') raises ",
}


@pytest.mark.parametrize("stops", STOPS)
@pytest.mark.parametrize("name", TITLES)
def test_it_is_a_finding_with_its_place(
    name: str, stops: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stops.py").write_text(CODE.format(stops=stops), encoding="utf-8")
    assert main(["explore", f"stops.py:{name}", "--schedules", "20"]) == 1
    out = capsys.readouterr().out
    assert f"stops.py:{name} fails: {TITLES[name]}{stops}" in out
    if not TITLES[name]:
        assert "  at stops.py:7 in now:  raise STOPS\n" in out
        assert "  asyncio lets it through: it ends the event loop, and with it the program\n" in out
    assert "nobody retrieves" not in out
    assert "exception handler" not in out
    monkeypatch.syspath_prepend(tmp_path)
    code = next(word for word in out.split() if word.startswith("sx1-"))
    assert main(["explore", f"stops.py:{name}", "--replay", code]) == 1


@pytest.mark.parametrize("stops", STOPS)
def test_what_only_some_schedules_raise_is_found_and_made_small(stops: str) -> None:
    async def scenario() -> None:
        seen = []

        async def ends(number: int) -> None:
            await asyncio.sleep(subwarden.choose([0, 1]))
            seen.append(number)
            if seen == [2]:
                raise SystemExit if stops == "SystemExit" else KeyboardInterrupt

        await asyncio.gather(*(ends(number) for number in range(3)))

    found = subwarden.explore(scenario, schedules=200, order="fifo")
    assert (found.verdict, found.record["stopped"]) == ("violated", False)
    assert [finding["title"] for finding in found.findings] == [f"{stops}, in ends 3"]
    assert found.findings[0]["values"] == ["choose 1", "choose 1", "choose 0"]
    assert subwarden.replay(found.findings[0]["replay"], scenario).verdict == "violated"


def test_it_ends_the_loop_on_stock_asyncio_though_the_task_is_awaited_and_the_error_caught() -> None:
    """As the finding says."""

    async def ends() -> None:
        await asyncio.sleep(0)
        sys.exit(5)

    async def scenario() -> None:
        with suppress(SystemExit):
            await asyncio.create_task(ends())

    with pytest.raises(SystemExit):
        asyncio.run(scenario())
    assert subwarden.explore(scenario, schedules=20).verdict == "violated"


def test_one_that_the_scenario_handles_is_none() -> None:
    async def scenario() -> None:
        await asyncio.sleep(0)
        with suppress(SystemExit):
            sys.exit(5)
        with pytest.raises(KeyboardInterrupt):
            raise KeyboardInterrupt

    assert subwarden.explore(scenario, schedules=20).verdict == "holds"


CONVERTS = """
import asyncio, sys

async def works():
    try:
        for _ in range(1_000):  # it holds, under more schedules than anybody can try before the signal
            await asyncio.sleep(0)
    except KeyboardInterrupt:
        sys.exit(5)

async def scenario():
    open("begun", "w").close()
    await asyncio.gather(works(), works())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_command_whatever_the_scenario_makes_of_it(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "converts.py").write_text(CONVERTS, encoding="utf-8")
    with started(*SUBWARDEN, "explore", "converts.py:scenario", "--order", "any", "--schedules", "100000", cwd=tmp_path) as process:
        wait_for((tmp_path / "begun").exists)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, "stopped" in out + err, "SystemExit" in out + err) == (2, True, False), (out, err)

"""What a page shows of a scenario's failing run: conditions, tasks, queues, bytes, and where it parts from a run that holds."""

import asyncio
from typing import Any

import pytest

import subwarden
from subwarden.reports.html.views import html_of
from subwarden.reports.records.exploration import ScenarioFindingRecord
from subwarden.stateful_tests.explore.exploration import Plan, explore_scenario
from subwarden.stateful_tests.explore.pictured import add_pictures
from subwarden.stateful_tests.subjects.scenario.scenario import load_scenario, scenario_of
from subwarden.stateful_tests.tests.paths import ROOT


def pictured(scenario: Any) -> tuple[ScenarioFindingRecord, list[dict[str, Any]], Any]:
    """The first finding, its moments with all keys, and the record."""
    exploring = explore_scenario(scenario, Plan(schedules=200))
    finding = exploring.record["findings"][0]
    finding["script_confirmed"] = False  # to run its script would take two seconds
    add_pictures(scenario, exploring)
    moments: list[dict[str, Any]] = [{}]
    for moment in finding["trace"]["moments"]:
        moments.append({**moments[-1], "used": [], **moment})
    assert len(moments) == len(finding["steps"]) + 2
    return finding, moments[1:], exploring.record


async def overfull() -> None:
    jobs: asyncio.Queue[int] = asyncio.Queue()
    subwarden.always(lambda: jobs.qsize() < 2, "at most one job waits")
    subwarden.sometimes(lambda: jobs.qsize() == 1, "a job waits")

    async def put() -> None:
        await asyncio.sleep(0)
        await jobs.put(1)

    async def get() -> None:
        await jobs.get()

    await asyncio.gather(put(), put(), get(), get())


def test_conditions_tasks_and_queues_are_there_after_each_step() -> None:
    finding, moments, record = pictured(scenario_of(overfull))
    assert moments[-1]["conditions"] == [
        ["always at most one job waits", "does not hold"],
        ["sometimes a job waits", "has held"],
    ]
    assert moments[2]["conditions"] == [["always at most one job waits", "holds"], ["sometimes a job waits", "has not held yet"]]
    assert "jobs: 2 items" in moments[-1]["things"]
    assert ["overfull", "waits for put, put 2, get, get 2"] in moments[2]["waits"]
    assert "at most one job waits" in html_of(record)
    assert finding["trace"]["holds"] is None or finding["trace"]["lost_at"]


@pytest.mark.slow
def test_bytes_are_arrows_and_the_nearest_run_that_holds_parts() -> None:
    finding, moments, _ = pictured(load_scenario(str(ROOT / "examples/world/lines.py:broken")))
    sent = [arrow for moment in moments for arrow in moment["arrows"] if arrow["kind"] == "sends"]
    assert sent[0] == {"kind": "sends", "to": "localhost:7000", "said": sent[0]["said"]}
    assert sent[0]["said"].endswith(" of 6 bytes"), "a part of them"
    assert any("under way" in line for moment in moments for line in moment["network"])
    assert {lane["name"] for lane in finding["trace"]["lanes"] if lane["kind"] == "client"} == {"client1", "localhost:7000"}
    holds = finding["trace"]["holds"]
    assert holds is not None
    assert holds["steps"][: holds["common"]] == finding["steps"][: holds["common"]]
    assert holds["steps"][holds["common"]] != finding["steps"][holds["common"]]
    assert finding["trace"]["lost_at"] == holds["common"] + 1
    assert len(holds["trace"]["moments"]) == len(holds["steps"]) + 1


def test_a_deadlock_shows_who_holds_and_who_waits() -> None:
    finding, moments, _ = pictured(load_scenario(str(ROOT / "examples/transfer.py:both_ways")))
    assert {"lock": "ann.lock", "held_by": ["move"], "waited_for_by": ["move 2"]} in moments[-1]["locks"]
    assert moments[-1]["used"] == [["waits for", "ann.lock"]]
    assert (finding["trace"]["lost_at"], finding["trace"]["every"]) == (0, True), "its only schedule in fifo fails"
    assert finding["trace"]["places"]["examples/transfer.py:18"]["text"][3].strip() == "async with target.lock:"

"""Adapters that bring a model: answers, observations and messages are judged by it."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.checking.custom.model import CustomModel
from subwarden.cli.main import main
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.fixture.hold import hold
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.subjects.custom.adapter import POOLS
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE
from subwarden.stateful_tests.tests.subjects.custom_level import explored, play, program
from subwarden.stateful_tests.tests.subjects.custom_models import Counting, Room

EXAMPLE = "examples/seats.py"


@pytest.mark.parametrize(("order", "cancellation"), [(Order.FIFO, True), (Order.ANY, False)])
def test_the_sound_example_shows_nothing_and_covers_everything(order: Order, cancellation: bool) -> None:
    done = explored(load_example("Adapter"), order, cancellation=cancellation)
    outcome = done.finish()
    assert not outcome.findings
    assert not outcome.doubts
    assert outcome.brought - outcome.fired == set()


def test_the_example_s_defect_is_found_shrunk_and_shown_by_a_script() -> None:
    (finding,) = explored(load_example("Overbooked")).outcome.findings.values()
    assert finding.cause == causes.wrong_answer("join")
    assert finding.program == program("join c1 t1", "join c2 t1")
    record = finding_record(f"{EXAMPLE}:Overbooked", finding)
    assert record["script_confirmed"], record["script_doubt"]
    (row,) = [row for row in record["steps"] if row["broken"]]
    assert row["did"] == ["join returns 'seated'"]
    assert row["changed"] == ["t1: (['c1', 'c2'], [])"]
    assert "the model allows 'waits'" in row["broken"][0]


def load_example(name: str) -> Any:
    """The adapter itself."""
    return load(f"{EXAMPLE}:{name}", CUSTOM_LEVEL.name)().kind.type


def test_an_answer_is_wrong_only_if_no_order_explains_it() -> None:
    class Slow(Counting):
        async def count(self) -> int:
            found = len(self.here)
            await asyncio.sleep(0)
            return found

    assert not play(Slow, program("enter c1", "count"), choices=(1, 0, 1)).violations  # beside one another
    assert not explored(Slow).outcome.findings

    class Late(Counting):
        async def enter(self, client: Any) -> None:
            asyncio.get_running_loop().call_soon(self.here.add, client)

        def observe(self) -> Any:
            return None  # it cannot be observed, so only answers are judged

    assert set(play(Late, program("enter c1; count")).violations) == {causes.wrong_answer("count")}


def test_an_observation_is_judged_while_no_call_is_open_and_the_last_call_is_blamed() -> None:
    class Forgets(Counting):
        async def enter(self, client: Any) -> None:
            self.here.clear()  # allowed while the call is open
            await asyncio.sleep(0)
            self.here.add(client)

    assert not play(Forgets, program("enter c1")).violations
    result = play(Forgets, program("enter c1; enter c2"))
    assert set(result.violations) == {causes.wrong_state("enter")}
    (detail,) = result.details.values()
    assert detail == "it shows {'c2'}; the model allows {'c1', 'c2'}"
    check = explored(Forgets)
    finding = check.outcome.findings[causes.wrong_state("enter")]
    assert finding.program in (program("enter c1; enter c2"), program("enter c1", "enter c2"))
    record: Any = finding_record("nowhere:Forgets", finding, check._factory)
    assert record["plain"]["claim"] == ["shown", "{'c2'}"]


def test_a_cancelled_call_may_or_may_not_take_effect() -> None:
    class Half(Counting):
        async def enter(self, client: Any) -> None:
            self.here |= {client, "c2" if client == "c1" else "c1"}  # too many, for a while
            await asyncio.sleep(0)
            self.here &= self.entered | {client}

        @property
        def entered(self) -> set[Any]:
            return set()

    class Clean(Counting):
        async def enter(self, client: Any) -> None:
            await asyncio.sleep(0)
            self.here.add(client)
            await asyncio.sleep(0)

    cancelled = program("enter c1", faults=(0,))
    for first in range(3):  # before, between and after its steps
        assert not play(Clean, cancelled, choices=(0,) * first + (1,)).violations
    assert not explored(Clean, cancellation=True).outcome.findings
    found = {choices: set(play(Half, cancelled, choices=choices).violations) for choices in ((0, 1), (0, 0, 1))}
    assert set().union(*found.values()) == {causes.wrong_state("enter")}


def test_a_call_may_wait_only_where_the_model_allows_it() -> None:
    assert not play(Room, program("enter", "enter")).violations
    assert not explored(Room).outcome.findings

    class LosesWakeups(Room):
        async def go(self) -> bool:
            was, self.taken = self.taken, False
            return was

    assert set(play(LosesWakeups, program("enter; enter", "go"), choices=(0, 0, 0)).violations) == {causes.DEADLOCK}

    class TooSoon(Room):
        async def enter(self) -> None:
            self.taken = True

    result = play(TooSoon, program("enter", "enter"))
    assert set(result.violations) == {causes.wrong_answer("enter")}
    assert list(result.details.values()) == ["enter() returned None; the model makes it wait"]


def test_a_model_may_allow_several_answers_or_any() -> None:
    class Lottery(Counting):
        class model(Counting.model):  # as above
            @staticmethod
            def step(state: Any, name: str, arguments: Any) -> Any:
                if name == "count":
                    return {(0, state), (len(state), state)}  # a client may be missing from the count
                return ..., state | {*arguments}

        async def enter(self, client: Any) -> Any:
            self.here.add(client)
            return object()

        async def count(self) -> int:
            return 0

    assert not explored(Lottery).outcome.findings
    assert CustomModel(Lottery.model, POOLS).kinds == {"count: 0"}  # the only answer while no client is here

    class Wrong(Lottery):
        async def count(self) -> int:
            return 3

    (finding,) = explored(Wrong).outcome.findings.values()
    assert finding.program == program("count")


def test_messages_are_distinct_and_fakes_see_a_disconnected_client_as_closed() -> None:
    seen: list[tuple[str, bool]] = []

    class Wall:
        class model:  # as above
            operations = {"put": ("client", "message"), "disconnect": ("client",)}
            initial = ()
            step = staticmethod(lambda state, name, arguments: (None, (*state, arguments[1]) if name == "put" else state))

            @staticmethod
            def shown(state: Any) -> Any:
                return list(state)

        def __init__(self, env: Any) -> None:
            self.env = env
            self.wall: list[str] = []

        def put(self, client: str, message: str) -> None:
            seen.append((message, self.env.closed(client)))
            self.wall.append(message)

        def disconnect(self, client: str) -> None:
            pass

        def observe(self) -> Any:
            return list(self.wall)

    assert not play(Wall, program("put c1 message; put c2 message; disconnect c1; put c1 message")).violations
    assert seen == [("mA", False), ("mA2", False), ("mA3", True)]
    assert CustomModel(Wall.model, POOLS).kinds == {"put: None", "disconnect: None"}


def test_the_adapter_s_own_properties_are_judged_too() -> None:
    class Small(Counting):
        properties = {"at most one": lambda here: len(here) < 2}

    (cause,) = play(Small, program("enter c1; enter c2")).violations
    assert cause.mechanism == "at most one"


def test_a_finding_replays_and_has_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = hold(f"{EXAMPLE}:Overbooked", load_example("Overbooked"), PROFILE, None, [])
    assert held.record["verdict"] == "violated"
    (found,) = held.found
    script = tmp_path / "shows.py"
    assert main(["replay", found.string(), "--script", str(script)]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "P8 last word wins: join returned a wrong answer" in out
    assert "fails on the stock event loop" in out
    assert "stateful_tests" not in script.read_text(encoding="utf-8")
    again = hold(f"{EXAMPLE}:Adapter", load_example("Adapter"), replace(PROFILE, examples=1, schedules=1), None, [found])
    assert again.mended == [found]


RECORDED = f"""
import json
from dataclasses import replace
from subwarden.stateful_tests.fixture.hold import hold
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE
from subwarden.stateful_tests.tests.subjects.test_custom_model import load_example

held = hold("{EXAMPLE}:Overbooked", load_example("Overbooked"), replace(PROFILE, examples=6, schedules=20), None, [])
for check in held.record["checks"]:
    del check["seconds"]
print(json.dumps(held.record))
"""


def test_findings_and_reports_do_not_depend_on_hash_order() -> None:
    """The example's states are frozensets of texts."""
    made = [
        subprocess.run(
            [sys.executable, "-c", RECORDED], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "77")
    ]
    one, other = (json.loads(text) for text in made)
    assert (one.pop("hash_seed"), other.pop("hash_seed")) == (1, 77)
    for record in (one, other):
        for finding in record["findings"]:
            finding["replay"] = replace(read(finding["replay"]), hash_seed=0).string()  # which brings the seed of its process
    assert one == other
    assert one["verdict"] == "violated"

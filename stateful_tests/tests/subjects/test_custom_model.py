"""Adapters that bring a model: what is judged by it, and that mistakes in it are told as its mistakes."""

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
from subwarden.checking.custom.text import text_of
from subwarden.cli.main import main
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.fixture.hold import hold
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.subjects.custom.adapter import POOLS
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.custom.program import CustomProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE
from subwarden.stateful_tests.tests.subjects.custom_level import explored, play, program

EXAMPLE = "examples/seats.py"


class Counting:
    """Who is here, and how many that makes."""

    class model:  # named as adapters have it
        operations = {"enter": ("client",), "count": ()}
        initial: frozenset[str] = frozenset()

        @staticmethod
        def step(state: Any, name: str, arguments: Any) -> Any:
            return (None, state | {*arguments}) if name == "enter" else (len(state), state)

        @staticmethod
        def shown(state: Any) -> Any:
            return set(state)

    def __init__(self) -> None:
        self.here: set[Any] = set()

    async def enter(self, client: Any) -> None:
        self.here.add(client)

    async def count(self) -> int:
        return len(self.here)

    def observe(self) -> Any:
        return self.here  # the manager's own set, which goes on changing


# --- what is judged


@pytest.mark.parametrize(("order", "cancellation"), [(Order.FIFO, True), (Order.ANY, False)])
def test_what_the_example_has_right_shows_nothing_and_leaves_nothing_unmet(order: Order, cancellation: bool) -> None:
    done = explored(load_example("Adapter"), order, cancellation=cancellation)
    outcome = done.finish()
    assert not outcome.findings
    assert not outcome.doubts
    assert outcome.brought - outcome.fired == set()


def test_the_example_s_defect_is_found_made_small_and_shown_by_a_script() -> None:
    (finding,) = explored(load_example("Overbooked")).outcome.findings.values()
    assert finding.cause == causes.wrong_answer("join")
    assert finding.program == program("join c1 t1", "join c2 t1")
    record = finding_record(f"{EXAMPLE}:Overbooked", finding)
    assert record["script_confirmed"], record["script_doubt"]
    (row,) = [row for row in record["steps"] if row["broken"]]
    assert row["did"] == ["join returns 'seated'"]
    assert row["changed"] == ["t1: (['c1', 'c2'], [])"]
    assert "the model answers 'waits'" in row["broken"][0]


def load_example(name: str) -> Any:
    """The adapter itself."""
    return load(f"{EXAMPLE}:{name}", CUSTOM_LEVEL.name)().kind.type


def test_an_answer_that_no_order_explains_is_wrong_and_one_that_some_order_explains_is_not() -> None:
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
            return None  # it cannot be seen, so that the answers tell

    assert set(play(Late, program("enter c1; count")).violations) == {causes.wrong_answer("count")}


def test_what_shows_is_judged_where_no_call_is_open_by_the_operation_that_ended_last() -> None:
    class Forgets(Counting):
        async def enter(self, client: Any) -> None:
            self.here.clear()  # nobody minds while the call is open
            await asyncio.sleep(0)
            self.here.add(client)

    assert not play(Forgets, program("enter c1")).violations
    result = play(Forgets, program("enter c1; enter c2"))
    assert set(result.violations) == {causes.wrong_state("enter")}
    (detail,) = result.details.values()
    assert detail == "it shows {'c2'}; the model shows {'c1', 'c2'}"
    check = explored(Forgets)
    finding = check.outcome.findings[causes.wrong_state("enter")]
    assert finding.program in (program("enter c1; enter c2"), program("enter c1", "enter c2"))
    record: Any = finding_record("nowhere:Forgets", finding, check._factory)
    assert record["plain"]["claim"] == ["shown", "{'c2'}"]


def test_a_cancelled_call_has_happened_or_not() -> None:
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


class Room:
    """A room for one: `enter` waits until it is free."""

    class model:  # named as adapters have it
        operations = {"enter": (), "go": ()}
        initial = False

        @staticmethod
        def step(taken: Any, name: str, arguments: Any) -> Any:
            if name == "enter":
                return [] if taken else [(None, True)]
            return taken, False

        @staticmethod
        def shown(taken: Any) -> Any:
            return taken

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()
        self.taken = False

    async def enter(self) -> None:
        while self.taken:
            self.free.clear()
            await self.free.wait()
        self.taken = True

    async def go(self) -> bool:
        was, self.taken = self.taken, False
        self.free.set()
        return was

    def observe(self) -> Any:
        return self.taken


def test_a_call_may_wait_where_the_model_lets_it_and_only_there() -> None:
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
    assert list(result.details.values()) == ["enter() answers None; by the model it has to wait"]


def test_several_answers_may_be_right_and_some_need_not_be_judged() -> None:
    class Lottery(Counting):
        class model(Counting.model):  # as above
            @staticmethod
            def step(state: Any, name: str, arguments: Any) -> Any:
                if name == "count":
                    return {(0, state), (len(state), state)}  # somebody may not be counted
                return ..., state | {*arguments}

        async def enter(self, client: Any) -> Any:
            self.here.add(client)
            return object()

        async def count(self) -> int:
            return 0

    assert not explored(Lottery).outcome.findings
    assert CustomModel(Lottery.model, POOLS).kinds == {"count: 0"}  # where nobody is here, there is no other answer

    class Wrong(Lottery):
        async def count(self) -> int:
            return 3

    (finding,) = explored(Wrong).outcome.findings.values()
    assert finding.program == program("count")


def test_messages_differ_and_a_client_that_disconnects_is_closed_to_fakes() -> None:
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


def test_the_adapter_s_own_properties_are_judged_as_well() -> None:
    class Small(Counting):
        properties = {"at most one": lambda here: len(here) < 2}

    (cause,) = play(Small, program("enter c1; enter c2")).violations
    assert cause.mechanism == "at most one"


# --- what it is told by


def test_a_run_of_another_subject_s_operations_is_not_played() -> None:
    assert not play(Counting, program("count", "leave c1", "enter", "enter somebody")).violations


def test_programs_are_plain_data_and_what_is_none_is_told() -> None:
    written = program("enter c1; count", "count", faults=(1,)).encode()
    assert CustomProgram.decode(json.loads(json.dumps(written))) == program("enter c1; count", "count", faults=(1,))
    with pytest.raises(ValueError, match=r"join: \[1\] is neither a text"):
        CustomProgram.decode({"tasks": [[["join", [1]]]], "faults": []})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b", "a"}, "{'a', 'b'}"),
        (frozenset(), "frozenset()"),
        ({"b": {2, 1}, "a": ()}, "{'a': (), 'b': {1, 2}}"),
        ([frozenset({(1,)})], "[frozenset({(1,)})]"),
        (object(), "<object object>"),
    ],
)
def test_values_are_told_without_hash_order_and_addresses(value: object, text: str) -> None:
    assert text_of(value) == text


# --- mistakes

MODEL = """
class Model:
    operations = {operations}
    initial = {initial}
    answers = {answers}
    def step({arguments}):
        {step}
    def shown(self, state):
        {shown}

class Mine:
    model = {model}
    async def join(self, client):
        return True
    def observe(self):
        return {observe}
"""
SOUND = {
    "operations": "{'join': ('client',)}",
    "initial": "0",
    "answers": "{}",
    "arguments": "self, state, name, arguments",
    "step": "return True, state",
    "shown": "return 0",
    "model": "Model",
    "observe": "0",
}


def gate(tmp_path: Path, parts: dict[str, str], *options: str) -> int:
    """The exit code of the gate on an adapter whose model has these parts."""
    path = tmp_path / "mine.py"
    path.write_text(MODEL.format(**{**SOUND, **parts}), encoding="utf-8")
    return main(["gate", "--subject", f"{path}:Mine", "--profile", "dev", "--budget", "1", "--jobs", "1", *options])


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"model": "5"}, "its model has no initial and no operations and no step; a model has initial, operations and step(state, name"),
        ({"arguments": "self, state"}, "its model's step must take (state, name, arguments)"),
        ({"operations": "['join']"}, "its model's operations must be a dict of arguments by name"),
        ({"operations": "{'join it': ()}"}, "its model's operations name 'join it', which cannot be a method's name"),
        ({"operations": "{'join': 'client'}"}, 'its model\'s operations[\'join\'] must be a tuple of arguments, each "client", "topic"'),
        ({"operations": "{'join': ('seat',)}"}, "its model's operations['join'] has 'seat'; an argument is \"client\", \"topic\""),
        ({"operations": "{'leave': ()}"}, "its model has an operation leave, for which it has no method; add one, or take it out"),
        ({"operations": "{'observe': ()}"}, "its model has an operation observe, which is how the harness asks; give it another name"),
        ({"operations": "{'join': ('client', 'topic')}"}, "join must take (client, topic)"),
        ({"initial": "[]"}, "its model's initial state cannot be hashed: []; use tuples and frozensets"),
        ({"step": "return True, [state]"}, "the next state that its model's step of join returned cannot be hashed: [0]; use tuples"),
        ({"step": "return state"}, "step(0, 'join', ('c1',)) failed with TypeError: 'int' object is not iterable; it must return (answer"),
        ({"step": "return [state]"}, "its model's step of join returned 0, which is no pair (answer, next state)"),
        ({"step": "return 1 / 0"}, "its model's step(0, 'join', ('c1',)) failed with ZeroDivisionError: division by zero"),
        ({"step": "yield 1 / 0"}, "its model's step(0, 'join', ('c1',)) failed with ZeroDivisionError: division by zero"),
        ({"shown": "return 1 / 0"}, "its model's shown(0) raised ZeroDivisionError: division by zero"),
        ({"shown": "return 1"}, "observe() of a new manager is 0, but shown(initial) of its model 1; make the two agree"),
        ({"observe": "1 / 0"}, "observe() of a new manager raised ZeroDivisionError: division by zero"),
        ({"answers": "{'leave': (True,)}"}, "its model's answers must be a dict of answers by operation"),
        (
            {
                "operations": "{'join': ('client',)}\n    class Odd:\n        def __eq__(self, other): raise KeyError(3)",
                "step": "return Model.Odd(), 0",
            },
            "comparing the model's <mine.Model.Odd object> with the manager's True raised KeyError: 3; give plain values",
        ),
        # of a state that the first look at the model does not reach
        ({"step": "return True, state + 1 if state < 3000 else {}", "shown": "return 0 if state < 5 else 1 / 0"}, "shown(5) raised Zero"),
    ],
)
def test_a_mistake_of_a_model_is_one_line(parts: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(tmp_path, parts) == 3
    err = capsys.readouterr().err.splitlines()
    lines = [line for line in err if not line.endswith(" s")]  # progress aside
    assert said in lines[-1]
    assert "mine.py:Mine" in lines[-1]


def test_an_answer_that_must_be_given_and_never_is_leaves_the_gate_inconclusive() -> None:
    class Declares(Counting):
        class model(Counting.model):  # as above
            answers = {"count": (0, "many")}

    held = hold("nowhere:Declares", Declares, replace(PROFILE, examples=3, schedules=8), None, [])
    assert held.record["verdict"] == "inconclusive"
    never = held.record["coverage"]["never_fired"]
    assert "custom: transition count: 'many'" in never
    assert not any("count: 0" in name or "count: 1" in name for name in never)


# --- with everything else


def test_what_is_found_is_replayed_as_it_was_and_by_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = hold(f"{EXAMPLE}:Overbooked", load_example("Overbooked"), PROFILE, None, [])
    assert held.record["verdict"] == "violated"
    (found,) = held.found
    script = tmp_path / "shows.py"
    assert main(["replay", found.string(), "--script", str(script)]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "P8 last word wins: join answers what the model does not" in out
    assert "it was run, and fails on the stock event loop" in out
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


def test_what_is_found_and_told_does_not_depend_on_hash_order() -> None:
    """The example's states are frozensets of texts."""
    made = [
        subprocess.run(
            [sys.executable, "-c", RECORDED], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "77")
    ]
    assert made[0] == made[1]
    assert json.loads(made[0])["verdict"] == "violated"

"""A mistake in a user's model, or in one of its values, is reported in one line as a mistake of that model."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from subwarden.checking.custom.text import text_of
from subwarden.cli.main import main
from subwarden.stateful_tests.fixture.hold import hold
from subwarden.stateful_tests.subjects.custom.program import CustomProgram
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE
from subwarden.stateful_tests.tests.subjects.custom_level import play, program
from subwarden.stateful_tests.tests.subjects.custom_models import Counting


def test_a_run_of_another_subject_s_operations_is_not_played() -> None:
    assert not play(Counting, program("count", "leave c1", "enter", "enter somebody")).violations


def test_programs_are_plain_data_and_other_values_are_refused() -> None:
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
def test_the_text_of_a_value_has_no_hash_order_and_no_address(value: object, text: str) -> None:
    assert text_of(value) == text


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
    return main(["gate", "--subject", f"{path}:Mine", "--profile", "dev", "--jobs", "1", *options])


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
        # of a state that the first walk of the model does not reach
        ({"step": "return True, state + 1 if state < 3000 else {}", "shown": "return 0 if state < 5 else 1 / 0"}, "shown(5) raised Zero"),
    ],
)
def test_a_mistake_of_a_model_is_one_line(parts: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(tmp_path, parts) == 3
    err = capsys.readouterr().err.splitlines()
    lines = [line for line in err if not line.endswith(" s")]  # progress aside
    assert said in lines[-1]
    assert "mine.py:Mine" in lines[-1]


def test_an_expected_answer_that_never_comes_leaves_the_gate_inconclusive() -> None:
    class Declares(Counting):
        class model(Counting.model):  # as above
            answers = {"count": (0, "many")}

    held = hold("nowhere:Declares", Declares, replace(PROFILE, examples=3, schedules=8), None, [])
    assert held.record["verdict"] == "inconclusive"
    never = held.record["coverage"]["never_fired"]
    assert "custom: transition count: 'many'" in never
    assert not any("count: 0" in name or "count: 1" in name for name in never)

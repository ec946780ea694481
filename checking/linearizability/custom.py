"""Judges a history by a custom model, as the gate judges the answers of a run: by the same code (`checking.possible_states`).

A custom model may allow several outcomes of a call, and may let it wait; the search for the other models knows neither. Observations are
not part of a history, so only answers are judged.
"""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from subwarden.checking.custom.configurations import CustomGraph, CustomNode
from subwarden.checking.custom.model import ANY, CustomModel, CustomOperation
from subwarden.checking.custom.text import text_of
from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.specification import UNJUDGED
from subwarden.checking.linearizability.verdict import Counted, Judgement, Linearizable, NotLinearizable, Unknown
from subwarden.checking.linearizability.window import Candidate, Window
from subwarden.checking.possible_states import CallOutcome, PossibleStates


class CustomSpecification:
    """Reads and describes the calls of a custom model; see `checking.linearizability.specification`. `judge_custom` does the rest."""

    def __init__(self, name: str, model: CustomModel) -> None:
        self.name = name
        self.model = model

    def decode(self, data: object) -> CustomOperation:
        """A call with any plain arguments: the values that the model names are those of programs, not those of a server's log."""
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            raise ValueError(f"an operation is a list that starts with its name, not {data!r}")
        name, *arguments = data
        known = self.model.operations.get(name)
        if known is None:
            raise ValueError(f"unknown operation {name!r}; known: {', '.join(self.model.operations)}")
        if len(known) != len(arguments):
            raise ValueError(f"{name} takes {len(known)} arguments, not {len(arguments)}")
        for value in arguments:
            if value is not None and type(value) not in (str, int, bool):
                raise ValueError(f"{name}: {value!r} is neither a text, a whole number, a boolean nor null")
        return CustomOperation(name, tuple(arguments))

    def decode_answer(self, operation: CustomOperation, data: object) -> object:
        return data

    def needs_state(self, operation: CustomOperation) -> bool:
        return False

    def gives_state(self, answer: object) -> bool:
        return False

    def describe(self, operation: CustomOperation) -> str:
        return str(operation)

    def describe_answer(self, operation: CustomOperation, answer: object) -> str:
        return text_of(answer)

    def describe_state(self, state: object) -> str:
        return text_of(state)


def judge_custom(history: Iterable[Moment], model: CustomModel, budget: int) -> Judgement:
    """Judge `history` by `model`. Raises BadModel. More than `budget` configurations at one moment: unknown."""
    graph = CustomGraph()
    graph.initial(model)
    now: PossibleStates[CustomNode] = PossibleStates(graph.node(model.initial))
    numbers: dict[int, int] = {}
    opened: dict[int, HistoryCall] = {}
    size = {"calls": 0, "answered": 0, "cancelled": 0, "moments": 0, "widest": 1, "overlap": 0}

    def counted() -> Counted:
        return Counted(size["calls"], size["answered"], size["cancelled"], size["moments"], size["widest"], size["overlap"])

    for moment in history:
        size["moments"] += 1
        for call in moment.calls:
            number = numbers[call.line] = size["calls"] = size["calls"] + 1
            now.open[number] = call.operation
            opened[number] = call
        size["overlap"] = max(size["overlap"], len(now.open))
        for call in moment.ends:
            before = now.configurations
            number = numbers.pop(call.line)
            if call.fate.end is CallEnding.CANCELLED:
                size["cancelled"] += 1
                now.settled([number])
            else:
                explained, possible = now.answered(number, partial(_fits, call.fate.answer))
                if not explained:
                    answers = {text_of(outcome.answer): outcome for outcome in possible}
                    candidates = tuple(Candidate(call, each.answer, each.kind) for _, each in sorted(answers.items()))
                    states = tuple(dict.fromkeys(node.state for node, _ in before))
                    under_way = tuple(each for number, each in opened.items() if each is not call)
                    window = Window(states, under_way, (call,), call, (), states[0], candidates, least=True)
                    return NotLinearizable(counted(), call, window)
                size["answered"] += 1
            del opened[number]
            size["widest"] = max(size["widest"], len(now.configurations))
            if len(now.configurations) > budget:
                return Unknown(counted(), budget, moment.line, moment.at)
    return Linearizable(counted())


def fits(answer: object, wanted: object) -> bool:
    """Whether the model's `answer` is the one that the history has as plain data: tuples are lists there, and sets are sorted lists."""
    return wanted is UNJUDGED or answer is ANY or _as_json(answer) == _as_json(wanted)


def _fits(wanted: object, outcome: CallOutcome) -> bool:
    return fits(outcome.answer, wanted)


def _as_json(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, default=text_of)


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(map(_plain, value), key=text_of)
    if isinstance(value, tuple | list):
        return [*map(_plain, value)]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value

"""Judges a history by a custom model, as the gate judges the answers of a run: by the same code (`checking.possible_states`).

A custom model may allow several outcomes of a call, and may let it wait; the search for the other models knows neither. A visible state is
in a history as a call of `observe`, which changes nothing and is answered by what the model's `shown` says.
"""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from subwarden.checking.custom.configurations import CustomGraph, CustomNode
from subwarden.checking.custom.model import ANY, OBSERVE, CustomModel, CustomOperation, operation_of
from subwarden.checking.custom.text import text_of
from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.search import BUDGET
from subwarden.checking.linearizability.specification import UNJUDGED
from subwarden.checking.linearizability.verdict import Counted, Judgement, Linearizable, NotLinearizable, Unknown
from subwarden.checking.linearizability.window import Candidate, Window
from subwarden.checking.possible_states import CallOutcome, PossibleStates
from subwarden.model.as_data import named


class CustomSpecification:
    """Reads and describes the calls of a custom model; see `checking.linearizability.specification`. `judge_custom` does the rest."""

    def __init__(self, name: str, model: CustomModel) -> None:
        self.name = name
        self.model = model

    @property
    def heading(self) -> dict[str, object]:
        """The words of a history's first line that name this model: none, since a history must not say what is to be run."""
        return {}

    def decode(self, data: object) -> CustomOperation:
        """A call with any plain arguments: the values that the model names are those of programs, not those of a server's log."""
        name, *arguments = named(data)
        if data == [OBSERVE.name] and self.model.shows is not None:
            return OBSERVE
        known = self.model.operations.get(name)
        if known is None:
            raise ValueError(f"unknown operation {name!r}; known: {', '.join(self.model.operations)}")
        if len(known) != len(arguments):
            raise ValueError(f"{name} takes {len(known)} arguments, not {len(arguments)}")
        return operation_of(name, arguments)

    def decode_answer(self, operation: CustomOperation, data: object) -> object:
        return data

    def encode_answer(self, answer: object) -> object:
        return answer

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


class Followed:
    """The states of a custom model that explain the calls and answers of one run, or of one history, so far."""

    def __init__(self, model: CustomModel, graph: CustomGraph | None = None) -> None:
        """`graph`: of earlier runs, so that what is known is not worked out again."""
        graph = graph or CustomGraph()
        graph.initial(model)
        self.states: PossibleStates[CustomNode] = PossibleStates(graph.node(model.initial))
        self.open: dict[int, HistoryCall] = {}  # by its number, in order
        self._numbers: dict[int, int] = {}  # by the line of the call
        self._calls = 0

    def called(self, call: HistoryCall) -> None:
        """A call is made."""
        number = self._numbers[call.line] = self._calls = self._calls + 1
        self.states.open[number] = call.operation
        self.open[number] = call

    def returned(self, call: HistoryCall) -> tuple[list[CallOutcome], list[CallOutcome]]:
        """It has returned: the outcomes that explain its answer (none: nothing does), and all that were possible. Raises BadModel."""
        return self.states.answered(self._ended(call), partial(_fits, call.fate.answer))

    def cancelled(self, call: HistoryCall) -> None:
        """It has happened, or never will. Raises BadModel."""
        self.states.settled([self._ended(call)])

    def _ended(self, call: HistoryCall) -> int:
        number = self._numbers.pop(call.line)
        del self.open[number]
        return number


def judge_custom(history: Iterable[Moment], model: CustomModel, budget: int = BUDGET) -> Judgement:
    """Judge `history` by `model`. Raises BadModel. More than `budget` configurations at one moment: unknown."""
    now = Followed(model)
    size = {"calls": 0, "answered": 0, "cancelled": 0, "moments": 0, "widest": 1, "overlap": 0}

    def counted() -> Counted:
        return Counted(size["calls"], size["answered"], size["cancelled"], size["moments"], size["widest"], size["overlap"])

    for moment in history:
        size["moments"] += 1
        size["calls"] += len(moment.calls)
        for call in moment.calls:
            now.called(call)
        size["overlap"] = max(size["overlap"], len(now.open))
        for call in moment.ends:
            before = now.states.configurations
            if call.fate.end is CallEnding.CANCELLED:
                size["cancelled"] += 1
                now.cancelled(call)
            else:
                explained, possible = now.returned(call)
                if not explained:
                    answers = {text_of(outcome.answer): outcome for outcome in possible}
                    candidates = tuple(Candidate(call, each.answer, each.kind) for _, each in sorted(answers.items()))
                    states = tuple(dict.fromkeys(node.state for node, _ in before))
                    window = Window(states, tuple(now.open.values()), (call,), call, (), states[0], candidates, least=True)
                    return NotLinearizable(counted(), call, window)
                size["answered"] += 1
            size["widest"] = max(size["widest"], len(now.states.configurations))
            if len(now.states.configurations) > budget:
                return Unknown(counted(), budget, moment.line, moment.at)
    return Linearizable(counted())


def fits(answer: object, wanted: object) -> bool:
    """Whether the model's `answer` is the one that the history has as plain data."""
    return wanted is UNJUDGED or answer is ANY or _as_json(answer) == _as_json(wanted)


def _fits(wanted: object, outcome: CallOutcome) -> bool:
    return fits(outcome.answer, wanted)


def _as_json(value: Any) -> str:
    return json.dumps(plain(value), sort_keys=True, default=text_of)


def plain(value: Any) -> Any:
    """A value of the model as a history has it: tuples are lists, and sets are sorted lists."""
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value), key=text_of)
    if isinstance(value, tuple | list):
        return [*map(plain, value)]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value

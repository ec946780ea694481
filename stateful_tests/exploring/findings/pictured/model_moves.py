"""The graph of the model's states that a program can lead to, one call after the other: pages show which way a run took through it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from subwarden.reports.html.trace_record import ModelMovesRecord

BOUND = 4_000  # states, with the calls that are left; a program that has more is not drawn


class ModelMoves(NamedTuple):
    """A model, as this module asks it. `step` gives each (state, memory of the task) to which an operation may lead from (state, memory);
    none: it has to wait. `facts`: a state in words, as `Narrator.state` has it.
    """

    initial: Any
    step: Callable[[Any, Any, Any], Iterable[tuple[Any, Any]]]
    facts: Callable[[Any], list[str]]


def moves_record(model: ModelMoves, tasks: Sequence[Sequence[Any]], say: Callable[[Any], str]) -> ModelMovesRecord | None:
    """The states to which `tasks` may lead, told apart by their facts, and the moves between them; None if there are too many."""
    states: dict[tuple[str, ...], int] = {}

    def number_of(state: Any) -> int:
        return states.setdefault(tuple(sorted(model.facts(state))), len(states))

    first = (model.initial, (0,) * len(tasks), (None,) * len(tasks))
    number_of(model.initial)
    moves: dict[tuple[int, int], dict[str, None]] = {}
    seen, waiting = {first}, [first]
    for state, done, memories in waiting:  # grows
        for place, operations in enumerate(tasks):
            if done[place] == len(operations):
                continue
            operation = operations[done[place]]
            for after, memory in model.step(state, memories[place], operation):
                configuration = (
                    after,
                    (*done[:place], done[place] + 1, *done[place + 1 :]),
                    (*memories[:place], memory, *memories[place + 1 :]),
                )
                one, other = number_of(state), number_of(after)
                if one != other:
                    moves.setdefault((one, other), {})[say(operation)] = None
                if configuration not in seen:
                    if len(seen) == BOUND:
                        return None
                    seen.add(configuration)
                    waiting.append(configuration)
    return {
        "states": [list(facts) for facts in states],
        "moves": [{"source": one, "target": other, "calls": list(calls)} for (one, other), calls in moves.items()],
    }

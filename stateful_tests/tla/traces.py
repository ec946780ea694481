"""Writes traces of a real manager for other tools: as a TLA+ module that TLC checks against the twin, and as ITF JSON (Apalache's
informal trace format), which trace viewers read.

A trace is a list of operations in the order in which they took effect, each with its answer and the view afterwards. Listener
generations are left out, since the twin does not have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import View
from subwarden.model.manager.step import Answer
from subwarden.proving.manager.scope import Request


class Binding(Enum):
    """The relation of a call to its thread's entry when it takes effect. NOW: it began in that step."""

    NOW = "now"
    NONE = "none"  # there was no entry when it began
    BOUND = "bound"  # the entry that it saw is still in the map
    STALE = "stale"  # the entry that it saw has been torn down


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One operation at its effect. `thread`: for a state operation, the thread whose state it acted on."""

    operation: op.Operation
    answer: object
    view: View
    thread: int | None = None
    binding: Binding = Binding.NOW


def as_tla(trace: Sequence[TraceStep]) -> str:
    """A TLA+ module `Trace`, which extends the twin's checker with the steps of `trace`."""
    steps = ",\n  ".join(_step(step, _threads(trace)) for step in trace)
    return (
        "---- MODULE Trace ----\n\\* Written by subwarden from a run of a manager.\nEXTENDS TraceCheck\n"
        f"ThreadsHere == {_threads(trace)}\nItemsHere == {_items(trace)}\n"
        f"StepsHere == <<\n  {steps}\n>>\n====\n"
    )


def _threads(trace: Sequence[TraceStep]) -> int:
    """The largest thread number, at least 1."""
    named = [Request(s.operation, s.thread).on_thread() or 1 for s in trace]
    return max([1, *named, *(t for s in trace for t, _ in s.view.entries), *(t for s in trace for t, _ in s.view.links)])


def _items(trace: Sequence[TraceStep]) -> int:
    """A number of items that no turn of the trace exceeds."""
    return len(trace) + 1


def _step(step: TraceStep, threads: int) -> str:
    numbers = answer_as_numbers(step)
    judged = step.answer is not Answer.ANY and not isinstance(step.operation, op.StateSetListener)  # its answer is the generation
    return (
        f"[op |-> {_operation(step)}, binding |-> {_text(step.binding.value)}, judged |-> {_bool(judged)}, "
        f"answer |-> {_set(sorted(numbers))}, view |-> {_view(step.view, threads)}]"
    )


def _operation(step: TraceStep) -> str:
    o = step.operation
    name = o.event.value if isinstance(o, op.StateTrackEvent) else o.name
    argument = getattr(o, "conversation", None)
    x = int(getattr(o, "raw", False)) if argument is None else argument
    thread = Request(o, step.thread).on_thread() or 0
    return f"Op({_text(name)}, {thread}, {getattr(o, 'connection', 0)}, {getattr(o, 'subscription', 0)}, {x})"


def answer_as_numbers(step: TraceStep) -> set[int]:
    """The answer as the twin's set of numbers: empty for none or refused, 1 for yes or a thread state, 0 for no."""
    answer = step.answer
    if answer is None or answer is Answer.REFUSED:
        return set()
    if isinstance(step.operation, op.RETURNS_STATE):
        return {1}
    if isinstance(answer, list | tuple | set | frozenset):
        return set(answer)
    return {int(answer)} if isinstance(answer, int) else set()


def _view(view: View, threads: int) -> str:
    shown = dict(view.entries)
    entries = []
    for thread in range(1, threads + 1):
        entry = shown.get(thread)
        follows = 0 if entry is None or entry.conversation is None else entry.conversation
        turn = -1 if entry is None or entry.turn is None else entry.turn
        entries.append(f"[there |-> {_bool(entry is not None)}, follows |-> {follows}, turn |-> {turn}]")
    ids = [f"<<{s}, {t}, {c}>>" for s, (t, c) in sorted(view.ids)]
    return (
        f"[showsLive |-> {_bool(view.live is not None)}, live |-> {_set(sorted(view.live or ()))}, entries |-> <<{', '.join(entries)}>>, "
        f"links |-> {_pairs(view.links)}, ids |-> {_set(ids)}, raw |-> {_pairs(view.raw)}]"
    )


def _pairs(pairs: frozenset[tuple[int, int]]) -> str:
    return _set([f"<<{t}, {c}>>" for t, c in sorted(pairs)])


def _set(members: Sequence[object]) -> str:
    return "{" + ", ".join(map(str, members)) + "}"


def _bool(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _text(text: str) -> str:
    return f'"{text}"'


def as_itf(trace: Sequence[TraceStep]) -> dict[str, object]:
    """The trace in ITF: one state before the first operation, and one after each."""
    empty = View(frozenset(), (), frozenset(), frozenset(), frozenset())
    states = [_itf_state(0, None, empty), *(_itf_state(i, step, step.view) for i, step in enumerate(trace, start=1))]
    return {
        "#meta": {"format": "ITF", "source": "subwarden", "description": "a run of a subscription manager"},
        "vars": ["operation", "answer", "live", "entries", "links", "ids", "raw"],
        "states": states,
    }


def _itf_state(index: int, step: TraceStep | None, view: View) -> dict[str, object]:
    return {
        "#meta": {"index": index},
        "operation": {"#tup": [] if step is None else op.encode(step.operation)},
        "answer": {"#set": [] if step is None else [_big(n) for n in sorted(answer_as_numbers(step))]},
        "live": {"#set": [_big(c) for c in sorted(view.live or ())]},
        "entries": {"#map": [[_big(t), _itf_entry(e.conversation, e.turn)] for t, e in view.entries]},
        "links": {"#set": [_tuple(pair) for pair in sorted(view.links)]},
        "ids": {"#map": [[_big(s), _tuple(pair)] for s, pair in sorted(view.ids)]},
        "raw": {"#set": [_tuple(pair) for pair in sorted(view.raw)]},
    }


def _itf_entry(conversation: int | None, turn: int | None) -> dict[str, object]:
    return {"follows": _big(conversation or 0), "turn": _big(-1 if turn is None else turn)}


def _tuple(pair: tuple[int, int]) -> dict[str, object]:
    return {"#tup": [_big(n) for n in pair]}


def _big(number: int) -> dict[str, str]:
    """ITF's form of an integer, which no reader rounds."""
    return {"#bigint": str(number)}

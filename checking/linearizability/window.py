"""Explains why a history is not linearizable, with as few calls as possible.

The window starts just before the call whose end is impossible. If calls on which its answer may depend are open then, the window starts
just before the first of those, and so on: no relevant call crosses its start. Everything earlier is represented by the states that were
possible at the start. Then each call of the window is freed in turn: it may have happened or not, with any answer. If the same end stays
impossible, the call stays free. The remaining calls, of which none can be freed, are shown together with the calls that may not commute
with them.

The settled past is not searched for a culprit: an answer is wrong for the states that the answers before it allow, and those are shown.
And calls are freed rather than removed: without a subscribe a delivery is impossible all the more, and the interesting call is the
subscribe.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from subwarden.checking.linearizability.configurations import DeadEnd, Impossible, OverBudget, Path
from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.search import HistorySearch
from subwarden.checking.linearizability.specification import UNJUDGED, State, clash

LARGEST = 64  # calls; freeing the calls of a larger window one by one costs more than it tells


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call that might have come next, but for its answer: the model's answer in this state differs from the history's."""

    call: HistoryCall
    answer: object
    kind: str


@dataclass(frozen=True, slots=True)
class Window:
    """The shortest failing window. `order` leads from one of `starts` to `state`, where every candidate is impossible."""

    starts: tuple[State, ...]
    under_way: tuple[HistoryCall, ...]  # made before the window, open when it starts
    calls: tuple[HistoryCall, ...]  # made in it, in order: those needed, and those that may not commute with them
    failing: HistoryCall
    order: tuple[HistoryCall, ...]
    state: State
    candidates: tuple[Candidate, ...]
    least: bool  # no single call can be freed; False: the window was too large to try


def find_window(before: HistorySearch, since: Sequence[Moment], failing: HistoryCall) -> Window:
    """The window of `failing`, whose end is the first impossible one when the moments `since` follow the search `before`."""
    moments = list(since)
    ends = moments[-1].ends
    moments[-1] = moments[-1]._replace(ends=ends[: ends.index(failing) + 1])
    start, moments = _start(before, moments, failing)
    calls = [call for moment in moments for call in moment.calls]
    least = len(calls) <= LARGEST
    shown = _needed(start, moments, failing, calls) if least else calls
    only = [m._replace(calls=[c for c in m.calls if c in shown], ends=[c for c in m.ends if c in shown or c not in calls]) for m in moments]
    # leave the other calls out if that makes no other end impossible: the state shown is then free of their effects
    deepest = _dead_end(start, only if _fails(start, only, failing) else moments, failing)
    numbers = dict.fromkeys(state for _, state in start.configs)
    return Window(
        tuple(start.states.known[number] for number in numbers),
        tuple(_meeting(start, [failing, *shown])),
        tuple(shown),
        failing,
        tuple(call for call in _order(deepest.path) if call in shown or call not in calls),
        deepest.state,
        tuple(Candidate(call, effect.answer, effect.kind) for call, effect in deepest.candidates),
        least,
    )


def _start(before: HistorySearch, moments: list[Moment], failing: HistoryCall) -> tuple[HistorySearch, list[Moment]]:
    """The search just before the window, and the window's moments."""
    made = {call: n for n, moment in enumerate(moments) for call in moment.calls}
    at = made.get(failing, 0)
    while True:
        search = before.copy()
        for moment in moments[:at]:
            search.advance(moment)
        crossing = [made.get(call, -1) for call in _meeting(search, [failing])]
        size = sum(len(moment.calls) for moment in moments[min(crossing, default=at) :])
        # a call from before `moments`, or of a window that would be too large, stays under way
        if not crossing or min(crossing) < 0 or min(crossing) >= at or size > LARGEST:
            return search.copy(), moments[at:]
        at = min(crossing)


def _meeting(search: HistorySearch, calls: Sequence[HistoryCall]) -> list[HistoryCall]:
    """The calls under way with which some of `calls` may not commute, directly or through other calls under way."""
    met: dict[HistoryCall, None] = {}
    todo = [search.specification.touches(call.operation) for call in calls]
    while todo:
        touches = todo.pop()
        for entry in search.slots.values():
            if entry.call not in met and (entry.call in calls or clash(touches, entry.touches)):
                met[entry.call] = None
                todo.append(entry.touches)
    return sorted(met, key=lambda call: call.line)


def _needed(start: HistorySearch, moments: list[Moment], failing: HistoryCall, calls: list[HistoryCall]) -> list[HistoryCall]:
    """The calls of which none can be freed, and those that may not commute with them."""
    free: frozenset[HistoryCall] = frozenset()
    before = None
    while free != before:
        before = free
        for call in reversed(calls):
            if call not in free | _followed(failing, calls) and _fails(start, _freed(moments, free | {call}), failing):
                free |= {call}
    touches = start.specification.touches
    needed = [touches(call.operation) for call in (failing, *calls) if call not in free]
    return [call for call in calls if call not in free or any(clash(touches(call.operation), other) for other in needed)]


def _followed(failing: HistoryCall, calls: list[HistoryCall]) -> frozenset[HistoryCall]:
    """The calls that cannot be freed: `failing`, and calls followed by another of their task, which may act on their answers."""
    by_task = sorted((c for c in calls if c.task is not None), key=lambda c: (c.task, c.line))
    return frozenset({failing, *(one for one, later in pairwise(by_task) if one.task == later.task)})


def _freed(moments: list[Moment], free: frozenset[HistoryCall]) -> list[Moment]:
    """The moments with the calls of `free` cancelled at their ends."""
    as_if = {
        call: replace(call, fate=call.fate._replace(end=CallEnding.CANCELLED, answer=UNJUDGED))
        for call in free
        if call.fate.end is CallEnding.RETURNED
    }
    return [m._replace(calls=[as_if.get(c, c) for c in m.calls], ends=[as_if.get(c, c) for c in m.ends]) for m in moments]


def _fails(start: HistorySearch, moments: list[Moment], failing: HistoryCall) -> bool:
    """Whether the end of `failing` is the first impossible one."""
    try:
        _run(start.copy(remember=False), moments)
    except Impossible as error:
        return error.call is failing
    except OverBudget:
        return False
    return False


def _dead_end(start: HistorySearch, moments: list[Moment], failing: HistoryCall) -> DeadEnd:
    """The dead end with the longest order."""
    search = start.copy()
    search.dead_ends = []
    found: list[DeadEnd] = []
    try:
        for moment in moments:
            search.begin(moment.calls)
            for call in moment.ends:
                search.dead_ends = found = []  # only the last end's dead ends explain why it is impossible
                search.end(call)
    except Impossible as error:
        assert error.call is failing, "the window fails where the history does"
    # of equally long orders the one with the fewest candidates, which makes the shortest explanation
    return max(found, key=lambda end: (len(_order(end.path)), -len(end.candidates)))


def _run(search: HistorySearch, moments: list[Moment]) -> None:
    for moment in moments:
        search.advance(moment)


def _order(path: Path) -> tuple[HistoryCall, ...]:
    found = []
    while path is not None:
        path, call = path
        found.append(call)
    return tuple(reversed(found))

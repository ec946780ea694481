"""Why a history is not linearizable, in as few calls as will do.

The window starts just before the call whose end could not be explained, in every world that was possible then; everything earlier is
settled and shows only in those worlds and in the calls that were under way. Then each call made in the window is taken out in turn,
and stays out if the end is impossible without it too: no single call of what is left can go.

It refuses to search the past for a culprit: an answer is wrong for the worlds that the answers before it allow, and those are shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from checking.history import Call, Moment
from checking.linearization_search import DeadEnd, Impossible, OverBudget, Path, Search
from checking.specification import World

LARGEST = 200  # calls; taking calls out of a larger window one by one would cost more than it tells


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call that might have come next: the model's answer in this world differs from the history's."""

    call: Call
    answer: object
    kind: str


@dataclass(frozen=True, slots=True)
class Window:
    """The shortest failing window. `order` leads from one of `starts` to `world`, where every candidate is impossible."""

    starts: tuple[World, ...]
    under_way: tuple[Call, ...]  # made before the window, open when it starts
    calls: tuple[Call, ...]  # made in it, in the order of their calls
    failing: Call
    order: tuple[Call, ...]
    world: World
    candidates: tuple[Candidate, ...]
    least: bool  # no single call can go; False: the window was too large to try


def find_window(before: Search, since: Sequence[Moment], failing: Call) -> Window:
    """The window of the end of `failing`, the first that is impossible when `since` follows `before`."""
    start, moments = before.copy(), list(since)
    while failing not in start.by_call and failing not in moments[0].calls:
        start.advance(moments.pop(0))
    ends = moments[-1].ends
    moments[-1] = moments[-1]._replace(ends=ends[: ends.index(failing) + 1])
    calls = [call for moment in moments for call in moment.calls]
    least = len(calls) <= LARGEST
    out: set[Call] = set()
    while least and (dropped := _one_less(start, moments, failing, calls, out)) is not None:
        out.add(dropped)
    deepest = _dead_end(start, _without(moments, out), failing)
    return Window(
        tuple(start.worlds.known[world] for world in dict.fromkeys(world for _, world in start.configs)),
        tuple(start.by_call),
        tuple(call for call in calls if call not in out),
        failing,
        _order(deepest.path),
        deepest.world,
        tuple(Candidate(call, effect.answer, effect.kind) for call, effect in deepest.candidates),
        least,
    )


def _one_less(start: Search, moments: list[Moment], failing: Call, calls: list[Call], out: set[Call]) -> Call | None:
    """A call that the window fails without, None if each of them is needed."""
    by_task = sorted((c for c in calls if c.task is not None and c not in out), key=lambda c: (c.task, c.line))
    # a task's later calls may act on what this one was answered: without it they would be about something else
    needed = {failing, *(one for one, later in pairwise(by_task) if one.task == later.task)}
    for call in calls:
        if call in out or call in needed:
            continue
        if _fails(start, _without(moments, out | {call}), failing):
            return call
    return None


def _without(moments: list[Moment], out: set[Call]) -> list[Moment]:
    return [m._replace(calls=[c for c in m.calls if c not in out], ends=[c for c in m.ends if c not in out]) for m in moments]


def _fails(start: Search, moments: list[Moment], failing: Call) -> bool:
    """Whether `failing` is the first end that is impossible."""
    try:
        _run(start.copy(remember=False), moments)
    except Impossible as error:
        return error.call is failing
    except OverBudget:
        return False
    return False


def _dead_end(start: Search, moments: list[Moment], failing: Call) -> DeadEnd:
    """The longest order that got stuck."""
    search = start.copy()
    search.dead_ends = []
    found: list[DeadEnd] = []
    try:
        for moment in moments:
            search.begin(moment.calls)
            for call in moment.ends:
                search.dead_ends = found = []  # only those of the last end are why it is impossible
                search.end(call)
    except Impossible as error:
        assert error.call is failing, "the window fails where the history does"
    # the most that can be done, and then the fewest candidates, which is the shortest to tell
    return max(found, key=lambda end: (len(_order(end.path)), -len(end.candidates)))


def _run(search: Search, moments: list[Moment]) -> None:
    for moment in moments:
        search.advance(moment)


def _order(path: Path) -> tuple[Call, ...]:
    found = []
    while path is not None:
        path, call = path
        found.append(call)
    return tuple(reversed(found))

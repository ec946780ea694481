"""What may happen next on a controlled loop, in words: the task and its next call or the line where it goes on, or the outside event."""

from collections.abc import Callable, Sequence
from typing import Any

from subwarden.checking.place import place_in
from subwarden.reports.html.trace_record import PlaceRecord
from subwarden.reports.html.walk_record import CandidateKind, CandidateRecord
from subwarden.scheduling.handles import Handle, name_of, owner
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import width
from subwarden.stateful_tests.exploring.findings.actors import actor, quiet, task_said
from subwarden.stateful_tests.exploring.findings.narrate import TIMERS, outside_said
from subwarden.stateful_tests.exploring.findings.source_lines import place_record
from subwarden.stateful_tests.exploring.findings.where import suspended_in

HARNESS = "subwarden.stateful_tests."
FAULTS = ("+cancel ", "+fail ")


def candidates_of(
    candidates: LoopCandidates,
    available: Sequence[str],
    recorded: str | None,
    places: dict[str, PlaceRecord],
    next_call: Callable[[str], str | None] = lambda _: None,
    names: Callable[[Any], str] = task_said,
) -> list[CandidateRecord]:
    """A record for each of the names in `available`. `recorded`: the name that the recorded run goes on with. `places` gets the lines where
    tasks go on. `next_call`: the call that a task makes next, by its name; `names`: the name of a task in words.
    """
    loop = candidates.loop
    found: list[CandidateRecord] = []
    for at, name in enumerate(available):
        kind: CandidateKind = "step"
        place = ""
        if at < width(loop, candidates.order):
            who, said, place = _step(loop.ready[at], places, next_call, names)
        else:
            who, said = outside_said(name)
            who = next((names(task) for task in loop.tasks if name_of(task) == who), who)
            kind = "timer" if name.partition("@")[0] in TIMERS else "fault" if name.startswith(FAULTS) else "outside"
        found.append(
            {
                "name": name,
                "kind": kind,
                "who": who,
                "said": said,
                "at": place,
                "recorded": name == recorded,
            }
        )
    return found


def _step(
    handle: Handle, places: dict[str, PlaceRecord], next_call: Callable[[str], str | None], names: Callable[[Any], str]
) -> tuple[str, str, str]:
    """Who does the step, what it does, and where it goes on."""
    task = owner(handle)
    if task is None:
        return actor(handle), quiet(handle) or "runs", ""
    who = names(task)
    frame = suspended_in(task)
    if frame is None or frame.f_globals.get("__name__", "?").startswith(HARNESS):
        return who, next_call(who) or "goes on", ""
    key = place_in(frame.f_code, frame.f_lineno)
    if key not in places:
        places[key] = place_record(frame)
    begins = not getattr(task.get_coro(), "cr_suspended", True)
    return who, f"{'begins' if begins else 'goes on'} at {key}", key

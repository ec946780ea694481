"""Plays a tour of the model on a subject, and says in plain data which transitions agree."""

import time
from collections import Counter
from collections.abc import Callable
from typing import cast

from subwarden.checking.verdict import Verdict
from subwarden.impl.manager.api import ManagerApi
from subwarden.model.manager.state import State
from subwarden.proving.tour.tour import Tour
from subwarden.reports.records.proof import TOUR_SCHEMA, DifferenceRecord, TourRecord
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.watchdog import WATCHDOG, Blocked
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.runs.pictured.tour_graph import layers_record
from subwarden.stateful_tests.subjects.loading import blaming
from subwarden.stateful_tests.subjects.manager.tour_player import TourResult, play
from subwarden.stateful_tests.subjects.watched_load import BadSubject


def tour_record(subject: str, factory: Callable[[], ManagerApi], tour: Tour, progress: Callable[[int, int], bool]) -> TourRecord:
    """Play `tour` on the managers that `factory` makes, which is the subject of that name.

    `progress` is called with the numbers of transitions played so far, and of those that differ; if it returns False, the tour stops.
    Raises BadSubject.
    """
    began = time.monotonic()
    result, stopped = _played(subject, factory, tour, progress)
    differed = Counter(difference.kind for difference in result.differences)
    return {
        "schema": TOUR_SCHEMA,
        "subject": subject,
        "verdict": _verdict(result, len(tour.transitions)).value,
        "scope": tour.scope.describe_sequential(),
        "states": len({transition.source for transition in tour.transitions}),
        "transitions": len(tour.transitions),
        "runs": len(tour.runs),
        "calls": tour.length,
        "compared": result.compared,
        "agreed": dict(sorted(result.agreed.items())),
        "differed": dict(sorted(differed.items())),
        "unreachable": dict(sorted((+result.unreachable).items())),
        "differences": [cast(DifferenceRecord, difference._asdict()) for difference in result.differences],
        "layers": layers_record(tour.transitions, result.fates),
        "stopped": stopped,
        "seconds": round(time.monotonic() - began, 3),
    }


def _played(subject: str, factory: Callable[[], ManagerApi], tour: Tour, progress: Callable[[int, int], bool]) -> tuple[TourResult, bool]:
    stopped = False

    def go_on(played: int, differ: int) -> bool:
        nonlocal stopped
        stopped = not progress(played, differ)
        return not stopped

    loop = ControlledLoop()  # a manager may ask for the running loop; none of its steps is run here

    def fresh() -> ManagerApi:
        WATCHDOG.watch(loop)  # its bound is for the calls on one manager: a whole tour may last longer
        return factory()

    with blaming(subject), running(), loop.entered():
        if getattr(fresh(), "starts_as", None) not in (None, State()):
            raise BadSubject(f"subject {subject} starts in a state of its own (`starts_as`); a tour starts without connections or threads")
        try:
            result = play(tour, fresh, go_on)
        except Blocked as error:
            raise BadSubject(f"subject {subject}: a call blocks the loop, at {error}; `subwarden gate` reports it as a finding") from None
        finally:
            loop.abandon()
    return result, stopped


def _verdict(result: TourResult, transitions: int) -> Verdict:
    """Every transition must have been compared: one that was not is no evidence."""
    if result.differences:
        return Verdict.VIOLATED
    return Verdict.HOLDS if result.agreed.total() == transitions else Verdict.INCONCLUSIVE

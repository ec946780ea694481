"""Every interleaving of four tasks on one thread, under the order `any`: how many there are, and the time to judge them all.

The scheduler interleaves the tasks' pieces: a task's arrival, and each step from one await to the next (acquiring a lock is an await).
Bar: at least 10**8 interleavings of four tasks of four to five pieces each, in under 5 s.
"""

import time
from collections.abc import Iterator

from subwarden.checking.causes import Cause
from subwarden.impl.subjects import SUBJECTS
from subwarden.model.manager import operations as op
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.exhaustive import ExhaustiveSearch
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.manager.level import ManagerLevel
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

SINGLE = ManagerProgram(
    (
        (op.SetListener(1, 1, 1, True),),
        (op.TryEnsureConnectionSubscribed(1, 1, True),),
        (op.RemoveThreadState(1),),
        (op.RemoveConnection(1),),
    )
)
PAIRS = ManagerProgram(
    (
        (op.SetListener(1, 1, 1, True), op.StateSetListener(1)),
        (op.TryEnsureConnectionSubscribed(1, 1, True), op.StateSetListener(2)),
        (op.RemoveThreadState(1), op.ThreadState(1)),
        (op.RemoveConnection(1), op.HasSubscribers(1)),
    )
)
TRIPLES = ManagerProgram(
    (
        (op.SetListener(1, 1, 1, True), op.StateSetListener(1), op.StateTrackEvent(op.TurnEvent.TURN_STARTED)),
        (op.TryEnsureConnectionSubscribed(1, 2, True), op.StateSetListener(2), op.StateClearListener()),
        (op.RemoveThreadState(1), op.ThreadState(1), op.StateSetListener(3)),
        (op.ConnectionInitialized(2), op.RemoveConnection(1), op.HasSubscribers(1)),
    )
)
CASES = (
    ("source", "one operation each", SINGLE),
    ("source", "two operations each", PAIRS),
    ("manager", "one operation each", SINGLE),
    ("manager", "two operations each", PAIRS),
    ("manager", "three operations each", TRIPLES),
)


def _row(subject: str, what: str, program: ManagerProgram) -> str:
    runner = Runner(ManagerLevel(), SUBJECTS[subject].factory, Order.ANY)
    whole = ExhaustiveSearch(runner, program)
    user, wall = time.process_time(), time.perf_counter()
    broken: set[Cause] = set()
    longest = 0
    while (result := whole.next()) is not None:
        broken |= result.violations.keys()
        longest = max(longest, result.steps)
    user, wall = time.process_time() - user, time.perf_counter() - wall
    search = whole.search
    assert whole.complete
    assert search.schedules is not None
    pieces = f"up to {(longest + 4) / 4:g}"
    numbers = f"{search.schedules:,} | {search.states:,} | {search.runs:,} | {user:.1f} s | {wall:.1f} s | {len(broken)}"
    return f"| {subject} | {what} | {pieces} | {numbers} |"


def main() -> Iterator[str]:
    """The table, line by line while it is measured."""
    yield "| subject | four tasks of | mean pieces | interleavings | states | runs | processor | wall | causes of violations |"
    yield "|---" * 9 + "|"
    for case in CASES:
        with running():
            yield _row(*case)

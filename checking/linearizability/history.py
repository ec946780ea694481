"""A recorded history: calls with their times and ends, grouped into moments."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from subwarden.checking.linearizability.specification import UNJUDGED, Operation

Id = int | str


class CallEnding(Enum):
    """How a call ended."""

    RETURNED = "returned"  # it took effect between its call and its return
    CANCELLED = "cancelled"  # it took effect between its call and its cancellation, or never
    NEVER = "unanswered"  # it took effect at some time after its call, or never


class Fate(NamedTuple):
    """A call's end, with its answer if one was recorded."""

    end: CallEnding
    answer: object = UNJUDGED
    at: float | None = None
    line: int | None = None


UNANSWERED = Fate(CallEnding.NEVER)


@dataclass(slots=True, eq=False)
class HistoryCall:
    """One call of a history. `line` and `at` are those of the call; the reader sets `fate` before it yields the call."""

    line: int
    id: Id
    operation: Operation
    at: float
    task: str | None = None
    fate: Fate = UNANSWERED


class Moment(NamedTuple):
    """All calls and ends at one time. Intervals are closed: the calls come before the ends, in whatever order the lines stand."""

    at: float
    calls: list[HistoryCall]
    ends: list[HistoryCall]
    line: int  # the last line

"""The protocol of a walk, and the chooser that leads a run along a schedule and stops it where the next choice is a person's.

A walk keeps no run alive. Each step plays the whole schedule so far once more: so going back is the same as going on, a step that never
ends hurts nobody, and a subject that does not do the same twice is found out at once.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, Protocol

from subwarden.reports.html.walk_record import SavedWalkRecord, WalkHeadRecord, WalkRecord
from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.runner import running

PATIENCE = 10.0  # seconds without an end after which a step blocks: to write a run down takes longer than to make it
Onward = Literal["no", "choice", "end"]


class Paused(Exception):
    """Raised by a chooser: the schedule has come to its end, and the run has not."""


class Walk(Protocol):
    """The runs of one program on one subject."""

    head: WalkHeadRecord

    def at(self, schedule: Sequence[str], onward: Onward = "no") -> WalkRecord:
        """The run after these names. `onward`: and on to the next choice among two or more, or to the end if nobody chooses, as on stock
        asyncio.

        Raises Divergence where the run cannot go that way.
        """

    def save(self, schedule: Sequence[str]) -> SavedWalkRecord:
        """Keep the run that goes this way, and from there on as on stock asyncio. Raises Divergence, CannotSave."""

    def close(self) -> None:
        """It is over: let go of what it holds."""


@contextmanager
def led() -> Iterator[None]:
    """Around a run that is led: as around any other, with more patience."""
    with running(), WATCHDOG.guarded(PATIENCE):
        yield


def recorded_next(recorded: Sequence[str], names: Sequence[str]) -> str | None:
    """The name that the recorded run goes on with after `names`, if it began with them."""
    at = len(names)
    return recorded[at] if at < len(recorded) and list(recorded[:at]) == list(names) else None


class CannotSave(Exception):
    """A schedule cannot be kept; the message says why."""


class Leader:
    """A chooser: follows `names`, then goes `onward`, and calls `pause`, which raises, with what may happen next."""

    def __init__(
        self,
        candidates: Candidates,
        names: Sequence[str],
        chosen: Callable[[str], object],
        pause: Callable[[list[str]], object],
        onward: Onward,
    ) -> None:
        self.names: list[str] = []  # of all that has happened
        self._candidates, self._wanted, self._chosen, self._pause, self._onward = candidates, names, chosen, pause, onward

    def __call__(self, n: int) -> int:
        available = self._candidates.names()[:n]  # a step that has waited for too long must be next, and there is no choice
        at, pick = len(self.names), 0
        if at < len(self._wanted):
            if self._wanted[at] not in available:
                raise Divergence(at + 1, self._wanted[at], available)
            pick = available.index(self._wanted[at])
        elif self._onward == "no" or (self._onward == "choice" and len(available) > 1):
            self._pause(available)
        self.names.append(available[pick])
        self._chosen(available[pick])
        return pick

    def finish(self) -> None:
        """Raise Divergence if the run ended before its names did."""
        if len(self.names) < len(self._wanted):
            raise Divergence(len(self.names) + 1, self._wanted[len(self.names)], [])

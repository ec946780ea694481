"""The lines of the user's own code that run in each step of one run. Only the run that is told pays for it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from subwarden.checking.scenario.places import Spot, spot_of
from subwarden.scheduling.isolation.installed import own


class Lines:
    """Collects lines while `tracing`. `take` gives those since the last call. The line at which a task resumes has run before; it is given
    only where no other line runs.
    """

    def __init__(self) -> None:
        self._spots: list[Spot] = []
        self._resumed = 0  # how many of them, the first ones, are where suspended coroutines resume: each inside the one before
        self._known: dict[int, FrameType] = {}  # kept alive, so that none has the address of another

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Trace this thread; another tracer is put back afterwards."""
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)
            self._known.clear()

    def take(self) -> list[Spot]:
        spots = self._spots[self._resumed :] or self._spots[-1:]
        self._spots, self._resumed = [], 0
        return spots

    def _called(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any] | None:
        if event != "call" or not own(frame.f_code.co_filename):
            return None
        if id(frame) in self._known:
            if self._resumed == len(self._spots):
                self._resumed += 1
            self._spots.append(spot_of(frame))
        else:
            self._known[id(frame)] = frame
        return self._line

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        if event == "line":
            self._spots.append(spot_of(frame))
        return self._line

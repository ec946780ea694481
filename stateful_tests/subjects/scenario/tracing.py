"""The lines of the user's own code that run in each step of one run, and the exceptions raised there. Only the run that is told pays."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType
from typing import Any, NamedTuple

from subwarden.checking.scenario.places import Spot, said, spot_of
from subwarden.reports.records.exploration import ScenarioLine
from subwarden.scheduling.isolation.installed import own

SHOWN = 9  # lines of a step; of more, the first, the last, and those that raise
# of loops and generators; a cancellation is told by itself
PASSES = (StopIteration, StopAsyncIteration, GeneratorExit, asyncio.CancelledError)


class Line(NamedTuple):
    """A line that ran, and the exception that began there: raised by it, or by a package that it calls."""

    spot: Spot
    raises: str = ""


class Lines:
    """Collects lines while `tracing`. `take` gives those since the last call. The line at which a task resumes has run before; it is given
    only where no other line runs.
    """

    def __init__(self) -> None:
        self._spots: list[Line] = []
        self._raised: BaseException | None = None  # the last exception: it is told where it begins, and not in each frame that it leaves
        self._left: Spot | None = None  # where it leaves a frame: CPython may tell that line once more
        self._passed = 0  # the place of a frame that resumes after another one: what that one has raised may be thrown into it
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
            self._raised = self._left = None

    def take(self) -> list[Line]:
        spots = self._spots[self._resumed :] or self._spots[-1:]
        self._spots, self._resumed, self._passed = [], 0, 0
        return spots

    def _called(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any] | None:
        if event != "call" or not own(frame.f_code.co_filename):
            return None
        if id(frame) in self._known:
            if self._resumed == len(self._spots):
                self._resumed += 1
            else:
                self._passed = len(self._spots)
            self._spots.append(Line(spot_of(frame)))
        else:
            self._known[id(frame)] = frame
        return self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        at = spot_of(frame)
        if event == "line":
            if at != self._left:
                self._spots.append(Line(at))
            self._left = None
        elif event == "exception" and argument[1] is self._raised:
            self._left = at
            if 0 < self._passed == len(self._spots) - 1:
                self._spots.pop()
        elif event == "exception" and not isinstance(argument[1], PASSES):
            self._raised = argument[1]
            if self._spots and self._spots[-1].spot == at and self._resumed < len(self._spots):
                self._spots.pop()
            self._spots.append(Line(at, said(argument[1])))
        return self._line


def few(lines: list[Line]) -> list[ScenarioLine]:
    """The lines to show: each run of one line once, and no more than a reader takes in. What leaves the step from its last line is told as
    its end.
    """
    told: list[ScenarioLine] = []
    for spot, raises in lines:
        line: ScenarioLine = {"at": f"{os.path.basename(spot.file)}:{spot.line}", "source": spot.source()}
        if not told or told[-1] != line:
            told.append(line)
        if raises:
            told[-1] = {**line, "raises": raises}
    if told:
        told[-1].pop("raises", None)
    if len(told) <= SHOWN:
        return told
    half = SHOWN // 2
    shown = [at for at, line in enumerate(told) if at < half or at >= len(told) - half or "raises" in line]
    found: list[ScenarioLine] = []
    for before, at in pairwise([-1, *shown]):
        if at - before > 2:
            found.append({"at": "...", "source": f"({at - before - 1} lines)"})
        elif at - before == 2:
            found.append(told[at - 1])
        found.append(told[at])
    return found

"""What a step touches: the locations it reads and writes, so that steps that touch nothing in common need not be tried in both orders.

A location is written down by what is tracked: declared state (`scheduling.strategies.declared`), and asyncio's own primitives, futures and
tasks (`scheduling.strategies.primitives`). While nobody records, tracking costs one comparison per access.

A location is named by who made it, and as the how manieth, when it is made: a footprint of one run then means the same in another run
that begins alike, whoever comes first to touch the location.
"""

from collections.abc import Callable, Hashable

Location = Hashable
Footprint = dict[Location, int]
Check = Callable[[Footprint | None], None]
"""Compares what has changed with a footprint, and raises MissingFootprint; None: only looks at how things are now."""

# How a location is touched. The first two are about one key of a container, seen from the container as a whole.
KEY_READ, KEY_WRITE, READ, WRITE = 1, 2, 4, 8
_MODES = (KEY_READ, KEY_WRITE, READ, WRITE)
_CLASHES = {KEY_READ: WRITE, KEY_WRITE: READ | WRITE, READ: KEY_WRITE | WRITE, WRITE: KEY_READ | KEY_WRITE | READ | WRITE}
_CLASH = [sum(theirs for theirs in _MODES if any(mask & mine and _CLASHES[mine] & theirs for mine in _MODES)) for mask in range(16)]

EVERYTHING: Location = "everything"
"""A step that touches this is independent of no other."""


class MissingFootprint(AssertionError):
    """Something can be touched unseen, or was. A fault of the harness, or of a declaration; never a finding about the subject."""


class Recorder:
    """Collects the footprint of the step that is being made. There is one for the process: `RECORDER`."""

    def __init__(self) -> None:
        self.active = False  # whether a run is being recorded
        self.footprint: Footprint | None = None  # of the current step; None where nobody wants to know
        self._actor = ""
        self._made: dict[str, int] = {}
        self._checks: list[Check] = []
        self._failure: MissingFootprint | None = None

    def start(self) -> None:
        """A run begins. What is made before its first step is made by nobody."""
        self.active = True
        self.footprint = {}
        self._actor = ""
        self._made = {}
        self._checks = []
        self._failure = None

    def stop(self) -> None:
        """Nobody listens any more."""
        self.active = False
        self.footprint = None
        self._checks = []

    def take(self) -> Footprint:
        """What has been touched since the last time, checked against what has changed."""
        taken = self.footprint
        if taken is None:
            raise RuntimeError("no run is being recorded")
        if self._failure is not None:
            raise self._failure
        self.footprint = None  # the checks' own looking is nobody's footprint
        for check in self._checks:
            check(taken)
        self.footprint = {}
        return taken

    def skip(self, *, look: bool) -> None:
        """The step was made and checked in an earlier run: forget it. `look` before the first step that was not; until then, be deaf."""
        if self._failure is not None:
            raise self._failure
        self.footprint = None
        if look:
            for check in self._checks:
                check(None)
            self.footprint = {}

    def step_of(self, actor: str) -> None:
        """From here on, `actor` acts."""
        self._actor = actor

    def name(self) -> Location:
        """A name for something that is being made now."""
        nth = self._made[self._actor] = self._made.get(self._actor, 0) + 1
        return self._actor, nth

    def check_each_step(self, check: Check) -> None:
        """Call `check` after the steps of this run."""
        self._checks.append(check)

    def fail(self, why: str) -> None:
        """Raise, now and at the end of the step: raised in a task alone, it would be the task's, and could pass for the subject's."""
        self._failure = MissingFootprint(why)
        raise self._failure

    def touch(self, location: Location, how: int) -> None:
        """The current step touches `location`."""
        footprint = self.footprint
        if footprint is not None:
            footprint[location] = footprint.get(location, 0) | how


RECORDER = Recorder()


def conflict(one: Footprint, other: Footprint) -> bool:
    """Whether two steps touch something in common, so that their order may matter."""
    if EVERYTHING in one or EVERYTHING in other:
        return True
    if len(one) > len(other):
        one, other = other, one
    for location, how in one.items():
        theirs = other.get(location)
        if theirs is not None and _CLASH[how] & theirs:
            return True
    return False

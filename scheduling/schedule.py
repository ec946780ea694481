"""Schedules by name: record a run, follow a record exactly, or follow it as far as possible.

A run's choices are small integers: fast, but meaningless once the program changes. Its schedule is the list of the names of its steps and
events. Names survive a change of the program, and a step that cannot be followed is noticed at once.
"""

from collections.abc import Iterator, Sequence

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose


class Divergence(Exception):
    """A recorded schedule cannot be followed: at `step` it wants `wanted`, but only `available` can happen."""

    def __init__(self, step: int, wanted: str | None, available: Sequence[str]) -> None:
        wants = "has ended" if wanted is None else f"wants {wanted!r}"
        super().__init__(f"at step {step} the schedule {wants}, but possible now: {', '.join(available) or 'nothing'}")
        self.step = step
        self.wanted = wanted
        self.available = list(available)


def fixed(choices: Sequence[int]) -> Choose:
    """Make these choices (each cut to the number of candidates), then always the first."""
    left: Iterator[int] = iter(choices)

    def choose(n: int) -> int:
        return min(next(left, 0), n - 1)

    return choose


class Recorder:
    """Records the names of the candidates that `choose` picks. For a run with `every_choice`."""

    def __init__(self, candidates: Candidates, choose: Choose) -> None:
        self.names: list[str] = []
        self._candidates, self._choose = candidates, choose

    def __call__(self, n: int) -> int:
        pick = self._choose(n) if n > 1 else 0
        self.names.append(self._candidates.names()[pick])
        return pick


class Follower:
    """Follows `names` exactly. For a run with `every_choice`; raises Divergence at the first step that cannot be followed.

    A run that goes on after the last name has diverged too, unless the schedule is `open_ended`: then choice 0 follows.
    """

    def __init__(self, candidates: Candidates, names: Sequence[str], *, open_ended: bool = False) -> None:
        self._candidates, self._names, self._open_ended, self.at = candidates, names, open_ended, 0

    def __call__(self, n: int) -> int:
        if self._open_ended and self.at == len(self._names):
            return 0
        available = self._candidates.names()
        wanted = self._names[self.at] if self.at < len(self._names) else None
        self.at += 1
        if wanted is None or wanted not in available:
            raise Divergence(self.at, wanted, available)
        return available.index(wanted)

    def finish(self) -> None:
        """Raise Divergence if the run ended before the schedule did."""
        if self.at < len(self._names):
            raise Divergence(self.at + 1, self._names[self.at], [])


class Guide:
    """Follows `names` as far as possible: skips names that cannot happen now, and picks the first candidate after the last name.

    For a program that differs a little from the recorded one: another subject, or fewer operations.
    """

    def __init__(self, candidates: Candidates, names: Sequence[str]) -> None:
        self._candidates, self._names, self.at = candidates, names, 0

    def __call__(self, n: int) -> int:
        available = self._candidates.names()
        for at in range(self.at, len(self._names)):
            if self._names[at] in available:
                self.at = at + 1
                return available.index(self._names[at])
        return 0

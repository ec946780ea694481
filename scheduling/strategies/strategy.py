"""A strategy gives a chooser for each run, and may learn from the runs.

A driver makes a fresh loop, asks `begin` for a chooser, starts the program, runs it, and reports to `end`:

    while (choose := strategy.begin(LoopCandidates(loop := ControlledLoop(), order))) is not None:
        with loop.entered():
            ...  # start the program
            _, choices, steps = run(loop, order, choose, stepped, every_choice=strategy.every_choice)
        strategy.end(choices, steps)

The program must be the same every time: the same choices give the same candidates. A strategy is seeded by the `random.Random` that it is
given and by nothing else; it never asks a clock, an address or the order of a set.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose


class Redundant(Exception):
    """Raised by a chooser: an earlier run stands for this one, however it goes on. The driver abandons the run and still calls `end`.

    Only the search of states (`scheduling.state_search.search`) raises it. The run has no outcome of its own.
    """


class Exhausted(Exception):
    """Raised by `chooser_of` before a run begins: the strategy has nothing left to try."""


class Nondeterministic(Exception):
    """Raised by a systematic strategy: the program did not do the same under the same choices, so nothing can be called complete.

    A chooser raises it in the middle of a run, or `end` after it. `seen` says how the strategy noticed.
    """

    SAID = "the program is not the same in every run"

    def __init__(self, seen: str) -> None:
        super().__init__(f"{self.SAID}: {seen}")
        self.seen = seen


class Strategy(Protocol):
    """One way to explore. `name` is its name in tables and findings."""

    name: str
    every_choice: bool
    """Whether choosers must also be asked if there is only one candidate; see `scheduling.run.run`."""

    def begin(self, candidates: Candidates) -> Choose | None:
        """A chooser for the next run, whose choices will be among `candidates`; None when there is nothing left to try."""

    def end(self, choices: list[int], steps: int) -> None:
        """Report the run that the last chooser of `begin` made: its choices, and its number of steps. Raises Nondeterministic."""


def chooser_of(strategy: Strategy) -> Callable[[Candidates], Choose]:
    """`strategy.begin` for a driver that plays a run with whatever chooser it is given; it raises Exhausted instead of returning None."""

    def begin(candidates: Candidates) -> Choose:
        choose = strategy.begin(candidates)
        if choose is None:
            raise Exhausted
        return choose

    return begin


class Played(Protocol):
    """A run that has come to its end."""

    @property
    def choices(self) -> list[int]:
        """Its choices."""

    @property
    def steps(self) -> int:
        """The number of its steps."""


P = TypeVar("P", bound=Played)


def once(strategy: Strategy, run: Callable[..., P]) -> P | None:
    """One run under `strategy`, played by `run(make, every_choice=...)`; None when nothing is left to try."""
    try:
        result = run(chooser_of(strategy), every_choice=strategy.every_choice)
    except Exhausted:
        return None
    strategy.end(result.choices, result.steps)
    return result

"""End states of runs: a search counts them to say how much it has seen, and to estimate the rest (`coverage.good_turing`)."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Ending
from subwarden.stateful_tests.exploring.coverage.good_turing import digest
from subwarden.stateful_tests.exploring.level import Factory, Level, Play, Program
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import MakeChoose, Result, Runner

REMEMBERED = 4_000  # end states whose digests are remembered: mostly those of the program that is searched


class EndState(NamedTuple):
    """How a run ended: the state that shows then, the kinds of the model's transitions on the way, and the causes that were broken."""

    view: Hashable
    kinds: frozenset[str]
    broken: tuple[str, ...]

    def text(self) -> str:
        """A text that is the same for equal end states, in every process: sets have no order that can be relied upon."""
        return repr((self.view, sorted(self.kinds), self.broken))


class EndStateDigests:
    """Digests of end states. Those of the last are remembered by their hash: a text costs more than a lookup."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, end_state: EndState) -> int:
        """The digest of `end_state`, the same in every process."""
        key = hash(end_state)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[key] = digest(end_state.text())
        return known


class EndStateRunner(Runner):
    """A runner that samples end states: `end_state` is that of the last run if its number is a multiple of `every`, else None.

    A sample costs a part of a run. `look`: is given the subject then.
    """

    def __init__(self, level: Level, factory: Factory, order: Order, *, every: int = 1) -> None:
        super().__init__(level, factory, order)
        self.end_state: EndState | None = None
        self.look: Callable[[Any], object] | None = None
        self._every = every

    def run(self, program: Program, make: MakeChoose, *, every_choice: bool = False, observers: Sequence[Observer] = ()) -> Result:
        if self.schedules % self._every:
            self.end_state = None
            return super().run(program, make, every_choice=every_choice, observers=observers)
        whole, self.fired = self.fired, set()
        try:
            return super().run(program, make, every_choice=every_choice, observers=observers)
        finally:
            whole |= self.fired
            self.fired = whole

    def _finish(self, play: Play, ending: Ending, choices: list[int], steps: int) -> Result:
        sampled = self.schedules % self._every == 0
        result = super()._finish(play, ending, choices, steps)
        if sampled:
            broken = tuple(sorted(cause.slug() for cause in result.violations)) if result.violations else ()
            self.end_state = EndState(play.digest(), frozenset(self.fired), broken)
            if self.look is not None:
                self.look(play.subject)
        return result

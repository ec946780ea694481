"""Every interleaving of one program: drives a runner by the search of its states."""

import gc

from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.state_search.objects import unchanging
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.strategy import Exhausted, Redundant, chooser_of
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.level import Program
from subwarden.stateful_tests.exploring.runner import Result, Runner

COLLECT_EVERY = 2_000  # runs given up; the runner counts, and collects after, those that came to an end


class ExhaustiveSearch:
    """Plays `program` on `runner` until every state has been seen (`search.complete`), or `most` runs have been made.

    A level whose play does not give the memory of its judge (`digest_parts`) is not searched: its states cannot be told apart.
    """

    name = StateSearch.name

    def __init__(self, runner: Runner, program: Program, most: int | None = None) -> None:
        self._runner = runner
        self._program = program
        self.search = StateSearch(unchanging(runner.prepared(program)), most)
        self._choose = chooser_of(self.search)

    @property
    def complete(self) -> bool:
        """Whether every run that comes to rest ends as one that was made, and all runs do."""
        return self.search.complete and not self.search.endless

    def next(self) -> Result | None:
        """The result of the next run that is not given up; None if there is none."""
        search = self.search
        while True:
            try:
                result = self._runner.run(self._program, self._begin, every_choice=search.every_choice)
            except Exhausted:
                return None
            except Redundant:
                search.end([], 0)
                if search.redundant % COLLECT_EVERY == 0:
                    WATCHDOG.watch(None)  # this takes long, and is not the subject's work
                    gc.collect(0)
            else:
                search.end(result.choices, result.steps)
                return result

    def _begin(self, candidates: LoopCandidates) -> Choose:
        if not hasattr(type(candidates.loop.observer), "digest_parts"):
            raise Exhausted
        return self._choose(candidates)

"""The search of all states of a scenario in one order, where they can be told apart."""

from collections.abc import Callable, Iterator

from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.strategy import Nondeterministic, Redundant, once
from subwarden.stateful_tests.explore.searching.crew import Take
from subwarden.stateful_tests.explore.searching.portions import Done, Expansions, Portion
from subwarden.stateful_tests.explore.searching.progress import Progress
from subwarden.stateful_tests.explore.searching.proof import Proof

PROOF = 1_000  # states that it may see, and twice as many runs, where the number of schedules does not say


class AllStates:
    """The search of all states. `outcomes`: does portions, as far as there is time."""

    def __init__(self, progress: Progress, outcomes: Callable[[Take], Iterator[tuple[Portion, Done]]]) -> None:
        self._progress = progress
        self._outcomes = outcomes
        self._proof: Proof | None = None  # one that is not complete yet

    def search(self) -> bool:
        """Search them within a bound; whether that was all."""
        most = self._progress.most or PROOF
        if self._progress.most is None or most > PROOF:
            self._proof = Proof(self._progress.explored.rules)
            known = self._prove(self._proof, most)
            if known is not None:
                return known
            self._proof, most = None, PROOF
        return self._search_by_depth(most)

    def goes_on(self, more: int) -> bool:
        """Where time decides, search so many more; whether those were all that there are."""
        proof = self._proof
        if proof is None or proof.over or self._progress.most is not None:
            return False
        return bool(self._prove(proof, proof.states + more))

    def _prove(self, proof: Proof, most: int) -> bool | None:
        """Search up to so many, in portions; whether that was all. None: portions cannot tell the states apart."""
        progress = self._progress
        proof.may_see(most)
        for portion, outcome in self._outcomes(proof.take):
            assert isinstance(portion, Expansions)
            progress.count(outcome)
            proof.done(portion, outcome)
            if proof.over or progress.explored.findings:
                break
        if progress.explored.findings or progress.explored.killed or not (proof.over or proof.resting):
            return False  # a state that kills a worker would kill this process
        if proof.complete:
            self._told_apart(proof.states, proof.interleavings)
            return True
        return None if proof.impossible else False

    def _search_by_depth(self, most: int) -> bool:
        """Search up to so many in this process, which tells more states apart; whether that was all."""
        progress, runner, search = self._progress, self._progress.runner, StateSearch(most=2 * most)
        while not progress.budget.spent() and not progress.explored.findings and search.states < most:
            try:
                result = once(search, runner.run)
            except Redundant:
                search.end([], 0)
                continue
            except Nondeterministic:
                return False
            if result is None:
                break
            if search.indigestible is not None:
                progress.explored.not_told_apart = search.indigestible
                return False
            progress.look_at(result)
        if search.complete:
            self._told_apart(search.states, search.schedules)
        return search.complete and not search.endless

    def _told_apart(self, states: int, schedules: int | None) -> None:
        """The search is over."""
        self._progress.explored.states, self._progress.explored.interleavings = states, schedules

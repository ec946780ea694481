"""Explores one scenario in one order: sampled schedules by a portfolio of strategies, all with few deviations, and where its states can be
told apart, all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from time import monotonic

from subwarden.checking.scenario.failure import Failure
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.sampling.feedback import Feedback
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.pos import Pos
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.sampling.surw import Surw
from subwarden.scheduling.strategies.sampling.urw import Urw
from subwarden.scheduling.strategies.strategy import Exhausted, Nondeterministic, Redundant, Strategy, chooser_of
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.explore.code import Coded
from subwarden.stateful_tests.explore.minimal import BudgetSpent, Minimizer, NotReproducible, Run, difference, patience, record
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.coverage.good_turing import Tally
from subwarden.stateful_tests.subjects.scenario.play import Result, Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.shared import shared_state
from subwarden.world.escapes import Escapes

EARLY = 16  # schedules before the scenario is played again, to see that it does the same
WALKS = 11  # random walks for each run of another strategy, once the best finders have had their turns
SAMPLED = 200  # schedules before the search of states: most failures are found by then
AFTER = 100  # schedules after the first failure, which may show another one
MOST = 5  # findings in one order
SOON = 50  # schedules, by which most failures show: the first look at an end state takes long
END_STATES = 24  # every so many runs the end state is looked at
PROOF = 1_000  # states that the search of states may see, and twice as many runs, where the number of schedules does not say
LARGE = 60  # choices of a run, beyond which its states are too many


@dataclass(slots=True)
class Finding:
    """A failure and its minimal run. `found`: the number of the schedule that showed it first. `minimal`: there was time to shrink it."""

    failure: Failure
    run: Run
    found: int
    minimal: bool


class SearchListener:
    """Is told how a search goes. This one listens to nothing."""

    def ran(self, schedules: int) -> None:
        """So many more schedules were run."""

    def found(self, finding: Finding) -> None:
        """A failure was found, and made small."""


SILENT = SearchListener()


@dataclass(slots=True)
class Explored:
    """What the search of one order has covered."""

    rules: Rules
    schedules: int = 0
    steps: int = 0
    complete_within: int = -1
    complete: bool = False
    end_states: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def _turns(random: Random, systematic: DelayBounded) -> tuple[list[Strategy], list[Strategy]]:
    """The strategies in the order of their turns: first the best finders, of which none is best everywhere; then, for the many runs after
    them, mostly the random walk, which takes half of their time.
    """

    def own() -> Random:
        return Random(random.getrandbits(64))

    walk, surw, urw, pos, feedback = RandomWalk(own()), Surw(own()), Urw(own()), Pos(own()), Feedback(own())
    pct2, pct3, pct4 = Pct(own(), 2), Pct(own(), 3), Pct(own(), 4)
    finders: list[Strategy] = [pct3, walk, pct3, pos, walk, pct4, pct3, walk, surw, systematic, pct3, walk, pct2, walk, urw, feedback]
    later: list[Strategy] = [systematic, pct3, surw, pct4, systematic, pos, pct2, urw, pct3, feedback]
    return finders, [each for other in later for each in (other, *[walk] * WALKS)]


class Search:
    """Explores one order. `runner_of` makes runners for its rules and for weaker ones, so that a failure is labelled by the weakest."""

    def __init__(
        self,
        runner_of: Callable[[Rules], ScenarioRunner],
        rules: Rules,
        seed: int,
        schedules: int | None,
        budget: Budget,
        listener: SearchListener = SILENT,
        first: Sequence[Coded] = (),
    ) -> None:
        self._runner_of = runner_of
        self._runner = runner_of(rules)  # its own: the runs that make a failure smaller are not counted
        self._random = Random(f"{seed} {rules.order.value}")
        self._most = schedules
        self._budget = budget
        self._listener = listener
        self._saved = first  # runs that failed before
        self._until: int | None = None  # the number of schedules after which to stop, once there is a failure
        self._known: set[Failure] = set()
        self._systematic = DelayBounded(random=Random(self._random.getrandbits(64)))
        self._first: Run | None = None
        self._turns, self._fast = _turns(self._random, self._systematic)
        self.explored = Explored(rules)

    def go(self) -> Explored:
        """Search until the budget or the schedules are used up, or nothing is left."""
        began = monotonic()
        explored, runner = self.explored, self._runner
        self._begin()
        for saved in self._saved:
            choices = saved.choices
            self._look_at(runner.run(lambda _, choices=choices: fixed(choices)), 0)  # type: ignore[misc]  # a default binds it now
        self._sample(EARLY)
        if self._same_again():
            self._sample(SAMPLED)
            if self._worth_a_proof() and self._all_states():
                explored.complete = True
            else:
                self._turns = self._fast
                self._sample(None)
        explored.schedules = runner.schedules
        explored.steps = runner.steps
        explored.complete_within = self._systematic.complete
        explored.complete = explored.complete or self._systematic.everything
        explored.seconds = monotonic() - began
        return explored

    # --- parts

    def _begin(self) -> None:
        """Play fifo's own schedule."""
        first = self._first = record(self._runner, lambda _: fixed(()))
        self._look_at(Result(first.failure, first.choices, 0))
        if not first.choices:  # it is the only schedule: let the systematic search notice
            while self._one(self._systematic):
                pass

    def _same_again(self) -> bool:
        """Play it again: a scenario that does not do the same cannot be explored."""
        again = record(self._runner, lambda _: fixed(()))
        if self._first == again:
            return True
        assert self._first is not None
        said = f"the scenario does not do the same under the same schedule: {difference(self._first, again)}"
        escapes = Escapes()
        with escapes.seen():
            self._runner.run(lambda _: fixed(()), every_choice=True)
        named = f"; the real clock or chance: {escapes}" if escapes else ""
        self.explored.doubts.append(f"{said}{named}; make its objects anew in every run, and seed its chance")
        return False

    def _sample(self, number: int | None) -> None:
        """Sample `number` schedules, or as many as are wanted."""
        strategies = list(self._turns)
        until = None if number is None else self._runner.schedules + number
        at = 0
        while not self._enough() and (until is None or self._runner.schedules < until):
            if self._systematic.everything:
                return
            strategy = strategies[at % len(strategies)]
            at += 1
            if not self._one(strategy):
                strategies = [each for each in strategies if each is not strategy]
            if at % 50 == 0:
                self._listener.ran(50)

    def _enough(self) -> bool:
        number = self._runner.schedules
        return (
            (self._most is not None and number >= self._most)
            or (self._until is not None and number >= self._until)
            or len(self.explored.findings) >= MOST
            or self._budget.spent()
        )

    def _one(self, strategy: Strategy) -> bool:
        """One run by `strategy`; False if it has none left."""
        values = None if strategy is self._systematic else self._value
        runner = self._runner
        runner.sample_end = runner.schedules > SOON and runner.schedules % END_STATES == 0
        try:
            result = runner.run(chooser_of(strategy), decide=values, every_choice=strategy.every_choice)
            strategy.end(result.choices, result.steps)
        except Exhausted:
            return False
        except Nondeterministic as error:
            self.explored.doubts.append(str(error))
            return False
        finally:
            runner.sample_end = False
        if runner.end_state is not None:
            self.explored.end_states.add(runner.end_state)
        self._look_at(result)
        return True

    def _value(self, n: int) -> int:
        return int(self._random.random() * n)

    def _worth_a_proof(self) -> bool:
        runner = self._runner
        return (
            not self._enough()
            and not self.explored.findings
            and not self._systematic.everything
            and not runner.decided
            and len(self._first.choices if self._first else ()) <= LARGE
        )

    def _all_states(self) -> bool:
        """Search every state, within a bound; whether that was all."""
        most = self._most or PROOF
        search = StateSearch(most=2 * most)
        runner = self._runner
        runner.shared = shared_state(getattr(runner.scenario.start, "func", runner.scenario.start))
        while not self._budget.spent() and not self.explored.findings and search.states < most:
            try:
                result = runner.run(chooser_of(search), every_choice=search.every_choice)
                search.end(result.choices, result.steps)
            except Exhausted:
                break
            except Redundant:
                search.end([], 0)
                continue
            except Nondeterministic:
                return False
            if search.indigestible is not None:
                return False
            self._look_at(result)
        return search.complete and not search.endless

    def _look_at(self, result: Result, number: int | None = None) -> None:
        """Make a finding of a run that fails in a new way. `number`: that of the run, if it is not the last; 0 of a saved one."""
        failure = result.failure
        if failure is None or failure in self._known:
            return
        self._known.add(failure)
        explored, rules = self.explored, self.explored.rules
        found = self._runner.schedules if number is None else number
        try:
            with patience(failure):
                run, minimal = Minimizer(self._runner_of, failure, self._budget).minimal(rules, result.choices), True
        except NotReproducible as error:
            explored.doubts.append(f"{failure.kind.value}: a failing run does not repeat: {error}")
            return
        except BudgetSpent:
            choices = result.choices
            run, minimal = record(self._runner_of(rules), lambda _: fixed(choices)), False
        explored.findings.append(Finding(failure, run, found, minimal))
        self._listener.found(explored.findings[-1])
        if self._until is None:
            self._until = self._runner.schedules + AFTER

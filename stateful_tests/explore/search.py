"""Explores one scenario in one order: sampled schedules by a portfolio of strategies, all with few deviations, and where its states can be
told apart, all of them.

It begins here: most failures show, and most proofs end, within a thousand runs. What is left is split into portions (`explore.portions`),
which any process can do, and whose outcomes are counted in their order: so the search is the same however many do it.

Long because the parts of a search share what it knows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
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
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.explore.code import Coded
from subwarden.stateful_tests.explore.crew import Alone, Crew
from subwarden.stateful_tests.explore.minimal import BudgetSpent, Minimizer, NotReproducible, Run, difference, patience, record
from subwarden.stateful_tests.explore.portions import AFTER, END_STATES, Deviations, Done, Expansions, Portion, Sampled
from subwarden.stateful_tests.explore.proof import Proof
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.coverage.good_turing import Tally
from subwarden.stateful_tests.subjects.scenario.play import Result, Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.shared import shared_state
from subwarden.stateful_tests.workers.crash import Death
from subwarden.world.escapes import Escapes

EARLY = 16  # schedules before the scenario is played again, to see that it does the same
SAMPLED = 200  # schedules before the search of states: most failures are found by then
MOST = 5  # findings in one order
SOON = 50  # schedules, by which most failures show: the first look at an end state takes long
BLOCK = 1_200  # schedules that are split in one way: by strategy, and the random walks, which take half of the time, by seed as well
WALKS = 275  # random walks in a portion
DEVIATING = 60  # of so many schedules one belongs to the search by deviations,
LEARNING = 15  # and of so many one to the strategies that learn from their runs, beside the random walk
DOUBLED = 8  # how often the number of blocks in a round doubles: there are portions for many processes then
LARGER = 4  # and how often their size, so that a portion takes long enough to be worth a message
EXPANDED = 3  # for so many schedules of a round one state is expanded, where time decides: both take about as long
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
    states: int | None = None  # told apart by a search of states that came to its end
    interleavings: int | None = None  # and so many schedules; None: not counted, or a run need not end
    killed: Death | None = None  # how the last process died that did a portion, if every one did
    end_states: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def _turns(random: Random, systematic: DelayBounded) -> list[Strategy]:
    """The strategies in the order of their turns at the beginning: the best finders, of which none is best everywhere."""

    def own() -> Random:
        return Random(random.getrandbits(64))

    walk, surw, urw, pos, feedback = RandomWalk(own()), Surw(own()), Urw(own()), Pos(own()), Feedback(own())
    pct2, pct3, pct4 = Pct(own(), 2), Pct(own(), 3), Pct(own(), 4)
    return [pct3, walk, pct3, pos, walk, pct4, pct3, walk, surw, systematic, pct3, walk, pct2, walk, urw, feedback]


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
        crew: Crew | None = None,
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
        self._proof: Proof | None = None  # a search of all states that is not complete yet
        self._systematic_says = True  # whether its runs repeat themselves, and all that were given out were made
        self._first: Run | None = None
        self._turns = _turns(self._random, self._systematic)
        self._here = Alone(runner_of)
        self._crew: Crew = crew or self._here
        self._seed = f"{seed} {rules.order.value}"
        self.explored = Explored(rules)

    def go(self) -> Explored:
        """Search until the budget or the schedules are used up, or nothing is left."""
        began = monotonic()
        explored, runner = self.explored, self._runner
        try:
            self._search()
        finally:  # Ctrl-C, too, ends with a report
            explored.schedules = runner.schedules
            explored.steps = runner.steps
            explored.complete_within = self._systematic.complete
            explored.complete = explored.complete or self._systematic.everything
            explored.seconds = monotonic() - began
        return explored

    # --- parts

    def _search(self) -> None:
        self._begin()
        for saved in self._saved:
            choices = saved.choices
            result = self._runner.run(lambda _, choices=choices: fixed(choices))  # type: ignore[misc]  # a default binds it now
            self._look_at(result, 0)
        self._sample(EARLY)
        if self._same_again():
            self._sample(SAMPLED)
            self.explored.complete = self._worth_a_proof() and self._all_states()
            if not self.explored.complete:
                self._sample_in_portions()

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

    def _sample(self, number: int) -> None:
        """Sample `number` schedules, or as many as are wanted."""
        strategies = list(self._turns)
        until = self._runner.schedules + number
        at = 0
        while not self._enough() and self._runner.schedules < until:
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
        if self._most is None or most > PROOF:
            self._proof = Proof(self.explored.rules)
            known = self._prove(self._proof, most)
            if known is not None:
                return known
            self._proof, most = None, PROOF
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
        if search.complete:
            self._told_apart(search.states, search.schedules)
        return search.complete and not search.endless

    def _prove(self, proof: Proof, most: int) -> bool | None:
        """Search every state, in portions, up to so many; whether that was all. None: portions cannot tell the states apart."""
        while proof.states <= most and not proof.over:
            portions = proof.ahead()
            outcomes = zip(portions, self._outcomes(portions), strict=False)
            if sum(self._proves(proof, *each) for each in outcomes) < len(portions) or self.explored.findings:
                return False
        return self._proven(proof) or (None if proof.impossible else False)

    def _proves(self, proof: Proof, portion: Expansions, done: Done) -> bool:
        """A portion of `proof` was done; always true."""
        self._count(done)
        proof.done(portion, done)
        return True

    def _proven(self, proof: Proof) -> bool:
        """Whether `proof` is complete; then its counts are kept."""
        if proof.complete:
            self._told_apart(proof.states, proof.interleavings)
        return proof.complete

    def _goes_on_proving(self, more: int) -> bool:
        """Where time decides, search so many more states; whether that were all that there are."""
        proof = self._proof
        if proof is None or proof.over or self._most is not None:
            return False
        self.explored.complete = bool(self._prove(proof, proof.states + more))
        return self.explored.complete

    def _told_apart(self, states: int, schedules: int | None) -> None:
        """The search of states is over."""
        self.explored.states, self.explored.interleavings = states, schedules

    def _sample_in_portions(self) -> None:
        """Sample as many schedules as are wanted, in rounds of portions."""
        rules, systematic = self.explored.rules, self._systematic
        for number in count():
            if self._enough():
                return
            left = self._left()
            larger, blocks = 2 ** min(number // 2, LARGER), 2 ** min((number + 1) // 2, DOUBLED)
            block, walks = BLOCK * larger, WALKS * larger
            size = block * blocks if left is None else min(left, block * blocks)
            prefixes = systematic.ahead(max(1, size // DEVIATING)) if self._systematic_says else []
            if systematic.everything:
                return
            portions: list[Portion] = [Deviations(rules, tuple(prefixes))] if prefixes else []
            for at in range(0, size - len(prefixes), block):
                here = min(block, size - len(prefixes) - at)
                learning = here // LEARNING
                sizes = [(learning, True), *((min(walks, here - learning - begun), False) for begun in range(0, here - learning, walks))]
                for which, (schedules, learns) in enumerate(sizes):
                    if schedules:
                        portions.append(Sampled(rules, f"{self._seed} {number} {at} {which}", schedules, learns))
            for portion, done in zip(portions, self._outcomes(portions), strict=False):
                if isinstance(portion, Deviations):
                    for prefix, widths in zip(portion.prefixes, done.widths, strict=False):
                        systematic.ran(prefix, widths)
                    self._systematic_says = done.complete
                self._count(done)
                if self._enough():
                    return
            if self._goes_on_proving(size // EXPANDED):
                return

    def _outcomes(self, portions: Sequence[Portion]) -> Iterator[Done]:
        """The outcomes of `portions`, in order, as far as there is time."""
        done = 0
        WATCHDOG.watch(None)  # to wait for others may take long, and no run goes on here
        for outcome in self._crew.do(portions, self._budget):
            yield outcome
            done += 1
            WATCHDOG.watch(None)
        if done < len(portions) and not self._budget.spent():  # the crew has gone
            yield from self._here.do(portions[done:], self._budget)

    def _left(self) -> int | None:
        """How many more schedules are wanted; None: as many as the budget allows."""
        bounds = [bound for bound in (self._most, self._until) if bound is not None]
        return min(bounds) - self._runner.schedules if bounds else None

    def _count(self, done: Done) -> None:
        """Count the outcome of a portion, and look at its failing runs. It has gone on after a failure already."""
        runner, explored, before = self._runner, self.explored, self._runner.schedules
        runner.schedules += done.schedules
        runner.steps += done.steps
        runner.decided = runner.decided or done.decided
        for name, held in done.met.items():
            runner.met[name] = runner.met.get(name, False) or held
        for each in done.end_states:
            explored.end_states.add(each)
        explored.doubts += done.doubts
        if done.killed:
            explored.killed = explored.killed or done.killed
            self._until = runner.schedules
        for choices, number in done.failing:
            self._look_at(self._runner_of(explored.rules).run(lambda _, choices=choices: fixed(choices)), before + number)  # type: ignore[misc]
            self._until = runner.schedules
        self._listener.ran(done.schedules)

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

"""Explores one scenario in one order: sampled schedules by a portfolio of strategies, all with few deviations, and where its states can be
told apart, all of them.

It begins here: most failures show, and most proofs end, within a thousand runs. What is left is split into portions
(`explore.searching.portions`), which any process can do, and whose outcomes are counted in their order: so the search is the same however
many do it.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from random import Random
from time import monotonic

from subwarden.scheduling.isolation.kept import begin_alike
from subwarden.scheduling.queues import number_queues
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Nondeterministic, Strategy, once
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.explore.code import Coded
from subwarden.stateful_tests.explore.searching.all_states import AllStates
from subwarden.stateful_tests.explore.searching.crew import Alone, Crew, outcomes
from subwarden.stateful_tests.explore.searching.minimal import Run, difference, record
from subwarden.stateful_tests.explore.searching.portions import END_STATES, Deviations, Portion, Sampled, learners
from subwarden.stateful_tests.explore.searching.progress import Explored, Progress
from subwarden.stateful_tests.subjects.scenario.play import Result
from subwarden.stateful_tests.workers.in_order import each
from subwarden.world.escapes import Escapes

EARLY = 16  # schedules before the scenario is played again, to see that it does the same
SAMPLED = 200  # schedules before the search of states: most failures are found by then
SOON = 50  # schedules, by which most failures show: the first look at an end state takes long
BLOCK = 1_200  # schedules that are split in one way: by strategy, and the random walks, which take half of the time, by seed as well
WALKS = 275  # random walks in a portion
DEVIATING = 60  # of so many schedules one belongs to the search by deviations,
LEARNING = 15  # and of so many one to the strategies that learn from their runs, beside the random walk
DOUBLED = 8  # how often the number of blocks in a round doubles: there are portions for many processes then
LARGER = 4  # and how often their size, so that a portion takes long enough to be worth a message
EXPANDED = 3  # for so many schedules of a round one state is expanded, where time decides: both take about as long
MOST_LEFT = 3  # things that a doubt names
LARGE = 60  # choices of a run, beyond which its states are too many


def _turns(random: Random, systematic: DelayBounded) -> list[Strategy]:
    """The strategies in the order of their turns at the beginning: the best finders, of which none is best everywhere.

    SURW, POS and feedback, which look at every candidate and take twice as long as a random walk, have one turn each of 32, URW three
    (docs/strategies.md).
    """
    walk = RandomWalk(Random(random.getrandbits(64)))
    pct3, surw, pct4, pos, pct2, urw, _, feedback = learners(random)
    odd = [pct3, walk, pct3, pos, walk, pct4, pct3, walk, urw, systematic, pct3, walk, pct2, walk, urw, walk]
    even = [pct3, walk, pct3, walk, walk, pct4, pct3, walk, urw, systematic, pct3, walk, pct2, walk, surw, feedback]
    return odd + even


class Search:
    """Explores the order of `progress`. `first`: runs that failed before. `crew`: who does the portions; None: this process."""

    def __init__(self, progress: Progress, seed: int, first: Sequence[Coded] = (), crew: Crew | None = None) -> None:
        self._progress = progress
        self._runner = progress.runner
        self._seed = f"{seed} {progress.explored.rules.order.value}"
        self._random = Random(self._seed)
        self._saved = first
        self._systematic = DelayBounded(random=Random(self._random.getrandbits(64)))
        self._systematic_says = True  # whether its runs repeat themselves, and all that were given out were made
        self._first: Run | None = None
        self._repeats = True
        self._turns = _turns(self._random, self._systematic)
        self._outcomes = partial(outcomes, crew, Alone(progress.runner_of), budget=progress.budget)
        self._states = AllStates(progress, self._outcomes)

    def go(self) -> Explored:
        """Search until the budget or the schedules are used up, or nothing is left."""
        began = monotonic()
        explored, runner = self._progress.explored, self._runner
        try:
            self._search()
            self._progress.finish()
        finally:  # Ctrl-C, too, ends with a report
            explored.schedules = runner.schedules
            explored.steps = runner.steps
            if self._repeats:
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
            self._progress.look_at(result, 0)
        self._sample(EARLY)
        if self._same_again():
            self._sample(SAMPLED)
            self._progress.explored.complete = self._worth_a_proof() and self._states.search()
            if not self._progress.explored.complete:
                self._sample_in_portions()

    def _begin(self) -> None:
        """Play fifo's own schedule."""
        first = record(self._runner, lambda _: fixed(()))
        if number_queues():  # it has loaded a package, whose sets had another order before
            first = record(self._runner, lambda _: fixed(()))
        self._first = first
        self._progress.look_at(Result(first.failure, first.choices, 0))
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
        self._repeats = False
        kept = begin_alike(self._runner.scenario.start)
        left = ", ".join(kept.left()[:MOST_LEFT] if kept else ()) or "such as an object made in C"
        guess = f"likely what outlives a run ({left}), or the order of a set of objects, which is that of their addresses"
        why = f"the real clock or chance: {escapes}" if escapes else guess
        self._progress.explored.doubts.append(f"{said}; {why}; make its objects anew in every run, and seed its chance")
        if again.failure is not None and self._first.failure is None and not escapes:
            self._progress.withdraw(again.failure)
        return False

    def _sample(self, number: int) -> None:
        """Sample `number` schedules, or as many as are wanted."""
        strategies = list(self._turns)
        until = self._runner.schedules + number
        at = 0
        while not self._progress.enough() and self._runner.schedules < until:
            if self._systematic.everything:
                return
            strategy = strategies[at % len(strategies)]
            at += 1
            if not self._one(strategy):
                strategies = [each for each in strategies if each is not strategy]
            if at % 50 == 0:
                self._progress.listener.ran(50)

    def _one(self, strategy: Strategy) -> bool:
        """One run by `strategy`; False if it has none left."""
        values = None if strategy is self._systematic else self._value
        runner, explored = self._runner, self._progress.explored
        runner.sample_end = runner.schedules > SOON and runner.schedules % END_STATES == 0
        try:
            result = once(strategy, partial(runner.run, decide=values))
        except Nondeterministic as error:
            explored.doubts.append(str(error))
            return False
        finally:
            runner.sample_end = False
        if result is None:
            return False
        if runner.end_state is not None:
            explored.end_states.add(runner.end_state)
        self._progress.look_at(result)
        return True

    def _value(self, n: int) -> int:
        return int(self._random.random() * n)

    def _worth_a_proof(self) -> bool:
        runner = self._runner
        return (
            not self._progress.enough()
            and not self._progress.explored.findings
            and not self._systematic.everything
            and not runner.decided
            and len(self._first.choices if self._first else ()) <= LARGE
        )

    def _sample_in_portions(self) -> None:
        """Sample as many schedules as are wanted, in rounds of portions."""
        progress, systematic = self._progress, self._systematic
        for number in count():
            if progress.enough():
                return
            left, blocks = progress.left(), 2 ** min((number + 1) // 2, DOUBLED)
            block = BLOCK * _larger(number)
            size = block * blocks if left is None else min(left, block * blocks)
            prefixes = systematic.ahead(max(1, size // DEVIATING)) if self._systematic_says else []
            if systematic.everything:
                return
            portions: list[Portion] = [Deviations(progress.explored.rules, tuple(prefixes))] if prefixes else []
            portions += self._samples(number, size - len(prefixes))
            for portion, done in self._outcomes(each(portions)):
                if isinstance(portion, Deviations):
                    for prefix, widths in zip(portion.prefixes, done.widths, strict=False):
                        systematic.ran(prefix, widths)
                    self._systematic_says = done.complete
                progress.count(done)
                if progress.enough():
                    return
            if self._states.goes_on(size // EXPANDED):
                progress.explored.complete = True
                return

    def _samples(self, number: int, size: int) -> Iterator[Sampled]:
        """The portions of round `number`: so many schedules by random walks, and by the strategies that learn."""
        block, walks = BLOCK * _larger(number), WALKS * _larger(number)
        for at in range(0, size, block):
            here = min(block, size - at)
            learning = here // LEARNING
            sizes = [(learning, True), *((min(walks, here - learning - begun), False) for begun in range(0, here - learning, walks))]
            for which, (schedules, learns) in enumerate(sizes):
                if schedules:
                    yield Sampled(self._progress.explored.rules, f"{self._seed} {number} {at} {which}", schedules, learns)


def _larger(number: int) -> int:
    """How much larger the portions of round `number` are than those of the first."""
    return int(2 ** min(number // 2, LARGER))

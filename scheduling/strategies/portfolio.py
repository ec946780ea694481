"""Portfolio: a part of every strategy, since none is best everywhere. The user says only how many runs it may make.

On the data of the SURW paper (Zhao et al., ASPLOS 2025) each strategy misses programs that another finds at once. Members take turns, one
run each, in a fixed rotation that the budget cuts off. One of them is systematic (delay bounded) and says what it has covered; when it is
exhausted, the others continue without it.

Guarantees: those of every member, with its share of the runs: of each fourteen, SURW has four, URW, PCT 3 and PCT 4 two each, and delay
bounded, POS, PCT 2 and feedback one each.

It does not learn which member pays. Half of the turns for the member that lately brought most new end states (UCB1: Auer, Cesa-Bianchi,
Fischer, Finite-time Analysis of the Multiarmed Bandit Problem, Machine Learning 2002; also discounted) was measured: a few end states in
a hundred more, in long runs only, and the deepest race takes nearly twice as many schedules. The figures are in docs/strategies.md.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random

from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.feedback import Feedback
from subwarden.scheduling.strategies.sampling.overlap import Overlap
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.pos import Pos
from subwarden.scheduling.strategies.sampling.surw import Surw
from subwarden.scheduling.strategies.sampling.urw import Urw
from subwarden.scheduling.strategies.sampling.window import Window
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded


def sources(random: Random) -> Iterator[Random]:
    """Sources of chance, one for each strategy."""
    while True:
        yield Random(random.getrandbits(64))


def samplers(own: Iterator[Random]) -> Iterator[Strategy]:
    """SURW, URW, POS, feedback and PCT 2 to 4, each with its own source of chance. Each is made when it is asked for: its source is drawn
    then.
    """
    yield Surw(next(own))
    yield Urw(next(own))
    yield Pos(next(own))
    yield Feedback(next(own))
    for depth in (2, 3, 4):
        yield Pct(next(own), depth)


def turns(random: Random) -> list[Strategy]:
    """The members, in the order of their turns. The best finders have more turns."""
    own = sources(random)
    sampling = samplers(own)
    surw, urw, pos, feedback = islice(sampling, 4)
    systematic = DelayBounded(random=next(own))
    pct2, pct3, pct4 = sampling
    return [systematic, pct3, surw, pct4, urw, surw, pct3, pos, pct4, surw, urw, feedback, pct2, surw]


class Portfolio:
    """Each member in turn, until `budget` runs have been made (None: without end)."""

    name = "portfolio"
    every_choice = True

    def __init__(self, random: Random, budget: int | None = None, *, windows: bool = False, overlaps: bool = False) -> None:
        """`windows`: of five runs one is `DelayBounded`'s and two are `Window`'s, for long programs of which only a part should race.
        `overlaps`: one of the two is `Overlap`'s, for programs whose calls are told apart.
        """
        self._turns = turns(random)
        if windows:
            systematic, *others = self._turns
            window = Window(Random(random.getrandbits(64)))
            pairs = zip(others, [*others[1:], others[0]], strict=True)
            second = Overlap(Random(random.getrandbits(64))) if overlaps else window
            self._turns = [turn for one, two in pairs for turn in (systematic, window, one, second, two)]
        self.members = list(dict.fromkeys(self._turns))
        self.runs = 0
        self._budget = budget
        self._turn: Strategy = self._turns[0]

    @property
    def current(self) -> Strategy:
        """The member that makes the present run, or made the last."""
        return self._turn

    def begin(self, candidates: Candidates) -> Choose | None:
        while self._turns and (self._budget is None or self.runs < self._budget):
            self._turn = self._turns.pop(0)
            choose = self._turn.begin(candidates)
            if choose is not None:
                self._turns.append(self._turn)
                self.runs += 1
                return choose if self._turn.every_choice else _WhereThereIsOne(choose)
        return None

    def end(self, choices: list[int], steps: int) -> None:
        self._turn.end(choices, steps)


class _WhereThereIsOne:
    """A chooser that is not asked where there is only one candidate. `scheduling.run` knows `least`, and spares the call."""

    __slots__ = ("_choose", "disturbed", "undisturbed")
    least = 1

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self.undisturbed: Choose = getattr(choose, "undisturbed", choose)
        self.disturbed: Callable[[int, int], int] | None = getattr(choose, "disturbed", None)

    def __call__(self, n: int) -> int:
        return self._choose(n) if n > 1 else 0

"""The search of a hunt, in one process: draws programs, and drives each as long as its schedules show something new.

A program is left when its runs repeat themselves: when less than one run in twenty reached an end state that no other run of it had. The
schedules that are left go to other programs, not to the same one again: patience with some of them finds less, as docs/hunting.md shows.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.reports.formats.places import place_in
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.scheduling.strategies.strategy import Nondeterministic
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring import fault_sweep
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage import completeness
from subwarden.stateful_tests.exploring.coverage.end_states import EndStateDigests
from subwarden.stateful_tests.exploring.coverage.good_turing import Tally, digest
from subwarden.stateful_tests.exploring.coverage.overlap import look_closely
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.exhaustive import ExhaustiveSearch
from subwarden.stateful_tests.exploring.explorer import Explorer
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible, confirm, confirmed, make_small
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.findings.unrepeatable import why
from subwarden.stateful_tests.exploring.level import Factory, Level, Program
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.exploring.variants import shares
from subwarden.stateful_tests.hunt.work import DRAWN, Kept, Work

EXAMPLES = 12  # programs drawn in a round; a round takes seconds, and is done again if it was interrupted
WALKS = 3  # for each program that is drawn, where programs are grown
PARTS = 3  # of a round, where programs are grown: each has walks, draws so many, and grows as many; they are left sooner
MORE = 4  # rules in each part than in the one before
STEPS = (6, 9, 14)  # of the rule machine, in turn
VARIANTS = 8  # of a program, at most
SCHEDULES = 1_000  # of a program, at most, over all its variants
LEAST = 64  # of a variant
SETTLED = 1 / 20
SMALL = 4  # operations of a program that is searched in full, if that takes
STATES = 2_000  # runs or fewer: about half a second
LOOKED_AT = (1, 8, 64, 512)  # runs of a variant that are looked at closely
KNOWN = 50_000  # programs that are remembered
DOUBTS = 10  # told at a time
TRIES = 3  # to make a finding of a cause that does not show again

Rank = tuple[int, bool]  # of a finding: its order and whether it takes a cancellation; smaller is better evidence


class Memory(NamedTuple):
    """The part of a search of one check that lasts from round to round, beside the known findings: the same in any process."""

    driven: frozenset[int]  # digests of programs
    tries: dict[Cause, int]


Found = Callable[[Kept], object]
Known = Callable[[Cause], Rank | None]


class Hunter:
    """Hunts in one check, for as many rounds as asked. `work` is the work since it was last taken away.

    `known` gives the rank at which a cause is known already, and `found` is told of each finding that ranks better. `budget` is asked
    between runs; `shrinking` gives the budget of making one finding small. One that this cuts short is told as small as it got.
    """

    def __init__(
        self,
        check: Check,
        level: Level,
        factory: Factory,
        known: Known,
        found: Found,
        budget: Budget = UNLIMITED,
        shrinking: Callable[[], Budget] = lambda: UNLIMITED,
        *,
        graph: Any = None,
    ) -> None:
        """`level` is the one that `check` names; `graph` is its `new_graph()`, where several hunters share one."""
        self.explorer = Explorer(check, level, factory, budget, self._drive, graph=graph)
        self.work = Work()
        self._factory = factory
        self._known = known
        self._found = found
        self._budget = budget
        self._shrinking = shrinking
        self._random = Random(0)
        self._tries: dict[Cause, int] = {}
        self._driven: set[int] = set()
        self._digests = EndStateDigests()

    def round(self, number: int, steps: int) -> None:
        """Draw programs, the same for the same `number`, in `steps` rules each, and drive them."""
        self._random = Random(number)
        explorer = self.explorer
        explorer.begin()
        for part in range(1 if explorer.growth is None else PARTS):
            explorer.walk(WALKS * EXAMPLES, self._random, self._looked_at)
            profile = Profile("hunt", EXAMPLES, SCHEDULES, steps + MORE * part, derandomized=False)
            explorer.round(f"{number}.{part}" if part else number, profile, EXAMPLES)
            explorer.grow(EXAMPLES, self._random)

    def memory(self) -> Memory:
        """The memory as it is now."""
        return Memory(frozenset(self._driven), dict(self._tries))

    def remember(self, memory: Memory) -> None:
        """Go on with another's memory."""
        self._driven, self._tries = set(memory.driven), dict(memory.tries)

    def take(self) -> Work:
        """The work since the last time."""
        work, self.work = self.work, Work()
        work.fired = self.explorer.fired()
        work.stakes, self.explorer.runner.stakes = self.explorer.runner.stakes, Counter()
        return work

    def shrink(self, kept: Kept) -> None:
        """Make a finding smaller and tell it again. Raises NotReproducible."""
        raw, budget = kept.finding, self._shrinking()
        if budget.spent():
            return
        made = make_small(self._runner(raw.order), raw.cause, raw.program, list(raw.names), budget)
        if made.small or made.finding.rank() < raw.rank():
            at = _place(self._runner(made.finding.order), made.finding)  # which may be weaker
            self._found(Kept(made.finding, made.small, kept.strategy, at))

    def _runner(self, order: Order) -> Runner:
        """A runner in `order`."""
        mine = self.explorer.runner
        return mine if order is mine.order else Runner(mine.level, self._factory, order)

    # --- programs

    def _looked_at(self, program: Program, names: list[str], violations: dict[Cause, int]) -> None:
        """A walk has been played calmly."""
        WATCHDOG.watch(None)
        self.work.strategy(DRAWN).runs += 1
        if violations and not self._budget.spent():
            self._look_into(program, lambda: names, violations, DRAWN)

    def _drive(self, program: Program, names: list[str], violations: dict[Cause, int] | None) -> None:
        """A program has been drawn: look into the run that it took, and drive the program if it is new."""
        WATCHDOG.watch(None)  # the run is over, and drawing the next may take long
        if self._budget.spent():
            return
        explorer = self.explorer
        names, violations = explorer.drawn(program, names, violations)
        self.work.strategy(DRAWN).runs += 1
        if violations:
            self._look_into(program, lambda: names, violations, DRAWN)
        key = digest(repr(program.tasks))
        if key in self._driven:
            return
        if len(self._driven) >= KNOWN:
            self._driven.clear()
        self._driven.add(key)
        self.work.programs += 1
        if explorer.growth is not None:
            explorer.growth.drives(program)
        check = explorer.check
        if check.cancellation:
            self._sweep(program, names)
            if explorer.growth is not None:
                explorer.growth.swept()
        mixed = explorer.growth is not None
        variants = shares(explorer.level, program, check.cancellation, self._random, SCHEDULES, least=LEAST, most=VARIANTS, mixed=mixed)
        for variant, schedules in variants.items():
            self._drive_variant(variant, schedules)
        if explorer.growth is not None:
            explorer.growth.driven(program)

    def _sweep(self, program: Program, names: list[str]) -> None:
        """Inject each fault at each moment of a few schedules."""
        level, runner, tally = self.explorer.level, self.explorer.runner, Tally()

        def injected(target: Program, strategy: FaultBounded) -> bool:
            return bool(tally.total % LEAST or not self._budget.spent()) and self._run(target, strategy, tally)

        bases = fault_sweep.bases_of(runner, program, names)
        complete, _ = fault_sweep.sweep(level, program, bases, int(int(SCHEDULES * level.share) * fault_sweep.SHARE), injected)
        work = self.work  # another one each time that it was taken away, to which asking the budget may lead
        work.once += tally.once
        work.complete += complete

    def _drive_variant(self, program: Program, schedules: int) -> None:
        growth = self.explorer.growth
        seeded, windows = Random(self._random.getrandbits(64)), self.explorer.level.windows
        portfolio = Portfolio(seeded, schedules, windows=windows, overlaps=growth is not None)
        tally = Tally()
        while tally.total % LEAST or not (self._budget.spent() or (tally.total and tally.chance_of_new < SETTLED)):
            if growth is not None and growth.settled:
                break
            if not self._run(program, portfolio, tally):
                break
        systematic = next(member for member in portfolio.members if isinstance(member, DelayBounded))
        walking = growth is not None and growth.walking  # another walk is worth more than all that is left of this one
        small = program.operations() <= SMALL and not walking and not self._blocked()
        everything = systematic.everything or (small and self._search_states(program, tally))
        work = self.work  # see `_sweep`
        work.once += tally.once
        work.complete.update(completeness.deviations(systematic.bound if everything else systematic.complete, everything))

    def _search_states(self, program: Program, tally: Tally) -> bool:
        """Search all states of a small program; whether every one of them was seen."""
        exhaustive = ExhaustiveSearch(self.explorer.runner, program, STATES)
        made = 0
        while made % LEAST or not self._budget.spent():
            if exhaustive.search.indigestible or not self._run(program, exhaustive, tally):
                break
            made += 1
        why = exhaustive.search.indigestible
        if why and (why in self.work.indigestible or len(self.work.indigestible) < DOUBTS):
            self.work.indigestible[why] += 1
        return exhaustive.complete

    # --- runs

    def _run(self, program: Program, strategy: Portfolio | FaultBounded | ExhaustiveSearch, tally: Tally) -> bool:
        """One run, counted and looked into. False: there was none, or there is no use in another."""
        explorer, runner, work = self.explorer, self.explorer.runner, self.work
        try:
            result = strategy.next() if isinstance(strategy, ExhaustiveSearch) else runner.run_strategy(program, strategy)
        except Nondeterministic as error:
            if self._blocked():
                return isinstance(strategy, Portfolio)  # cut off in the middle, which no systematic strategy expects; others see it too
            self._doubt(f"{error.SAID}: {why(runner, program) or error.seen}")
            return False
        if result is None:
            return False
        name = strategy.current.name if isinstance(strategy, Portfolio) else strategy.name
        work.schedules += 1
        work.steps += result.steps
        end_state = runner.end_state
        assert end_state is not None, "every run is sampled"
        brought = work.strategy(name)
        brought.runs += 1
        brought.new += tally.add(hash(end_state))
        work.end_states[self._digests.of(end_state)] += 1
        if tally.total in LOOKED_AT:
            look_closely(runner, program, result.choices, work.closely, explorer.happened)
        if result.violations:
            self._look_into(program, lambda: self._names(program, result.choices), result.violations, name)
        return causes.BLOCKED not in result.violations  # each run of it would cost seconds

    def _blocked(self) -> bool:
        """Whether the last run blocked for real."""
        end_state = self.explorer.runner.end_state
        return end_state is not None and causes.BLOCKED.slug() in end_state.broken

    def _names(self, program: Program, choices: list[int]) -> list[str]:
        return self.explorer.runner.record(program, lambda _candidates: fixed(choices))[1]

    # --- findings

    def _look_into(self, program: Program, names: Callable[[], list[str]], violations: dict[Cause, int], strategy: str) -> None:
        """Make findings of the causes that are not known at least as well. Each is told as soon as it is confirmed, and again when
        small.
        """
        mine: Rank = (list(Order).index(self.explorer.check.order), self.explorer.level.cancels(program))
        followed: list[str] | None = None
        for cause in violations:
            known = self._known(cause)
            if (known is not None and known <= mine) or self._tries.get(cause, 0) >= TRIES:
                continue
            followed = names() if followed is None else followed
            self.work.strategy(strategy).causes += known is None
            try:
                finding = confirmed(self.explorer.runner, cause, program, followed)
                kept = Kept(finding, False, strategy, _place(self.explorer.runner, finding))
                self._found(kept)
                self.shrink(kept)
            except NotReproducible as doubt:
                self._tries[cause] = self._tries.get(cause, 0) + 1
                self._doubt(str(doubt))

    def _doubt(self, text: str) -> None:
        if text not in self.work.doubts and len(self.work.doubts) < DOUBTS:
            self.work.doubts.append(text)


def _place(runner: Runner, finding: Finding[Any]) -> str:
    """The place of the subject's code at which `finding` is told, as path:line; empty if its run does not name one."""
    narration = Narration()
    confirm(runner, finding.cause, finding.program, list(finding.names), [narration])
    at = place_in(narration.rows(finding.cause))
    return "" if at is None else at.at()

"""The search of a hunt, in one process: programs from the rule machine, and of each as many schedules as keep showing something new.

A program is left when its runs repeat themselves: when less than one run in twenty ended as no other run of it did. What is left over of a
budget goes to other programs, not to the same one again: patience with some of them finds less, as docs/hunting.md shows.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from random import Random
from typing import Any, NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.scheduling.strategies.strategy import Nondeterministic
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.check import Check, Explorer, fired
from subwarden.stateful_tests.exploring.coverage import completeness as complete
from subwarden.stateful_tests.exploring.coverage.end_states import EndState
from subwarden.stateful_tests.exploring.coverage.good_turing import Tally, digest
from subwarden.stateful_tests.exploring.coverage.overlap import look_closely
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.exhaustive import WholeProgram
from subwarden.stateful_tests.exploring.findings.investigate import IMPATIENT, NotReproducible, confirm, investigate
from subwarden.stateful_tests.exploring.level import Factory, Program
from subwarden.stateful_tests.hunt.work import DRAWN, Kept, Work

EXAMPLES = 12  # programs drawn in a round; a round takes seconds, and is done again if it was interrupted
STEPS = (6, 9, 14)  # of the rule machine, in turn
VARIANTS = 8  # of a program: choices of what may go wrong in it
SCHEDULES = 1_000  # of a program, at most, over all its variants
LEAST = 64  # of a variant
SETTLED = 1 / 20
SMALL = 4  # operations of a program that is searched in full, if that takes
STATES = 2_000  # runs or fewer: about half a second
LOOKED_AT = (1, 8, 64, 512)  # runs of a variant that are looked at closely
KNOWN = 50_000  # programs that are remembered
ENDS = 4_000  # ends of runs whose digests are, for each check: mostly those of the program that is searched
DOUBTS = 10  # told at a time
TRIES = 3  # to make a finding of a cause that does not show again

Rank = tuple[int, bool]


class Memory(NamedTuple):
    """What a search of one check remembers from round to round, beside what is known: as it is in any process."""

    driven: frozenset[int]  # digests of programs
    tries: dict[Cause, int]


Found = Callable[[Kept], object]
Known = Callable[[Cause], Rank | None]


class Interrupted(BaseException):
    """Raised inside a run that only serves to make a finding smaller, when there is no time for it. Not an Exception: nobody handles it."""


class Hunter(Explorer):
    """One check, for as many rounds as asked. `work` is what was done since it was last taken away."""

    def __init__(self, check: Check, factory: Factory, graph: Any, known: Known, found: Found, enough: Callable[[], bool]) -> None:
        self._shrinking = False
        self._enough_to_shrink: Callable[[], bool] = lambda: False

        def interruptible(*given: Any) -> Any:
            if self._shrinking and self._enough_to_shrink():
                raise Interrupted
            return factory(*given)

        super().__init__(check, interruptible, Profile("hunt", EXAMPLES, SCHEDULES, STEPS[0], False), enough, lambda _: None, ends_every=1)
        self.runner.graph = graph
        self.work = Work()
        self._known = known
        self._tell = found
        self._tries: dict[Cause, int] = {}
        self._driven: set[int] = set()
        self._struck_by = Tally()
        self._digests: dict[int, int] = {}
        self._subject = factory
        # one class for all rounds: Hypothesis keeps what it knows of every machine class for ever
        self._hunting = self._machine(interruptible, self.runner.fired, set())  # a hunt counts outcomes, not the model's transitions

    def shrink_until(self, enough: Callable[[], bool]) -> None:
        """Give up making a finding smaller when `enough` says so."""
        self._enough_to_shrink = enough

    def hunt(self, number: int, steps: int) -> None:
        """One round: draw programs, the same for the same `number`, and drive each."""
        self._random = Random(number)
        profile = Profile("hunt", EXAMPLES, SCHEDULES, steps, derandomized=False)
        self._draw(self._hunting, number, profile, EXAMPLES)

    def memory(self) -> Memory:
        """What it remembers now."""
        return Memory(frozenset(self._driven), dict(self._tries))

    def remember(self, memory: Memory) -> None:
        """Remember what another did."""
        self._driven, self._tries = set(memory.driven), dict(memory.tries)

    def take(self) -> Work:
        """What was done since the last time."""
        work, self.work = self.work, Work()
        work.fired = fired(self.runner, self.rules, self.happened)
        return work

    # --- what Explorer calls

    def drawn(self, program: Program, names: list[str], violations: dict[Cause, int] | None) -> None:
        """A program has been drawn and played once under `names`; None: that run was given up, so it is played again."""
        WATCHDOG.watch(None)  # the run is over, and drawing the next may take long
        if self._enough():
            return
        if violations is None:
            result, names = self.runner.guided(program, names)
            violations = result.violations
        self.work.pay(DRAWN).runs += 1
        if violations:
            self._look_into(program, lambda: names, violations, DRAWN)
        key = digest(repr(program.tasks))
        if key in self._driven:
            return
        if len(self._driven) >= KNOWN:
            self._driven.clear()
        self._driven.add(key)
        self.work.programs += 1
        if self.check.cancellation:
            struck, _ = self._strike(program, names)
            self.work.complete += struck  # not to what it was before, which may have been taken away meanwhile
        self._explore_variants(program, SCHEDULES, least=LEAST, most=VARIANTS)

    def _explore(self, program: Program, schedules: int) -> None:
        portfolio = Portfolio(Random(self._random.getrandbits(64)), schedules)
        tally = Tally()
        while tally.total % LEAST or not (self._enough() or (tally.total and tally.unseen < SETTLED)):
            if not self._hunted(program, portfolio, tally):
                break
        systematic = next(member for member in portfolio.members if isinstance(member, DelayBounded))
        blocked = self.runner.end is not None and causes.BLOCKED.slug() in self.runner.end.broken
        small = program.operations() <= SMALL and not blocked
        everything = systematic.everything or (small and self._searched(program, tally))
        work = self.work  # another one each time that it was taken away, which `_enough` may lead to
        work.once += tally.once
        work.complete.update(complete.deviations(systematic.bound if everything else systematic.complete, everything))

    def _searched(self, program: Program, tally: Tally) -> bool:
        """Search all states of a small program; whether they were all seen."""
        whole = WholeProgram(self.runner, program, STATES)
        made = 0
        while made % LEAST or not self._enough():
            if whole.search.indigestible or not self._hunted(program, whole, tally):
                break
            made += 1
        why = whole.search.indigestible
        if why and (why in self.work.indigestible or len(self.work.indigestible) < DOUBTS):
            self.work.indigestible[why] += 1
        return whole.complete

    def _strike(self, program: Program, names: list[str]) -> tuple[Counter[str], int]:
        self._struck_by = Tally()
        struck = super()._strike(program, names)
        self.work.once += self._struck_by.once
        return struck

    def _struck(self, program: Program, strategy: FaultBounded) -> bool:
        tally = self._struck_by
        return bool(tally.total % LEAST or not self._enough()) and self._hunted(program, strategy, tally)

    def _hunted(self, program: Program, strategy: Portfolio | FaultBounded | WholeProgram, tally: Tally) -> bool:
        """One run, counted and looked into. False: there was none, or there is no use in another."""
        runner, work = self.runner, self.work
        try:
            result = strategy.next() if isinstance(strategy, WholeProgram) else runner.run_strategy(program, strategy)
        except Nondeterministic as error:
            if runner.end is not None and causes.BLOCKED.slug() in runner.end.broken:
                return isinstance(strategy, Portfolio)  # cut off in the middle, which no systematic strategy expects; others see it too
            self._doubt(str(error))
            return False
        if result is None:
            return False
        name = strategy.current.name if isinstance(strategy, Portfolio) else strategy.name
        work.schedules += 1
        work.steps += result.steps
        end = runner.end
        assert end is not None, "the end of every run is looked at"
        pay = work.pay(name)
        pay.runs += 1
        key = hash(end)
        pay.new += tally.add(key)
        work.ends[self._digest(key, end)] += 1
        if tally.total in LOOKED_AT:
            look_closely(self.level, self._subject, self.check.order, program, result.choices, work.closely, self.happened)
        if result.violations:
            self._look_into(program, lambda: self._names(program, result.choices), result.violations, name)
        return causes.BLOCKED not in result.violations  # each run of it would cost seconds

    # --- findings

    def _digest(self, key: int, end: EndState) -> int:
        known = self._digests.get(key)
        if known is None:
            if len(self._digests) >= ENDS:
                self._digests.clear()
            known = self._digests[key] = digest(end.text())
        return known

    def _names(self, program: Program, choices: list[int]) -> list[str]:
        return self.runner.record(program, lambda _candidates: fixed(choices))[1]

    def _look_into(self, program: Program, names: Callable[[], list[str]], violations: dict[Cause, int], strategy: str) -> None:
        """Make findings of the causes that are not known at least as well. Each is told as soon as it is sure, and again when small."""
        mine: Rank = (list(Order).index(self.check.order), self.level.cancels(program))
        followed: list[str] | None = None
        for cause in violations:
            known = self._known(cause)
            if (known is not None and known <= mine) or self._tries.get(cause, 0) >= TRIES:
                continue
            followed = names() if followed is None else followed
            self.work.pay(strategy).causes += known is None
            try:
                with WATCHDOG.guarded(IMPATIENT) if cause == causes.BLOCKED else nullcontext():
                    confirm(self.runner, cause, program, followed)
                size = (program.operations(), len(followed))
                raw = Finding(cause, self.check.order, self.level.cancels(program), program, tuple(followed), size, self.level.name)
                self._tell(Kept(raw, False, strategy))
                self.shrink(Kept(raw, False, strategy))
            except NotReproducible as doubt:
                self._tries[cause] = self._tries.get(cause, 0) + 1
                self._doubt(str(doubt))

    def _doubt(self, said: str) -> None:
        if said not in self.work.doubts and len(self.work.doubts) < DOUBTS:
            self.work.doubts.append(said)

    def shrink(self, kept: Kept) -> None:
        """Make a finding small and tell it again; if there is no time for that, it stays as it is. Raises NotReproducible."""
        raw = kept.finding
        self._shrinking = True
        try:
            small = investigate(self.runner, raw.cause, raw.program, list(raw.names))
        except Interrupted:
            return
        finally:
            self._shrinking = False
        self._tell(Kept(small, True, kept.strategy))

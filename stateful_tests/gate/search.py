"""The search of a gate, in one process: a fixed number of schedules for each program that is drawn."""

from collections.abc import Callable
from random import Random

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.sampling.overlap import Overlap
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.sampling.window import Window
from subwarden.scheduling.strategies.strategy import Nondeterministic, Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.stateful_tests.exploring import fault_sweep
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage import completeness
from subwarden.stateful_tests.exploring.coverage.end_states import EndStateDigests
from subwarden.stateful_tests.exploring.coverage.overlap import look_closely
from subwarden.stateful_tests.exploring.coverage.points import PointKind, at_level, points
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.explorer import Explorer
from subwarden.stateful_tests.exploring.findings.investigate import investigate
from subwarden.stateful_tests.exploring.findings.unrepeatable import why
from subwarden.stateful_tests.exploring.level import Factory, Level, Program
from subwarden.stateful_tests.exploring.variants import shares
from subwarden.stateful_tests.gate.outcome import CheckOutcome, MakeFinding
from subwarden.stateful_tests.gate.tasks import SHARDS

SAMPLE_EVERY = 8  # of so many runs one is sampled for its end state: sampling all would cost a twentieth of the time
FEWER = 3  # of the programs that are drawn at first, one in so many is drawn again and again where programs are grown
PART = 12  # programs that are drawn before others are grown: a search with little time has some of each
WALKS = 3  # for each program that is drawn, where programs are grown
TOLD_EVERY = 64  # runs between two reports of progress, at the least
LOOKED_AT = (2, 64)  # runs of a program that are looked at closely; each costs as much as three others


class GateSearch:
    """One check of one subject, for as many rounds as asked. `outcome` grows; `finish` completes it."""

    def __init__(
        self,
        check: Check,
        level: Level,
        factory: Factory,
        profile: Profile,
        budget: Budget = UNLIMITED,
        progress: Callable[[int], object] = lambda _: None,
        *,
        make: MakeFinding = investigate,
        most: int | None = None,
    ) -> None:
        """`level` is the one that `check` names; `progress` is told how many schedules were run since it was told last.

        `make`: makes a finding of a failing run. `most`: findings after which the search ends.
        """
        self.outcome = CheckOutcome(check.name)
        self._hopeless = False  # the subject blocks: nothing more is worth its time
        self._nondeterministic = False  # whether a doubt says so
        self._make = make
        self._given = budget
        self._budget = Budget(lambda: self._hopeless or (most is not None and len(self.outcome.findings) >= most) or budget.spent())
        self.explorer = Explorer(check, level, factory, self._budget, self._drive, sample_every=SAMPLE_EVERY)
        self._factory = factory
        self._profile = profile
        self._schedules = int(profile.schedules * level.share)
        self._progress = progress
        self._random = Random(0)
        self._digests = EndStateDigests()
        self._made = 0  # runs of the program at hand
        self._told = 0  # schedules that `progress` knows of
        self._left = 0  # runs of the round that are to be made

    def round(self, number: int, examples: int) -> None:
        """Draw `examples` programs, the same for the same `number`, and drive each.

        Where programs are grown, walks come before those that are drawn. With cancellation each has a few runs before any has more: a
        sweep of its faults alone takes some fifty, and another walk is as likely to show something. A program is left as soon as its runs
        reach nothing new; the runs that are left go to as many that are grown from them, then to walks and to drawn ones again, and so on.
        """
        explorer = self.explorer
        self._random = Random(f"{explorer.check.named(explorer.level.drawn_as)} {number}")
        self._left = examples * self._schedules
        explorer.begin()
        scenes = self._scenes(number, examples)
        for program in scenes:
            if not self.over():
                self._drive(program, [], None)
        if explorer.growth is not None:
            examples = min(examples, PART)
        explorer.walk(WALKS * examples, self._random, self._look_into, self._are_left, self._glance)
        explorer.round(number, self._profile, examples - len(scenes))
        part, before = 0, self._left + 1
        while explorer.growth is not None and 0 < self._left < before and not self._budget.spent():
            part, before = part + 1, self._left
            explorer.grow(examples, self._random, self._are_left)
            explorer.walk(WALKS * examples, self._random, self._look_into, self._are_left, self._glance)
            if self._left > 0:
                explorer.round(f"{number}.{part}", self._profile, max(1, examples // FEWER))
        if not self.outcome.findings:
            self._cover()

    def _are_left(self) -> bool:
        """Whether runs of the round are left."""
        return self._left > 0

    def _scenes(self, number: int, examples: int) -> list[Program]:
        """The level's scenes that this round plays: every `SHARDS`-th, and not more than a quarter of its programs."""
        scenes = list(self.explorer.level.scenes())[number % SHARDS :: SHARDS]
        return self._random.sample(scenes, min(len(scenes), examples // 4))

    def _cover(self) -> None:
        """Play what is sure to cover an expected point that no drawn program has covered, whatever time is left: without it, the check
        would be vacuous there."""
        explorer = self.explorer
        level, runner = explorer.level, explorer.runner
        absent, fired = level.absent(self._factory), explorer.fired()
        for point, program in level.sure_of(explorer.check.order).items():
            called = points(PointKind.OPERATION, (operation.name for chain in program.tasks for operation in chain))
            if not absent & {point, *called} and not at_level(level.scope, {point}) <= fired:
                self.outcome.programs += 1
                result, names = runner.record(program, lambda _: fixed(()))
                self._look_into(program, names, result.violations)

    def over(self) -> bool:
        """Whether the search has ended: its budget is spent, it has found enough, or more runs are not worth their time."""
        return self._budget.spent()

    def finish(self) -> CheckOutcome:
        """The outcome so far."""
        outcome, explorer = self.outcome, self.explorer
        level, runner = explorer.level, explorer.runner
        outcome.schedules, outcome.steps = runner.schedules, runner.steps
        outcome.transitions = explorer.transitions
        outcome.fired = explorer.fired()
        outcome.stakes = runner.stakes
        outcome.brought = at_level(level.scope, level.brings(self._factory))
        outcome.absent = at_level(level.scope, level.absent(self._factory))
        return outcome

    def _drive(self, program: Program, names: list[str], violations: dict[Cause, int] | None) -> None:
        """A program has been drawn: make its runs."""
        self.outcome.programs += 1
        names, violations = self.explorer.drawn(program, names, violations)
        self._look_into(program, names, violations)
        if self._budget.spent():
            return
        runner, left, growth = self.explorer.runner, self._schedules, self.explorer.growth
        before = runner.schedules
        self._made = 0
        if growth is not None:
            growth.drives(program)
        if self.explorer.check.cancellation:
            left -= self._sweep(program, names)
            if growth is not None:
                growth.swept()
        level, cancellation = self.explorer.level, self.explorer.check.cancellation
        for variant, schedules in shares(level, program, cancellation, self._random, left, mixed=growth is not None).items():
            self._drive_variant(variant, schedules)
        if growth is not None:
            growth.driven(program)
        self._left -= runner.schedules - before
        self._tell(1)

    def _glance(self, program: Program) -> None:
        """With cancellation, the first few runs of a walk, in which any of its tasks may be cancelled."""
        explorer, growth = self.explorer, self.explorer.growth
        if growth is None or not explorer.check.cancellation:
            return
        self._tell(TOLD_EVERY)
        before = explorer.runner.schedules
        growth.drives(program)
        overlap = Overlap(Random(self._random.getrandbits(64)))
        variants = explorer.level.variants(program, True, self._random)
        for _ in range(growth.glance):
            if self._budget.spent() or not self._run(self._random.choice(variants), overlap):
                break
        growth.driven(program)
        self._left -= explorer.runner.schedules - before

    def _tell(self, least: int) -> None:
        """Report progress, if there are at least so many schedules to tell of."""
        new = self.explorer.runner.schedules - self._told
        if new >= least:
            self._told += new
            self._progress(new)

    def _sweep(self, program: Program, names: list[str]) -> int:
        """Inject each fault at each moment of a few schedules; how many runs that took."""
        explorer = self.explorer
        bases = fault_sweep.bases_of(explorer.runner, program, names)
        complete, runs = fault_sweep.sweep(explorer.level, program, bases, int(self._schedules * fault_sweep.SHARE), self._injected)
        self.outcome.complete.update(complete)
        return runs

    def _injected(self, program: Program, strategy: FaultBounded) -> bool:
        """One run of a sweep; whether there was one."""
        return not self._budget.spent() and self._run(program, strategy)

    def _drive_variant(self, program: Program, schedules: int) -> None:
        seeded = Random(self._random.getrandbits(64))
        systematic = DelayBounded(1, seeded)
        strategies: list[Strategy] = [systematic, RandomWalk(seeded), Pct(seeded, 2), RandomWalk(seeded), Pct(seeded, 3)]
        growth = self.explorer.growth
        if growth is not None:
            overlap = Overlap(seeded)
            strategies = [overlap, overlap, Window(seeded), overlap, overlap, Pct(seeded, 3), systematic]
        elif self.explorer.level.windows:
            strategies[1:] = [Window(seeded), RandomWalk(seeded), Window(seeded), Pct(seeded, 3)]
        for number in range(schedules):
            if growth is not None and growth.settled:
                break
            if self._hopeless or self._budget.spent():  # asked before each run: one through a framework on the network takes long
                break
            self._tell(TOLD_EVERY)
            strategy = strategies[number % len(strategies)]
            if not self._run(program, strategy):
                strategies.remove(strategy)
        self.outcome.complete.update(completeness.deviations(systematic.complete, systematic.everything))

    def _run(self, program: Program, strategy: Strategy) -> bool:
        """One run, looked into if it shows something new. False: there was none, or `strategy` is of no use here."""
        explorer, outcome = self.explorer, self.outcome
        runner = explorer.runner
        try:
            result = runner.run_strategy(program, strategy)
        except Nondeterministic as error:  # a systematic strategy needs a subject that does the same under the same schedule
            if not self._hopeless and not self._nondeterministic:
                outcome.doubts.append(f"{error.SAID}: {why(runner, program) or error.seen}")
                self._nondeterministic = True
            return False
        if result is None:
            return False
        if runner.end_state is not None:
            outcome.end_states.add([(self._digests.of(runner.end_state), 1)])
        self._made += 1
        if self._made in LOOKED_AT:
            look_closely(runner, program, result.choices, outcome.closely, explorer.happened)
        if result.violations and not outcome.findings.keys() >= result.violations.keys():
            names = runner.record(program, lambda _candidates: fixed(result.choices))[1]
            self._look_into(program, names, result.violations)
        return True

    def _look_into(self, program: Program, names: list[str], violations: dict[Cause, int]) -> None:
        if causes.BLOCKED in violations:  # every run of it costs seconds: one finding is all that this check will bring
            self._hopeless = True
        if self._given.spent() and self.outcome.findings:
            return  # to believe each costs runs; what is known tells that the subject is wrong
        self.outcome.look_into(self.explorer.runner, program, names, violations, self._make)

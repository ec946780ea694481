"""The gate: every check of a subject, on all cores.

It searches first; a finding is told when it is confirmed, and kept as it was found. Then the best evidence of each cause is made small,
once. Where a budget of time decides, that has the last third of it.

The outcome of a gate without a budget depends on the subject, the seed and the versions alone: shards are seeded by their check and
number, and merged in that order. If a shard finds a subject that blocks, the later ones are forgotten, and the earlier ones finished.

A gate that is to end at so many findings ends all its workers at once. Which findings these are then depends on which worker came first;
with a single worker, it does not.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget, lasting
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.gate.crew import GateCrew
from subwarden.stateful_tests.gate.outcome import CheckOutcome, unfinished
from subwarden.stateful_tests.gate.tasks import SHARDS, NotFound, Shard, Told, investigations
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.watched_load import BadSubject

ROUNDS_A_SEED = 1 << 20  # more than any gate draws, so that two seeds share none
LATER = ROUNDS_A_SEED // 2  # the first round of the last third of a budget
MORE_ROUNDS = 2  # another version of Hypothesis draws other programs; one of them may reach the points that the last one reached
SMALL = 1 / 3  # of a budget, for making findings small
REPORT = 0.1  # of a budget, for saying which findings are one
START = 1 / 2  # of a budget, the most that the start of its workers takes of it: on a busy machine they load the harness for seconds
FIRST = 1 / 3  # of what is left for making small, that each finding may take at least
LEAST = 0.3  # seconds for a shard or a finding: less is not worth the start
DIED = "a worker process {how}; fake that call, or run again with fewer --jobs if memory is short"
LATE = "a worker process did not end when its time was over, and was ended: {why}"

Progress = Callable[[int, int, int, str], object]
Found = Callable[[Told], object]


class WorkerDied(Exception):
    """A worker process was killed before anything was found."""


@dataclass
class Explored:
    """What a gate did. `told`: its findings. `doubts`: beside those of the outcomes. `left`: the time to say which of them are one."""

    outcomes: list[CheckOutcome]
    told: dict[Cause, Told]
    doubts: list[str]
    stopped: bool
    left: Budget


class Gate:
    """One gate, as a context: with it go its workers. `interrupted` fills when it is to stop.

    `seed`: the same seed draws the same programs. `budget`: seconds for all checks together, instead of the profile's fixed number of
    examples. `memory`: bytes for all workers together. `most`: causes after which it stops searching, at once.
    `progress(schedules, done, parts, what)` is called a few times a second, `found(told)` when a finding is confirmed, and again when it
    is smaller.
    """

    def __init__(
        self,
        subject: str,
        checks: Sequence[Check],
        profile: Profile,
        *,
        seed: int,
        budget: float | None,
        jobs: int,
        memory: int | None = None,
        most: int | None,
        progress: Progress,
        found: Found,
        interrupted: Sequence[object],
    ) -> None:
        self._subject = subject
        self._checks = checks
        self._profile = profile
        self._first = seed * ROUNDS_A_SEED
        self._budget = budget
        self._jobs = jobs
        self._most = most
        self._progress = progress
        self._found = found
        self._interrupted = interrupted
        self._crew = GateCrew(min(jobs, SHARDS * len(checks)), memory)
        self._made = monotonic()
        self._began: float | None = None  # when the budget did; None until a worker is at work
        self._schedules = 0
        self._told: dict[Cause, Told] = {}
        self._in_order: list[Cause] = []  # found by shards that count, in their order
        self._doubts: list[str] = []

    def __enter__(self) -> Self:
        self._crew.begin()  # they load the harness while the corpus is replayed
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.close()

    def run(self, replayed: CheckOutcome) -> Explored:
        """Search, then make small. `replayed`: the outcome of the corpus, whose findings have been told.

        Raises BadSubject, WorkerDied, WorkerFailed.
        """
        self._in_order = list(replayed.findings)
        checked = {check: CheckOutcome(check.name) for check in self._checks}
        outcomes = [replayed, *checked.values()]
        self._search(checked, replayed.fired)
        if self._crew.died and not self._told:
            raise WorkerDied(DIED.format(how=self._crew.died))
        if self._crew.bad is not None and not self._told:
            raise BadSubject(self._crew.bad)
        if self._most is not None:
            self._keep_only(self._told, outcomes)
        elif self._budget is None and not self._ending():
            self._keep_only(self._in_order, outcomes)
        self._make_small(outcomes)
        self._doubts += [] if self._crew.bad is None else [self._crew.bad]
        self._doubts += [DIED.format(how=self._crew.died)] * bool(self._crew.died) + [LATE.format(why=self._crew.late)] * bool(
            self._crew.late and not self._interrupted
        )
        return Explored(outcomes, self._told, self._doubts, bool(self._interrupted), self._left())

    def _left(self) -> Budget:
        return UNLIMITED if self._budget is None else lasting(self._budget - self._spent())

    def _ending(self) -> bool:
        return bool(self._interrupted or self._crew.died) or self._crew.bad is not None

    def enough(self) -> bool:
        """Whether nothing more is to be searched."""
        return self._ending() or self._enough(self._told)

    def tell(self, told: Told) -> None:
        """Keep a finding that is better than all of its cause. It is told if it is the first, or in a weaker order: it will be smaller.
        Once there are as many as were wanted, others are left out.
        """
        cause, rank = told.finding.cause, told.finding.rank()
        known = self._told.get(cause)
        if known is None and self._complete():
            return
        if known is None or rank < known.finding.rank():
            self._told[cause] = told
        if known is None or rank[:2] < known.finding.rank()[:2]:
            self._found(told)

    def _complete(self) -> bool:
        """Whether there are as many findings as were wanted."""
        return self._most is not None and len(self._told) >= self._most

    def _keep_only(self, kept: Collection[Cause], outcomes: Iterable[CheckOutcome]) -> None:
        """Forget causes that depend on how far other workers were."""
        self._told = {cause: told for cause, told in self._told.items() if cause in kept}
        for outcome in outcomes:
            outcome.findings = {cause: finding for cause, finding in outcome.findings.items() if cause in kept}

    # --- searching

    def _search(self, outcomes: dict[Check, CheckOutcome], covered: set[Any]) -> None:
        """All checks. Where nothing was found and an expected point never fired, further rounds are drawn of the checks that expect it,
        at most `MORE_ROUNDS`; where time decides, its last third is searched, too, if there is nothing to make small.
        """
        if self._budget is not None:
            for share, first in ((1 - SMALL, self._first), (1.0, self._first + LATER)):
                if not self._ending() and not self._enough(self._told):
                    self._pass(outcomes, self._checks, first, share * self._budget)
                if self._told or self._crew.late:
                    break
            return
        left: Sequence[Check] = self._checks
        for first in range(self._first, self._first + (1 + MORE_ROUNDS) * SHARDS, SHARDS):
            if not self._ending() and not self._enough(self._in_order):
                self._pass(outcomes, left, first, None)
            left = unfinished(outcomes, LEVELS, covered)
            if self._ending() or self._in_order or not left:
                break

    def _enough(self, found: Iterable[Cause]) -> bool:
        known = set(found)
        return causes.BLOCKED in known or (self._most is not None and len(known) >= self._most)  # each run that blocks costs seconds

    def _pass(self, outcomes: dict[Check, CheckOutcome], checks: Sequence[Check], first: int, until: float | None) -> None:
        """Every shard of `checks` once, until so many seconds of the budget are over, and their outcomes."""
        each = SHARDS if until is None else min(SHARDS, self._jobs)  # a shard begins with the simplest programs: better few than short
        shards = [Shard(self._subject, check, first + at, self._profile, self._most) for at in range(each) for check in checks]
        found: list[dict[Cause, Finding[Any]]] = [{} for _ in shards]
        programs, schedules = [0] * len(shards), [0] * len(shards)
        before = set(self._in_order)
        in_order = until is None and self._most is None
        last = len(shards) - 1  # the last one that counts; where time decides, all count, and -1 only ends them

        def heard(number: int, message: str, about: Any) -> None:
            nonlocal last
            if message == "begun" and self._began is None:
                self._began = max(self._made, monotonic() - START * (self._budget or 0.0))
            if message == "did":
                programs[number] += 1
                schedules[number] += about
                self._schedules += about
                return
            if message != "found":
                return
            self.tell(about)
            if about.finding.cause not in self._told:
                return
            found[number][about.finding.cause] = about.finding
            known = set(before)
            for at, more in enumerate(found[: last + 1]):
                known |= more.keys()
                if self._enough(known):
                    last = at if in_order else -1
                    break

        def wanted(number: int) -> bool:
            return number <= last and not self._ending() and not self._crew.late  # another shard would be as busy

        results = self._crew.do(
            shards,
            self._seconds(until),
            heard,
            wanted,
            lambda done: self._progress(self._schedules, done, len(shards), ""),
        )
        counted = last + 1 if in_order and not self._ending() else len(shards)
        for number in range(counted):
            shard, result = shards[number], results[number]
            if isinstance(result, CheckOutcome):
                outcomes[shard.check].merge(result)
            elif found[number]:  # its worker was killed: what it has told is known
                done = (programs[number], max(1, schedules[number]))
                outcomes[shard.check].merge(CheckOutcome(shard.check.name, False, *done, findings=found[number]))
            self._in_order += [cause for cause in found[number] if cause not in self._in_order]

    def _spent(self) -> float:
        """Seconds of the budget that are over."""
        return 0.0 if self._began is None else monotonic() - self._began

    def _seconds(self, until: float | None) -> Callable[[int], float | None]:
        """The time for a task while `left` are to be begun in the seconds of the budget until `until`."""
        if until is None:
            return lambda _: None
        return lambda left: max(LEAST, (until - self._spent()) * min(1.0, self._jobs / left))

    # --- making small

    def _make_small(self, outcomes: Sequence[CheckOutcome]) -> None:
        """The best of each cause: in `told`, and in the outcomes."""
        tasks = investigations(self._subject, outcomes)
        if self._ending() or not tasks:
            return
        until = None if self._budget is None else min((1 - REPORT) * self._budget, self._spent() + SMALL * self._budget)
        at_work: dict[int, str] = {}
        begun: set[int] = set()

        def heard(number: int, message: str, about: Any) -> None:
            cause = tasks[number].cause
            if message == "begun":
                begun.add(number)
                at_work[number] = f"{cause.property.name} {cause.said()}"
                return
            at_work.pop(number, None)
            if isinstance(about, NotFound):
                del self._told[cause]
                self._doubts += about.doubts
            elif isinstance(about, Told):
                smaller = about.small or about.finding.rank() < self._told[cause].finding.rank()
                self._told[cause] = about
                if smaller:
                    self._found(about)
                for outcome in outcomes:
                    if cause in outcome.findings:
                        outcome.findings[cause] = about.finding

        def tick(done: int) -> None:
            self._progress(self._schedules, done, len(tasks), f"making small: {'; '.join(at_work.values())}" if at_work else "")

        def wanted(number: int) -> bool:
            """A task that is begun keeps to its own time."""
            return not self._ending() and (number in begun or until is None or self._spent() < until)

        each = self._seconds(until)

        def seconds(left: int) -> float | None:
            """The best evidence comes first, and is worth more than its share."""
            share = each(left)
            return None if share is None or until is None else max(share, FIRST * (until - self._spent()))

        self._crew.do(tasks, seconds, heard, wanted, tick)

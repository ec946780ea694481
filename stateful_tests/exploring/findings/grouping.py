"""Groups findings by what broke: one bug shows as several causes, such as a subscription that vanishes and a message that is lost.

A finding follows from a stronger one if both break the same property where a task goes on from the same line; or if each needs one
cancellation, and it is of the same operation at the same await, which is then not safe against it; or if the stronger one's cause shows
in its minimal run, or in that run without the operation that only met what was broken before, and the two come and go together in the
runs next to it. Where the cause shows in all of these, or needs one task only, they say nothing: then the two are one only if the minimal
runs of both show them in one step and never apart, or say the same of the same client. It refuses to join findings on less: two bugs that
are told as one would hide one of them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.scheduling.handles import owner
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget
from subwarden.stateful_tests.exploring.findings.where import where
from subwarden.stateful_tests.exploring.level import Factory, Level, Names
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import Result, Runner

WAYS = 12  # operations of a minimal run that are left out, each alone
NEXT = 48  # runs next to a minimal run
STEPS = 60_000  # of all runs of a grouping; what is not known by then is told apart
ALIKE = {"extra": ("stray", "broker", "maps"), "missing": ("lost", "broker", "maps")}  # the same wrong, seen in another way
DELIVERIES = ("stray", "lost")
HARMS = ("P2", "P3", "P6", "D1", "P4", "P5", "P10", "P9", "P7", "P8", "P13", "P1", "P14", "P12")  # the plainest harm first


class _Shown(Observer):
    """What a run showed: the judge's evidence of each cause, and the step that showed it; None: it showed at the end."""

    def __init__(self) -> None:
        self.evidence: dict[Cause, Sequence[object]] = {}
        self.steps: dict[Cause, int | None] = {}
        self.sites: dict[Cause, str | None] = {}  # where the task of that step had waited, if it had
        self.cancelled_at: list[tuple[str, str | None]] = []  # the operations that were cancelled, and where each waited
        self._step = 0
        self._waited: dict[str, str | None] = {}  # task -> where it was suspended last

    def begun(self, play: Any) -> None:
        self._judge = play.judge
        self._loop = play.loop

    def cancelled(self, task: int, operation: Any) -> None:
        at = owner(self._loop.current)
        self.cancelled_at.append((str(operation.name), None if at is None else self._waited.get(at.get_name())))

    def stepped(self) -> None:
        self._step += 1
        task = owner(self._loop.current)
        name = "" if task is None else task.get_name()
        for cause in self._judge.violations:
            if self.steps.setdefault(cause, self._step) == self._step:
                self.sites[cause] = self._waited.get(name)
        if task is not None:
            self._waited[name] = None if task.done() else where(task)

    def in_one_step(self, *causes: Cause) -> bool:
        """Whether one step showed them all."""
        steps = {self.steps.get(cause) for cause in causes}
        return len(steps) == 1 and None not in steps

    def finished(self) -> None:
        for cause in self._judge.violations:
            self.steps.setdefault(cause, None)
        kept = getattr(self._judge, "evidence", {})
        self.evidence = {cause: each if isinstance(each, tuple) else () for cause, each in kept.items()}


def strongest_first(finding: Finding[Any]) -> tuple[Any, ...]:
    """The sort key of findings: the weakest order, without a cancellation, the fewest operations, the plainest harm."""
    name = finding.cause.property.name
    harm = HARMS.index(name) if name in HARMS else len(HARMS)
    raised = bool(finding.cause.where)  # an exception is what most bugs lead to
    return (*finding.rank()[:2], raised, finding.size[0], harm, finding.size, finding.id)


def grouped(
    findings: Sequence[Finding[Any]],
    level_of: Callable[[str], Level],
    factory_of: Callable[[str], Factory],
    budget: Budget = UNLIMITED,
) -> dict[Cause, Cause]:
    """The cause of the finding that tells best what each of `findings` is about, by their own. One that is reached when `budget` is spent
    is about itself. Raises Divergence.
    """
    known: list[Finding[Any]] = []
    about: dict[Cause, Cause] = {}
    left = STEPS
    for finding in sorted(findings, key=strongest_first):
        search = _Search(finding, Runner(level_of(finding.level), factory_of(finding.level), finding.order))
        roots = [each for each in known if each.level == finding.level and (each.cancellation <= finding.cancellation)]
        root = next((each for each in roots if search.runner.steps < left and not budget.spent() and search.follows_from(each)), None)
        left -= search.runner.steps
        about[finding.cause] = finding.cause if root is None else about[root.cause]
        known.append(finding)
    return about


class _Search:
    """Asks of one finding whether it follows from others."""

    def __init__(self, finding: Finding[Any], runner: Runner) -> None:
        self.runner = runner
        self._finding = finding
        self._shown: _Shown | None = None
        self._others: dict[Cause, _Shown] = {}
        self._next: list[tuple[Names, Result]] | None = None

    def follows_from(self, root: Finding[Any]) -> bool:
        """Whether the finding is what `root` is, seen in another way."""
        shown = self._own()
        cause = self._finding.cause
        site = self._broke_at(shown, cause)
        if site is not None and site == self._site_of(root):
            return True
        if self._is_the_same_cancellation(root):
            return True
        way = self._way(root.cause)
        if way is None:
            return False
        together = Counter[tuple[bool, bool]]()
        for names, result in self._neighbours():
            together[root.cause in self._without(way, names, result).violations, cause in result.violations] += 1
        both, only_root, only_this, neither = (together[each] for each in ((True, True), (True, False), (False, True), (False, False)))
        if 4 * only_this > both:  # a run that parts from its own way is no witness
            return False
        theirs = self._run_of(root)
        same_step = theirs is not None and all(run.in_one_step(root.cause, cause) for run in (shown, theirs))
        races = len(root.program.tasks) > 1  # a bug of one task alone is there whenever its operation is called, as for another bug
        return (races and neither > 0) or (same_step and 4 * only_root <= both) or self._says_the_same(root.cause, way)

    def _is_the_same_cancellation(self, root: Finding[Any]) -> bool:
        """Whether the run of each cancels one call, of the same operation at the same line. Neither shows without it."""
        if not (self._finding.cancellation and root.cancellation):
            return False
        theirs = _Shown()
        Runner(self.runner.level, self.runner.factory, root.order).follow(root.program, root.names, [theirs])
        mine = self._own().cancelled_at
        return len(mine) == 1 and mine[0][1] is not None and mine == theirs.cancelled_at

    @staticmethod
    def _broke_at(shown: _Shown, cause: Cause) -> tuple[str, str] | None:
        """The property, and the line from which the task went on that broke it; None where it had not waited."""
        site = shown.sites.get(cause)
        return None if site is None else (cause.property.name, site)

    def _site_of(self, root: Finding[Any]) -> tuple[str, str] | None:
        """The same of `root`, whose run is as weak."""
        shown = None if root.cause.where else self._run_of(root)
        return None if shown is None else self._broke_at(shown, root.cause)

    def _run_of(self, root: Finding[Any]) -> _Shown | None:
        """The minimal run of `root`; None if it takes another order, or a cancellation more or less."""
        if root.order is not self._finding.order or root.cancellation != self._finding.cancellation:
            return None
        if root.cause not in self._others:
            shown = self._others[root.cause] = _Shown()
            self.runner.follow(root.program, root.names, [shown])
        return self._others[root.cause]

    def _own(self) -> _Shown:
        if self._shown is None:
            self._shown = _Shown()
            self.runner.follow(self._finding.program, self._finding.names, [self._shown])
        return self._shown

    def _way(self, root: Cause) -> int | None:
        """What to leave out of the minimal run so that it shows `root`: -1 for nothing, else the number of a simpler program."""
        if root in self._own().steps:
            return -1
        names = list(self._finding.names)
        for way, (program, near) in enumerate(self._simpler(names)):
            if self._leaves_out_what_met_it(program) and root in self.runner.guided(program, near)[0].violations:
                return way
        return None

    def _leaves_out_what_met_it(self, program: Any) -> bool:
        """Whether `program` is the finding's without one operation of the kind that met what is broken, and otherwise the same."""
        before, after = Counter(_names(self._finding.program)), Counter(_names(program))
        cause = self._finding.cause
        met = "publish" if cause.property.name == "D1" else cause.mechanism.partition(" ")[0]
        return before - after == Counter([met])

    def _simpler(self, names: Names) -> Iterator[tuple[Any, Names]]:
        return islice(self.runner.level.simpler(self._finding.program, names), WAYS)

    def _without(self, way: int, names: Names, result: Result) -> Result:
        if way < 0:
            return result
        program, near = next(islice(self._simpler(names), way, None))
        return self.runner.guided(program, near)[0]

    def _neighbours(self) -> list[tuple[Names, Result]]:
        """Runs that differ from the minimal one in one choice."""
        if self._next is None:
            program = self._finding.program
            choices = self.runner.guided(program, self._finding.names)[0].choices
            changed = (
                [*choices[:at], other, *choices[at + 1 :]] for other in range(3) for at, choice in enumerate(choices) if other != choice
            )
            seen: dict[tuple[str, ...], Result] = {}
            for each in islice(changed, 3 * NEXT):
                if len(seen) >= NEXT:
                    break
                result, names = self.runner.record(program, lambda _candidates, each=each: fixed(each))  # type: ignore[misc]
                seen.setdefault(tuple(names), result)
            self._next = [(list(names), result) for names, result in seen.items()]
        return self._next

    def _says_the_same(self, root: Cause, way: int) -> bool:
        """Whether the judge's evidence of both names the same client and topic, and the same wrong."""
        shown = self._own()
        mine = shown.evidence.get(self._finding.cause, ())
        if way >= 0:
            program, near = next(islice(self._simpler(list(self._finding.names)), way, None))
            _, names = self.runner.guided(program, near)
            shown = _Shown()
            self.runner.follow(program, names, [shown])
        theirs = shown.evidence.get(root, ())
        if not mine or not theirs or mine[0] not in ALIKE.get(str(theirs[0]), ()):
            return False
        about = 2 if mine[0] in DELIVERIES else 3  # a delivery names no topic
        return mine[1:about] == theirs[1:about]


def _names(program: Any) -> list[str]:
    return [operation.name for chain in program.tasks for operation in chain]

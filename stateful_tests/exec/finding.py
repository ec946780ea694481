"""The finding behind a failing run: its smallest program, and a run of it. Operations are dropped as long as the cause shows.

If schedules can be chosen, a search of schedules decides whether a cause shows, and a replay confirms the result. If the process schedules
itself, showing is a matter of luck: an operation is dropped only if the rest fails in `TRIES` of `TRIES` tries, and the finding says how
often its program fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic

from subwarden.checking.causes import Cause
from subwarden.checking.shrink import shrink
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.strategies.strategy import Nondeterministic
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.program import ExecProgram, simpler
from subwarden.stateful_tests.exec.runner import ExecRunner

RUNS = 3_000  # to shrink one finding
RESTARTS = 10  # of the process, in these runs: each may have taken the whole time limit
SECONDS = 20.0  # the same, if the process schedules itself
TRIES = 3
RUNS_A_TRY = 30
COUNTED = 100  # runs of the smallest program, to say how often it fails
COUNTING = 5.0  # seconds for that
SCHEDULES = 100  # of a smaller program, before it is taken not to show the cause
BOUND = 3


@dataclass(frozen=True, slots=True)
class ExecFinding:
    """A cause and a run that shows it. `failed` of `counted` runs of its program did; both 0 where the schedule shows it every time.

    `tried`: whether it was run again at all; there may have been no time.
    """

    cause: Cause
    run: ExecRun
    failed: int = 0
    counted: int = 0
    tried: bool = True

    def rank(self) -> tuple[int, str]:
        """Smaller programs first."""
        return len(self.run.program.operations()), self.cause.slug()


def investigate(runner: ExecRunner, cause: Cause, run: ExecRun, until: float = inf) -> ExecFinding:
    """The finding of `cause`, which `run` shows, as small as it gets `until` then (of `time.monotonic`). Raises Nondeterministic,
    BadProcess.
    """
    return _scheduled(runner, cause, run, until) if runner.hello.steps else _counted(runner, cause, run, until)


def shows(run: ExecRun, cause: Cause) -> bool:
    """Whether `run` shows `cause`."""
    return run.broken is not None and run.broken.cause == cause


def _scheduled(runner: ExecRunner, cause: Cause, run: ExecRun, until: float) -> ExecFinding:
    assert run.names is not None
    _confirm(runner, run)
    search = _Search(runner, cause, until)

    def exhibits(program: ExecProgram, near: list[str]) -> list[str] | None:
        found = search.guided(program, near) or search.plainest(program)
        return None if found is None or found.names is None else list(found.names)

    def each(program: ExecProgram, near: list[str]) -> list[tuple[ExecProgram, list[str]]]:
        return [(less, near) for less in simpler(program)]

    program, names = shrink(run.program, list(run.names), each, exhibits)
    smallest = search.plainest(program) or runner.follow(program, names)
    _confirm(runner, smallest)
    return ExecFinding(cause, smallest)


class _Search:
    """Looks for runs that show a cause, `until` then at most, else in a number of runs that does not depend on the speed of the machine."""

    def __init__(self, runner: ExecRunner, cause: Cause, until: float) -> None:
        self.until = until
        self.runner = runner
        self.cause = cause
        self.runs = RUNS
        self.restarts = RESTARTS

    def guided(self, program: ExecProgram, near: list[str]) -> ExecRun | None:
        """The run of `program` that follows `near` as far as it goes, if it shows the cause."""
        run = self._counted(lambda: self.runner.guided(program, near))
        return run if run is not None and shows(run, self.cause) else None

    def plainest(self, program: ExecProgram) -> ExecRun | None:
        """A run of `program` that shows the cause with as few deviations from choice 0 as can be, among the first `SCHEDULES`."""
        strategy = DelayBounded(BOUND)
        for _ in range(SCHEDULES):
            run = self._counted(lambda: self.runner.run_strategy(program, strategy))
            if run is None or shows(run, self.cause):
                return run
        return None

    def _counted(self, make: Callable[[], ExecRun | None]) -> ExecRun | None:
        """The run that `make` makes, if there is one; None when enough have been made."""
        run = make() if self.runs and self.restarts and monotonic() < self.until else None
        if run is not None:
            self.runs -= 1
            self.restarts -= run.spoiled
        return run


def _confirm(runner: ExecRunner, run: ExecRun) -> None:
    """Make `run` again, and compare everything that was seen. Raises Nondeterministic."""
    assert run.names is not None
    try:
        again = runner.follow(run.program, run.names)
    except Divergence as error:
        raise Nondeterministic(str(error)) from None
    if again.recording.text() != run.recording.text() or again.broken != run.broken:
        raise Nondeterministic("under the same schedule it answered or showed something else")


def _counted(runner: ExecRunner, cause: Cause, run: ExecRun, until: float) -> ExecFinding:
    limit = min(until, monotonic() + SECONDS)
    best = run

    def exhibits(program: ExecProgram, names: list[str]) -> list[str] | None:
        nonlocal best
        shown = [made for _ in range(TRIES) if (made := _try(runner, program, cause, limit)) is not None]
        if len(shown) < TRIES:
            return None
        best = min(shown, key=lambda made: made.recording.now)
        return names

    shrink(run.program, [], lambda program, names: [(less, names) for less in simpler(program)], exhibits)
    failed = counted = 0
    limit = min(until, monotonic() + COUNTING)
    while counted < COUNTED and (not counted or monotonic() < limit):
        counted += 1
        failed += shows(runner.run(best.program), cause)
    return ExecFinding(cause, best, failed, counted)


def _try(runner: ExecRunner, program: ExecProgram, cause: Cause, until: float) -> ExecRun | None:
    """The first of at most `RUNS_A_TRY` runs of `program` that shows `cause`."""
    for _ in range(RUNS_A_TRY):
        if monotonic() > until:
            return None
        run = runner.run(program)
        if shows(run, cause):
            return run
    return None

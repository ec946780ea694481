"""The gate for a subject in a process of its own: seeded programs, many runs of each, findings shrunk as they come.

A process that can be scheduled runs under the delay-bounded strategy and random walks in turn: its programs are small, and a run takes a
hundred times as long as on a loop. A process that schedules itself is run again and again, and interleaves as it likes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from random import Random
from time import monotonic

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.processes.signals import was_interrupted
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Nondeterministic, Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec.finding import ExecFinding, investigate
from subwarden.stateful_tests.exec.messages import Hello
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.process import BadProcess
from subwarden.stateful_tests.exec.program import ExecProgram
from subwarden.stateful_tests.exec.runner import ExecRunner

BOUND = 2  # deviations of the delay-bounded half
MOST_RESTARTS = 20


@dataclass(frozen=True, slots=True)
class Amount:
    """The amount of work: the number of programs, and of runs of each."""

    programs: int
    runs: int


AMOUNTS = {"dev": Amount(80, 10), "ci": Amount(250, 10), "nightly": Amount(10_000, 40)}
MORE_ROUNDS = 2  # of programs, if nothing was found and some kind has never fired

SMALL = 1 / 3  # of a budget, for making findings small

Progress = Callable[[int, int, int], object]
Found = Callable[[ExecFinding], object]


@dataclass(slots=True)
class _Making:
    """Who is told of findings, and how many seconds are left for making them small."""

    found: Found
    seconds: float


@dataclass(slots=True)
class ExecOutcome:
    """The work and the findings. `overtook`: answers that came before that of an earlier call. `choices`: runs with a choice."""

    hello: Hello
    programs: int = 0
    runs: int = 0
    steps: int = 0
    choices: int = 0
    overtook: int = 0
    kinds: set[str] = field(default_factory=set)
    findings: dict[Cause, ExecFinding] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    stopped: bool = False
    seconds: float = 0.0


def explore(
    runner: ExecRunner,
    amount: Amount,
    seed: int,
    budget: float | None,
    progress: Progress,
    found: Found = lambda _: None,
    most: int | None = None,
) -> ExecOutcome:
    """Run programs until `amount` is done (or more, if some kind never fired), or for `budget` seconds, or until `most` causes are found.

    `found` is told of each as it is found, and again when it is small. Ctrl-C ends it with the findings so far. Raises BadProcess if there
    were none before.
    """
    outcome = ExecOutcome(runner.hello)
    began = monotonic()
    deadline = None if budget is None else began + budget
    making = _Making(found, inf if budget is None else SMALL * budget)
    number = 0
    expected = runner.model.kinds(outcome.hello.operations)

    def enough() -> bool:
        if most is not None and len(outcome.findings) >= most:
            return True
        if deadline is not None:
            return monotonic() >= deadline
        rounds = number // amount.programs
        return rounds > MORE_ROUNDS or (rounds > 0 and (bool(outcome.findings) or expected <= outcome.kinds))

    try:
        while not enough():
            if not _program(runner, Random(f"{seed}/{number}"), amount.runs, deadline, outcome, making):
                break
            number += 1
            progress(outcome.runs, number, max(number, amount.programs))
    except KeyboardInterrupt:
        if not was_interrupted():
            raise
        outcome.stopped = True
    except BadProcess as error:
        if not outcome.findings:
            raise
        outcome.doubts.append(f"the search ended early: {error}")
    outcome.seconds = monotonic() - began
    return outcome


def _program(runner: ExecRunner, random: Random, runs: int, deadline: float | None, outcome: ExecOutcome, making: _Making) -> bool:
    """Draw a program and run it until it fails; True to continue with another."""
    program = runner.model.draw(random, runner.hello.operations)
    outcome.programs += 1
    try:
        for run in _scheduled(runner, program, random, runs) if runner.hello.steps else (runner.run(program) for _ in range(runs)):
            outcome.runs += 1
            outcome.steps += run.steps
            outcome.choices += bool(run.choices)
            outcome.overtook += run.overtook
            outcome.kinds |= run.kinds
            if run.broken is not None:
                return _found(runner, run, run.broken.cause, outcome, making)
            if deadline is not None and monotonic() >= deadline:
                break
    except Nondeterministic as doubt:
        outcome.doubts.append(f"the process does not repeat: {doubt.seen}")
        return False
    return True


def _found(runner: ExecRunner, run: ExecRun, cause: Cause, outcome: ExecOutcome, making: _Making) -> bool:
    """Make a finding of a new cause; True to continue. Raises Nondeterministic."""
    if cause not in outcome.findings:
        outcome.findings[cause] = ExecFinding(cause, run, tried=False)  # kept as it is if there is no time to make it small
        making.found(outcome.findings[cause])
        try:
            began = monotonic()
            outcome.findings[cause] = investigate(runner, cause, run, began + making.seconds)
            making.seconds -= monotonic() - began
            making.found(outcome.findings[cause])
        except Nondeterministic:
            del outcome.findings[cause]
            raise
    if cause in (causes.BLOCKED, own.NEVER_ANSWERED):
        outcome.doubts.append(f"the search ended early: each further run like this would take the whole time limit, {runner.limit:g} s")
        return False
    if run.spoiled and runner.restarts >= MOST_RESTARTS:
        outcome.doubts.append(f"the search ended early: the process had to be started again {MOST_RESTARTS} times")
        return False
    return True


def _scheduled(runner: ExecRunner, program: ExecProgram, random: Random, runs: int) -> Iterator[ExecRun]:
    """`runs` runs by two strategies in turn, or fewer if the systematic one has made every schedule. Raises Nondeterministic."""
    systematic, walk = DelayBounded(BOUND), RandomWalk(random)
    turns: list[Strategy] = [systematic, walk]
    for _ in range(runs):
        strategy = turns.pop(0)
        run = runner.run_strategy(program, strategy)
        if run is not None:
            turns.append(strategy)
        elif systematic.everything:
            return
        else:
            run = runner.run_strategy(program, walk)
            assert run is not None, "a random walk is never exhausted"
        yield run

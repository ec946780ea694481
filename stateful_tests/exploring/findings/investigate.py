"""From a failing run to a finding: believe it only if it replays, make it small, and try it in the weaker orders."""

from contextlib import nullcontext
from itertools import pairwise, permutations
from random import Random
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.checking.shrink import shrink
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.schedule import Divergence, fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Nondeterministic, Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.preemption_bounded import PreemptionBounded
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.findings.shrink_passes import in_order_of_start
from subwarden.stateful_tests.exploring.runner import Runner

NEAR = 400  # runs of `LENGTH` steps spent on a simpler program whose guided run does not fail
FAR = 4_000  # runs of `LENGTH` steps spent on the final program to find the fewest deviations
LENGTH = 20  # steps; of longer runs there are fewer
IMPATIENT = 0.25  # seconds that a run may last while one that blocks for real is made smaller; the result is confirmed with patience
FEW = 3  # tasks, up to which every order of their starts is tried
DEVIATIONS = 2  # from fifo, more than which are hard to read
PREEMPTIONS = 2  # up to which all runs of a small program are tried
ROUNDS = 3  # in another order of its tasks a program may be shrunk further; the order settles at once, or is of no importance


class NotReproducible(Exception):
    """The same program under the same schedule did not do the same twice: the subject has a source of chance of its own."""


def investigate(runner: Runner, cause: Cause, program: Any, names: list[str]) -> Finding[Any]:
    """The finding behind a run of `program` that showed `cause`. Raises NotReproducible if it does not do so again."""
    with WATCHDOG.guarded(IMPATIENT) if cause == causes.BLOCKED else nullcontext():
        confirm(runner, cause, program, names)
        weaker = Runner(runner.level, runner.factory, Order.FIFO)
        if runner.order is Order.ANY:  # as it was found, too: what makes it fail in fifo, a lock that is held, may not be needed in any
            found = _nearby(weaker, cause, program, names)
            if found is not None:
                runner, names = weaker, found
        program, names = _shrunk(runner, cause, program, names)
        if runner.order is Order.ANY:
            found = _search(weaker, cause, program, FAR)
            if found is not None:
                runner = weaker
                program, names = _shrunk(weaker, cause, program, found)
    if EARLY in names:  # better without a slow step
        punctual = Runner(runner.level, runner.factory, runner.order, early_timers=False)
        names = _search(punctual, cause, program, FAR) or names
    confirm(runner, cause, program, names)
    result, _ = runner.guided(program, names)
    size = (program.operations(), sum(1 for c in result.choices if c))
    return Finding(cause, runner.order, runner.level.cancels(program), program, tuple(names), size, runner.level.name)


def confirm(runner: Runner, cause: Cause, program: Any, names: list[str]) -> None:
    """Follow `names` twice: the run must be the same both times and show `cause`. Raises NotReproducible."""
    try:
        first, second = runner.follow(program, names), runner.follow(program, names)
    except Divergence as error:
        raise NotReproducible(f"{cause.mechanism}: the same schedule does not give the same run twice: {error}") from None
    if first.violations != second.violations or first.choices != second.choices or cause not in first.violations:
        raise NotReproducible(f"{cause.mechanism}: the same schedule does not give the same run twice")


def _shrunk(runner: Runner, cause: Cause, program: Any, names: list[str]) -> tuple[Any, list[str]]:
    def exhibits(candidate: Any, near: list[str]) -> list[str] | None:
        result, done = runner.guided(candidate, near)
        if cause in result.violations:
            return done
        found = _search(runner, cause, candidate, NEAR)
        if found is None and runner.order is Order.ANY:
            found = _search(runner, cause, candidate, NEAR, PreemptionBounded(PREEMPTIONS, Random(0)))
        return found

    def follows(candidate: Any, near: list[str]) -> list[str] | None:
        result, done = runner.guided(candidate, near)
        return done if cause in result.violations else None

    program, names = shrink(program, names, runner.level.simpler, follows)  # what is plainly not needed goes without a search
    if runner.order is Order.ANY:
        names = _fewer_switches(runner, cause, program, names)
    program, names = _in_order(runner, cause, program, names)
    for _ in range(ROUNDS):
        before = program
        program, names = shrink(program, names, runner.level.simpler, exhibits)
        program, names = _easiest(runner, cause, program, names)
        program, names = _in_order(runner, cause, program, names)
        if program == before:
            break
    return program, names


def _nearby(runner: Runner, cause: Cause, program: Any, names: list[str]) -> list[str] | None:
    """A schedule of `program` that shows `cause` in the order of `runner`: along `names`, with few deviations, or with many by chance."""
    result, done = runner.guided(program, names)
    if cause in result.violations:
        return done
    return _search(runner, cause, program, NEAR) or _search(runner, cause, program, NEAR, RandomWalk(Random(0)))


def _in_order(runner: Runner, cause: Cause, program: Any, names: list[str]) -> tuple[Any, list[str]]:
    """The program with its tasks in the order of their start, if that shows `cause` as well."""
    ordered, near = in_order_of_start(program, names)
    if ordered == program:
        return program, names
    result, done = runner.guided(ordered, near)
    return (ordered, done) if cause in result.violations else (program, names)


def _easiest(runner: Runner, cause: Cause, program: Any, names: list[str]) -> tuple[Any, list[str]]:
    """With the fewest deviations from fifo; where that takes many, with the fewest preemptions, from whichever task starts first."""
    found = _search(runner, cause, program, FAR, DelayBounded(DEVIATIONS, Random(0)))
    if found is not None:
        return program, found
    if runner.order is Order.ANY and len(program.tasks) <= FEW:
        starts = [name for name in names if name.startswith("+start ")]
        for bound in range(1, PREEMPTIONS + 1):
            for first in permutations(starts):
                turned, _ = in_order_of_start(program, list(first))
                found = _search(runner, cause, turned, FAR, PreemptionBounded(bound, Random(0)))
                if found is not None:
                    return turned, found
    return program, _search(runner, cause, program, FAR) or _plainer(runner, cause, program, names)


def _search(runner: Runner, cause: Cause, program: Any, runs: int, strategy: Strategy | None = None) -> list[str] | None:
    """A schedule that shows `cause` with the fewest deviations (from fifo, if not otherwise said), within `runs` of `LENGTH` steps."""
    strategy = strategy or DelayBounded(3, Random(0))
    until = runner.steps + runs * LENGTH
    for _ in range(runs):
        if runner.steps >= until:
            return None
        try:
            result = runner.run_strategy(program, strategy)
        except Nondeterministic:
            return None  # nothing can be searched so; whether the finding can be believed is for `confirm` to say
        if result is None:
            return None
        if cause in result.violations:
            return runner.record(program, lambda _candidates, made=result.choices: fixed(made))[1]  # type: ignore[misc]
    return None


def _fewer_switches(runner: Runner, cause: Cause, program: Any, names: list[str]) -> list[str]:
    """`names` with each task running on where that shows `cause` as well: what others did in between is then easier to leave out."""
    at = 1
    while at < len(names):
        last = names[at - 1]
        if names[at] != last and last in names[at:]:
            later = names.index(last, at)
            result, done = runner.guided(program, [*names[:at], last, *names[at:later], *names[later + 1 :]])
            if cause in result.violations and _switches(done) < _switches(names):
                names = done
                continue
        at += 1
    return names


def _switches(names: list[str]) -> int:
    return sum(name != before for before, name in pairwise(names))


def _plainer(runner: Runner, cause: Cause, program: Any, names: list[str]) -> list[str]:
    """`names` without any single deviation that is not needed: gone through again as long as one goes, which may free an earlier one."""
    choices = runner.guided(program, names)[0].choices
    at = kept = 0  # how many in a row are known to be needed, or are none
    while kept < len(choices):
        at %= len(choices)
        if choices[at]:
            plain = [*choices[:at], 0, *choices[at + 1 :]]
            result, done = runner.record(program, lambda _candidates, plain=plain: fixed(plain))  # type: ignore[misc]
            if cause in result.violations:
                choices, names, kept = result.choices, done, 0
        at, kept = at + 1, kept + 1
    return names

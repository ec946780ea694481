"""From a failing run to a finding: believe it only if it replays, make it small, and try it in the weaker orders."""

from contextlib import nullcontext
from random import Random
from typing import Any

from checking import causes
from checking.causes import Cause
from checking.finding import Finding
from checking.shrink import shrink
from scheduling.loop import ControlledLoop
from scheduling.order import Order
from scheduling.schedule import fixed
from scheduling.strategies.delay_bounded import DelayBounded
from scheduling.watchdog import WATCHDOG
from stateful_tests.exploring.runner import Runner

NEAR = 400  # runs of `LENGTH` steps spent on a simpler program whose guided run does not fail
FAR = 4_000  # runs of `LENGTH` steps spent on the final program to find the fewest deviations
LENGTH = 20  # steps; of longer runs there are fewer
IMPATIENT = 0.25  # seconds that a run may last while one that blocks for real is made smaller; the result is confirmed with patience
ROUNDS = 3  # in another order of its tasks a program may be shrunk further; the order settles at once, or is of no importance


class NotReproducible(Exception):
    """The same program under the same schedule did not do the same twice: the subject has a source of chance of its own."""


def investigate(runner: Runner, cause: Cause, program: Any, names: list[str]) -> Finding[Any]:
    """The finding behind a run of `program` that showed `cause`. Raises NotReproducible if it does not do so again."""
    with WATCHDOG.guarded(IMPATIENT) if cause == causes.BLOCKED else nullcontext():
        confirm(runner, cause, program, names)
        program, names = _shrunk(runner, cause, program, names)
        if runner.order is Order.ANY:
            weaker = Runner(runner.level, runner.factory, Order.FIFO)
            found = _search(weaker, cause, program, FAR)
            if found is not None:
                runner = weaker
                program, names = _shrunk(weaker, cause, program, found)
    confirm(runner, cause, program, names)
    result, _ = runner.guided(program, names)
    size = (program.operations(), sum(1 for c in result.choices if c))
    return Finding(cause, runner.order, bool(program.faults), program, tuple(names), size, runner.level.name)


def confirm(runner: Runner, cause: Cause, program: Any, names: list[str]) -> None:
    """Follow `names` twice: the run must be the same both times and show `cause`."""
    first, second = runner.follow(program, names), runner.follow(program, names)
    if first.violations != second.violations or first.choices != second.choices or cause not in first.violations:
        raise NotReproducible(f"{cause.mechanism}: the same schedule does not give the same run twice")


def _shrunk(runner: Runner, cause: Cause, program: Any, names: list[str]) -> tuple[Any, list[str]]:
    def exhibits(candidate: Any, near: list[str]) -> list[str] | None:
        result, done = runner.guided(candidate, near)
        return done if cause in result.violations else _search(runner, cause, candidate, NEAR)

    def follows(candidate: Any, near: list[str]) -> list[str] | None:
        result, done = runner.guided(candidate, near)
        return done if cause in result.violations else None

    program, names = shrink(program, names, runner.level.simpler, follows)  # what is plainly not needed goes without a search
    program, names = _in_order(runner, cause, program, names)
    for _ in range(ROUNDS):
        program, names = shrink(program, names, runner.level.simpler, exhibits)
        names = _search(runner, cause, program, FAR) or _plainer(runner, cause, program, names)
        before, (program, names) = program, _in_order(runner, cause, program, names)
        if program == before:
            break
    return program, names


def _in_order(runner: Runner, cause: Cause, program: Any, names: list[str]) -> tuple[Any, list[str]]:
    """The program with its tasks in the order of their start, if that shows `cause` as well."""
    ordered, near = runner.level.in_order_of_start(program, names)
    if ordered == program:
        return program, names
    result, done = runner.guided(ordered, near)
    return (ordered, done) if cause in result.violations else (program, names)


def _search(runner: Runner, cause: Cause, program: Any, runs: int) -> list[str] | None:
    """A schedule that shows `cause` with the fewest deviations from fifo, or None if there is none within `runs` of `LENGTH` steps."""
    strategy = DelayBounded(3, Random(0))
    until = runner.steps + runs * LENGTH
    for _ in range(runs):
        if runner.steps >= until:
            return None
        if (choose := strategy.begin(ControlledLoop(), runner.order)) is None:
            return None
        result = runner.run(program, lambda _loop, _order, choose=choose: choose)  # type: ignore[misc]  # bound at once
        strategy.end(result.choices, result.steps)
        if cause in result.violations:
            return runner.record(program, lambda _loop, _order, made=result.choices: fixed(made))[1]  # type: ignore[misc]
    return None


def _plainer(runner: Runner, cause: Cause, program: Any, names: list[str]) -> list[str]:
    """`names` with every single deviation undone that is not needed."""
    choices = runner.guided(program, names)[0].choices
    at = 0
    while at < len(choices):
        if choices[at]:
            plain = [*choices[:at], 0, *choices[at + 1 :]]
            result, done = runner.record(program, lambda _loop, _order, plain=plain: fixed(plain))  # type: ignore[misc]
            if cause in result.violations:
                choices, names = result.choices, done
                continue
        at += 1
    return names

"""Race programs and how to run one: tests and the benchmark go through the catalogue of them.

A program is a function that starts tasks on a loop and returns a check: None if all went well, otherwise the error. Its `fixed` twin never
fails. Its difficulty is known: the weakest order in which it fails, whether it takes a cancellation, and its *depth*: the number of
choices in which the simplest failing schedule differs from fifo (MANY: more than three). A test holds each program to these claims.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from subwarden.scheduling.events import Event
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.strategies.strategy import Redundant, Strategy

Check = Callable[[], str | None]
Start = Callable[[ControlledLoop, bool], Check]


@dataclass(frozen=True)
class Race:
    """One program of the catalogue."""

    name: str
    start: Start
    order: Order
    depth: int
    cancel: bool


RACES: list[Race] = []
MANY = 4


def race(order: Order, depth: int, *, cancel: bool = False) -> Callable[[Start], Start]:
    """Enter a program in the catalogue."""

    def enter(start: Start) -> Start:
        RACES.append(Race(start.__name__, start, order, depth, cancel))
        return start

    return enter


@dataclass(frozen=True)
class Attempt:
    """The result of one run. `wrong` is the error, None if there was none or if the run was given up as redundant."""

    wrong: str | None
    choices: tuple[int, ...]
    redundant: bool = False


def attempt(start: Start, strategy: Strategy, order: Order, *, fixed: bool = False, faults: bool = True) -> Attempt | None:
    """One run of the program under the strategy; None if the strategy is exhausted."""
    loop = ControlledLoop(suspend_free_locks=order is Order.ANY)
    with loop.entered(), controlled_locks():
        choose = strategy.begin(LoopCandidates(loop, order))
        if choose is None:
            return None
        check = loop.observer = start(loop, fixed)
        if not faults:
            loop.faults.clear()
        try:
            _, choices, steps = run(loop, order, choose, lambda: None, every_choice=strategy.every_choice)
        except Redundant:
            strategy.end([], 0)
            loop.abandon()
            return Attempt(None, (), redundant=True)
        strategy.end(choices, steps)
        wrong = check() or trouble(loop)
        loop.abandon()
    return Attempt(wrong, tuple(choices))


def trouble(loop: ControlledLoop) -> str | None:
    """An error at the end of any program: a task that raised, or one that waits for ever."""
    for task in loop.tasks:
        if not task.done():
            return f"{task.get_name()} waits for ever"
        if not task.cancelled() and (error := task.exception()) is not None and not getattr(error, "expected", False):
            return f"{task.get_name()} raised {error!r}"
    if loop.unhandled:
        return str(loop.unhandled[0]["message"])
    return None


def search(program: Race, strategy: Strategy, limit: int, *, fixed: bool = False, order: Order | None = None) -> int | None:
    """The number of schedules until the program failed; None if it did not within the limit, or before the strategy was exhausted."""
    for schedule in range(1, limit + 1):
        made = attempt(program.start, strategy, order or program.order, fixed=fixed)
        if made is None:
            return None
        if made.wrong is not None:
            return schedule
    return None


async def tick(times: int = 1) -> None:
    """Let others run: one step each."""
    for _ in range(times):
        await asyncio.sleep(0)


def may_cancel(loop: ControlledLoop, task: "asyncio.Task[None]") -> None:
    """Offer the cancellation of `task` to the scheduler."""
    loop.faults.append(Event(f"cancel {task.get_name()}", task.cancel))

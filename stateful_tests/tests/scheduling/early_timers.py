"""Outcomes of programs with timers, on the controlled loop and on the stock loop with a clock that jumps.

All places are tried at which the clock could jump.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order, loop_for
from subwarden.scheduling.run import run
from subwarden.scheduling.strategies.strategy import Redundant, Strategy
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive

Body = Callable[[Callable[[str], None]], "list[Any]"]  # given a log, the coroutines of the program
Log = tuple[str, ...]


def outcomes(body: Body, order: Order, *, early: bool, strategy: Strategy | None = None) -> set[Log]:
    """The outputs of the program's runs, over all schedules of the order."""
    found: set[Log] = set()
    strategy = strategy or Exhaustive()
    while True:
        loop = loop_for(order, early_timers=early)
        log: list[str] = []
        loop.observer = log
        with loop.entered(), controlled_locks():
            choose = strategy.begin(LoopCandidates(loop, order))
            if choose is None:
                return found
            for at, coroutine in enumerate(body(log.append)):
                loop.create_task(coroutine, name=f"t{at}")
            try:
                _, choices, steps = run(loop, order, choose, None, every_choice=strategy.every_choice)
                found.add(tuple(log))
            except Redundant:
                choices, steps = [], 0
            strategy.end(choices, steps)
            loop.abandon()


class JumpingLoop(asyncio.SelectorEventLoop):
    """CPython's loop; before each turn its clock moves past as many pending deadlines as `choose` says, at least one if it would sleep."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._now = 0.0
        self._pick = choose
        super().__init__()

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        own: Any = self
        deadlines = sorted({timer._when for timer in own._scheduled if not timer._cancelled})
        deadlines = [deadline for deadline in deadlines if deadline > self._now]
        if deadlines:
            asleep = not own._ready
            passed = self._pick(len(deadlines) + (not asleep)) + asleep
            if passed:
                self._now = deadlines[passed - 1]
        super()._run_once()  # type: ignore[misc]


def stock_outcomes(body: Body) -> set[Log]:
    """The same on the stock loop, over all the ways in which its clock can move."""
    found: set[Log] = set()
    search = Exhaustive()
    while True:
        choose = search.begin(LoopCandidates(ControlledLoop(), Order.FIFO))
        if choose is None:
            return found
        loop = JumpingLoop(lambda n, choose=choose: choose(n) if n > 1 else 0)  # type: ignore[misc]
        log: list[str] = []
        tasks = [loop.create_task(coroutine) for coroutine in body(log.append)]
        try:
            loop.run_until_complete(asyncio.wait(tasks))
        finally:
            loop.close()
        search.end([], 0)
        found.add(tuple(log))


def hand_over(log: Callable[[str], None]) -> list[Any]:
    """A producer that is always ready needs a few steps; its consumer waits with a timeout."""
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def consumer() -> None:
        try:
            log(await asyncio.wait_for(queue.get(), 1.0))
        except TimeoutError:
            log("too late")

    async def producer() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        queue.put_nowait("item")

    return [consumer(), producer()]

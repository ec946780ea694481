"""Checked schedules per second: 3 tasks with 3 lock-guarded steps each, every step checked against the model. Bar: 0.40 of a bare loop.

All contenders run the same operations of the same manager, and in all but stock asyncio acquiring a free lock suspends.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any

from subwarden.benchmarks.interleaved import rates, table
from subwarden.benchmarks.peers.bare import BareLoop
from subwarden.benchmarks.peers.manager_calls import CHAINS, calls
from subwarden.impl.manager.manager import Manager
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.runner import Runner, uncollected
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

SCHEDULES = 300
PROGRAM = ManagerProgram(tuple(CHAINS))
Begun = Callable[[bool], list[Coroutine[Any, Any, None]]]  # the tasks of one schedule; whether each suspends before it acquires a lock


def stock(begun: Begun) -> int:
    """`SCHEDULES` schedules of stock asyncio."""

    async def main() -> None:
        for _ in range(SCHEDULES):
            await asyncio.gather(*begun(False))

    asyncio.run(main())
    return SCHEDULES


def bare(begun: Begun) -> int:
    """The same of the bare loop, in random order."""
    random = Random(1)
    for _ in range(SCHEDULES):
        BareLoop().run(begun(True), random)
    return SCHEDULES


def checked(runner: Runner, program: Any) -> int:
    """The same of ours, with every step checked."""
    strategy = RandomWalk(Random(1))
    with controlled_locks(), WATCHDOG.guarded():  # the others do without these
        for _ in range(SCHEDULES):
            runner.run(program, strategy.begin)
    return SCHEDULES


def _begun(suspend: bool) -> list[Coroutine[Any, Any, None]]:
    manager = Manager()
    return [calls(manager, chain, suspend=suspend) for chain in CHAINS]


def main() -> list[str]:
    """The table."""
    contenders = {
        "stock asyncio, fifo": partial(stock, _begun),
        "bare loop, random": partial(bare, _begun),
        "ours, every step checked": partial(checked, Runner(MANAGER_LEVEL, Manager, Order.ANY), PROGRAM),
    }
    with uncollected():
        measured = rates(contenders)
    return ["3 tasks with 3 lock-guarded operations each", *table(measured, "bare loop, random", "schedules")]

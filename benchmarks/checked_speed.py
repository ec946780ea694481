"""Checked schedules per second: 3 tasks with 3 lock-guarded steps each, every step checked against the model. Bar: 0.40 of a bare loop.

All contenders run the same operations of the same manager, and in all but stock asyncio acquiring a free lock suspends.
"""

import asyncio
from random import Random

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


def _stock() -> int:
    async def schedule() -> None:
        manager = Manager()
        await asyncio.gather(*(calls(manager, chain, suspend=False) for chain in CHAINS))

    async def main() -> None:
        for _ in range(SCHEDULES):
            await schedule()

    asyncio.run(main())
    return SCHEDULES


def _bare() -> int:
    random = Random(1)
    for _ in range(SCHEDULES):
        manager = Manager()
        BareLoop().run([calls(manager, chain, suspend=True) for chain in CHAINS], random)
    return SCHEDULES


_RUNNER = Runner(MANAGER_LEVEL, Manager, Order.ANY)


def _ours() -> int:
    strategy = RandomWalk(Random(1))
    with controlled_locks(), WATCHDOG.guarded():  # the others do without these
        for _ in range(SCHEDULES):
            _RUNNER.run(PROGRAM, strategy.begin)
    return SCHEDULES


def main() -> list[str]:
    """The table."""
    with uncollected():
        measured = rates({"stock asyncio, fifo": _stock, "bare loop, random": _bare, "ours, every step checked": _ours})
    return ["3 tasks with 3 lock-guarded operations each", *table(measured, "bare loop, random", "schedules")]

"""Steps per second of the controlled loop without checks, beside a bare controlled loop and stock asyncio. Bar: 0.90 of the bare loop."""

import asyncio
from random import Random

from subwarden.benchmarks.interleaved import rates, table
from subwarden.benchmarks.peers.bare import BareLoop
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import fixed

TASKS, YIELDS = 3, 10_000


async def _work() -> None:
    for _ in range(YIELDS):
        await asyncio.sleep(0)


def _stock() -> int:
    async def main() -> None:
        await asyncio.gather(*(_work() for _ in range(TASKS)))

    asyncio.run(main())
    return TASKS * (YIELDS + 1)


def _bare(random: Random | None) -> int:
    return BareLoop().run([_work() for _ in range(TASKS)], random)


def _ours(order: Order, random: Random | None) -> int:
    loop = ControlledLoop()
    with loop.entered():
        for _ in range(TASKS):
            loop.create_task(_work())
        uniform = (random or Random(0)).random
        choose = fixed([]) if random is None else lambda n: int(uniform() * n)
        steps = run(loop, order, choose, None, limit=10**9)[2]
    loop.abandon()
    return steps


def main() -> list[str]:
    """The table."""
    measured = rates(
        {
            "stock asyncio, fifo": _stock,
            "bare loop, fifo": lambda: _bare(None),
            "ours, fifo": lambda: _ours(Order.FIFO, None),
        }
    )
    lines = table(measured, "bare loop, fifo", "steps")
    random = rates({"bare loop, random": lambda: _bare(Random(1)), "ours, random, recorded": lambda: _ours(Order.ANY, Random(1))})
    return [f"steps of {TASKS} tasks that yield {YIELDS:,} times", *lines, *table(random, "bare loop, random", "steps")]

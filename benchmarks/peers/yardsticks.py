"""The yardsticks as contenders: a bare controlled loop under a random walk, and stock asyncio, which has no choice of schedule."""

import asyncio
from random import Random

from subwarden.benchmarks.peers.bare import BareLoop
from subwarden.benchmarks.peers.contender import Contender
from subwarden.benchmarks.peers.workloads import Workload, workload

_RANDOM = Random(1)


def _bare_run(made: Workload, random: Random) -> bool:
    state = made.start()
    BareLoop().run([task(state) for task in made.tasks], random)
    return made.ended_well(state)


def _bare(name: str, count: int) -> int:
    made = workload(name)
    for _ in range(count):
        _bare_run(made, _RANDOM)
    return count


def _bare_find(name: str, seed: int, limit: int) -> int | None:
    made, random = workload(name), Random(seed)
    return next((number for number in range(1, limit + 1) if not _bare_run(made, random)), None)


async def _stock_run(made: Workload) -> bool:
    state = made.start()
    await asyncio.gather(*(task(state) for task in made.tasks))
    return made.ended_well(state)


def _stock(name: str, count: int) -> int:
    async def main() -> None:
        for _ in range(count):
            await _stock_run(workload(name))

    asyncio.run(main())
    return count


def _stock_find(name: str, _seed: int, limit: int) -> int | None:
    async def main() -> int | None:
        for number in range(1, limit + 1):
            if not await _stock_run(workload(name)):
                return number
        return None

    return asyncio.run(main())


CONTENDERS = {
    "bare loop, random": Contender(_bare, _bare_find, 50),
    "stock asyncio, fifo": Contender(_stock, _stock_find, 50),
}

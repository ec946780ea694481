"""Two scenarios for the exploration that two workers share: one that takes two seconds, and one that takes a quarter of a minute."""

import asyncio


async def counters() -> None:
    """Three tasks count to three under one lock: 5,152 states."""
    await _count("abc", 3)


async def more_counters() -> None:
    """Four tasks count to two: 36,615 states."""
    await _count("abcd", 2)


async def _count(names: str, times: int) -> None:
    box = dict.fromkeys(names, 0)
    lock = asyncio.Lock()

    async def count(name: str) -> None:
        for _ in range(times):
            async with lock:
                before = box[name]
                await asyncio.sleep(0)
                box[name] = before + 1
            await asyncio.sleep(0)

    await asyncio.gather(*(count(name) for name in names))
    assert sum(box.values()) == times * len(names)

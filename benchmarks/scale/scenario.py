"""A scenario with 5,152 states, for the exploration that two workers share."""

import asyncio


async def counters() -> None:
    """Three tasks count under one lock."""
    box = {"a": 0, "b": 0, "c": 0}
    lock = asyncio.Lock()

    async def count(name: str) -> None:
        for _ in range(3):
            async with lock:
                before = box[name]
                await asyncio.sleep(0)
                box[name] = before + 1
            await asyncio.sleep(0)

    await asyncio.gather(*(count(name) for name in box))
    assert sum(box.values()) == 9

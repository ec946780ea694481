"""How a failure inside an async generator is told."""

import asyncio
from collections.abc import AsyncIterator

import subwarden


def test_a_wait_inside_an_async_generator_is_told_at_its_line() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        await asyncio.Event().wait()

    async def waits() -> None:
        async for _ in numbers():
            pass

    said = subwarden.explore(waits, schedules=1, order="fifo").text()
    assert "waits waits for event #1" in said
    assert "await asyncio.Event().wait())" in said

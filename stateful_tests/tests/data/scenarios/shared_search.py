"""Scenarios whose search is shared by several processes: what fails shows after the beginning, which one process does."""

import asyncio
import ctypes

import subwarden


async def one_order() -> None:
    """Fails in one order of six tasks; its states are searched."""
    said: list[str] = []

    async def says(word: str) -> None:
        said.append(word)

    await asyncio.gather(*(says(word) for word in "abcdef"))
    assert said != list("fbdace"), said


async def ends_in_one_order() -> None:
    """Ends its process in one order of six tasks; its states are searched."""
    said: list[str] = []

    async def says(word: str) -> None:
        said.append(word)

    await asyncio.gather(*(says(word) for word in "abcdef"))
    if said == list("fbdace"):
        ctypes.CDLL(None)._exit(7)


async def counted() -> None:
    """Holds; it has more states than one process looks at by depth."""
    box = {"a": 0, "b": 0, "c": 0}
    lock = asyncio.Lock()

    async def count(name: str) -> None:
        for _ in range(2):
            async with lock:
                before = box[name]
                await asyncio.sleep(0)
                box[name] = before + 1
            await asyncio.sleep(0)

    await asyncio.gather(*(count(name) for name in box))
    assert sum(box.values()) == 6


async def few() -> None:
    """Holds, and has some hundred states."""
    box = {"a": 0, "b": 0, "c": 0}

    async def count(name: str) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            box[name] += 1

    await asyncio.gather(*(count(name) for name in box))


async def one_value() -> None:
    """Fails for one value and one order; its states are not searched, since it asks for values."""
    value = subwarden.choose(range(400))
    said: list[int] = []

    async def says(number: int) -> None:
        await asyncio.sleep(0)
        said.append(number)

    await asyncio.gather(says(1), says(2), says(3))
    assert value != 217 or said != [2, 1, 3], "the rare case"


async def slowly() -> None:
    """Holds, and each run takes long. Its states are not searched, since it asks for values."""
    subwarden.choose(range(400))
    await asyncio.sleep(0)
    sum(range(1_000_000))


async def kills() -> None:
    """Ends its process for one value, past `os._exit`, which is refused."""
    if subwarden.choose(range(400)) == 217:
        ctypes.CDLL(None)._exit(7)

"""State that outlives a run, wherever modules keep it. Each scenario finds it as the module has made it, and changes it: a run that met
what another has left would fail.
"""

import asyncio
import itertools
import random
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Awaitable, Callable
from functools import cache
from types import SimpleNamespace
from weakref import WeakSet

clients: list[str] = []
rooms: dict[str, set[str]] = defaultdict(set)
recent: deque[str] = deque(["begun"], maxlen=3)
by_age: OrderedDict[str, int] = OrderedDict(a=1, b=2)
jobs: asyncio.Queue[int] = asyncio.Queue()
lock = asyncio.Lock()
dice = random.Random()
settings = SimpleNamespace(limit=1)
open_files: WeakSet[asyncio.Event] = WeakSet()
numbers = itertools.count(3)
seats = 2
late: int  # not there before a run


class Hub:
    """A hub that is made with the module."""

    made = 0

    __slots__ = ("members", "name")

    def __init__(self) -> None:
        self.members: list[str] = []
        self.name = "hub"


class Store:
    """It keeps everything in its class."""

    entries: dict[str, str] = {}  # noqa: RUF012  # this is what is tried
    last = ""


hub = Hub()


def once(function: Callable[[str], Awaitable[str]]) -> Callable[[str], Awaitable[str]]:
    """Remembers answers in a closure."""
    known: dict[str, str] = {}
    asked = 0

    async def call(key: str) -> str:
        nonlocal asked
        asked += 1
        if key not in known:
            known[key] = await function(key)
            return f"{asked}: {known[key]}"
        return f"{asked}: known"

    return call


@once
async def load(key: str) -> str:
    await asyncio.sleep(0.1)
    return key


def collects(value: str, into: list[str] = []) -> list[str]:  # noqa: B006  # this is what is tried
    into.append(value)
    return into


@cache
def registry() -> list[str]:
    return []


async def in_tables() -> None:
    assert not clients
    assert not rooms
    assert list(recent) == ["begun"]
    assert list(by_age) == ["a", "b"]
    clients.append("ann")
    rooms["tea"].add("ann")
    await asyncio.sleep(0.1)
    recent.extend("xyz")
    by_age.move_to_end("a")


async def in_objects() -> None:
    assert settings == SimpleNamespace(limit=1)
    assert (hub.members, hub.name, Hub.made) == ([], "hub", 0)
    settings.limit = 5
    settings.more = True
    hub.members.append("ann")
    hub.name = "other"
    Hub.made += 1
    await asyncio.sleep(0)
    assert (Store.entries, Store.last) == ({}, "")
    Store.entries["a"] = Store.last = "a"
    Store.new = 1  # type: ignore[attr-defined]


async def in_names() -> None:
    global seats, late  # noqa: PLW0603  # this is what is tried
    assert seats == 2
    assert next(numbers) == 3
    assert "late" not in globals()
    await asyncio.sleep(0)
    seats -= 1
    late = seats
    assert next(numbers) == 4


async def in_functions() -> None:
    assert await load("a") == "1: a"
    assert await load("a") == "2: known"
    assert collects("x") == ["x"]
    assert registry() == []
    registry().append("x")


async def in_primitives() -> None:
    """Which belong to the event loop of the first run that waits for them."""
    assert jobs.empty()
    assert not lock.locked()
    getting = asyncio.create_task(jobs.get())
    await lock.acquire()
    await asyncio.sleep(0.1)
    jobs.put_nowait(1)
    jobs.put_nowait(2)
    await getting
    locking = asyncio.create_task(lock.acquire())
    await asyncio.sleep(0.1)
    locking.cancel()
    lock.release()


async def in_chance_and_weak_sets() -> None:
    assert not open_files
    await asyncio.sleep(dice.random())
    file = asyncio.Event()
    open_files.add(file)
    sys.modules[__name__].__dict__["kept_file"] = file


KEPT = [in_tables, in_objects, in_names, in_functions, in_primitives, in_chance_and_weak_sets]

"""Thirty planted defects of level core that take six to ten operations: what the depth of a search is measured on (`benchmarks.depth`).

They are small variations over three hubs. Each hub is right as it stands; a defect is a choice of its parameters.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

Pair = tuple[str, str]


class Hub:
    """Every operation is one section under one lock. `wait`: how code that has lost the lock waits."""

    def __init__(self, env: Any, *, parks: bool) -> None:
        self.env = env
        self.parks = parks
        self.lock = asyncio.Lock()
        self.live: set[str] = set()
        self.gone: set[str] = set()
        self.pairs: set[Pair] = set()
        self.background: set[asyncio.Task[None]] = set()

    async def wait(self, name: str) -> None:
        if self.parks:
            await self.env.park(name)
        else:
            await asyncio.sleep(0)

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def connect(self, client: str) -> None:
        async with self.lock:
            if client not in self.gone:
                self.live.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        async with self.lock:
            return self.link(client, topic)

    def link(self, client: str, topic: str) -> bool:
        if client not in self.live:
            return False
        self.pairs.add((client, topic))
        return True

    async def unsubscribe(self, client: str, topic: str) -> bool:
        async with self.lock:
            there = (client, topic) in self.pairs
            self.pairs.discard((client, topic))
            return there

    async def disconnect(self, client: str) -> None:
        async with self.lock:
            self.live.discard(client)
            self.gone.add(client)
            self.pairs = {pair for pair in self.pairs if pair[0] != client}

    async def teardown(self, topic: str) -> None:
        async with self.lock:
            self.pairs = {pair for pair in self.pairs if pair[1] != topic}

    def observe(self) -> set[Pair]:
        return set(self.pairs)


class Crowded(Hub):
    """`hasty` does without the lock once there have been `crowd` subscriptions at a time: it looks, waits, and acts."""

    def __init__(self, env: Any, *, parks: bool, crowd: int, hasty: str) -> None:
        super().__init__(env, parks=parks)
        self.crowd = crowd
        self.hasty = hasty

    def races(self, operation: str) -> bool:
        return operation == self.hasty and len(self.pairs) >= self.crowd

    async def subscribe(self, client: str, topic: str) -> bool:
        if not self.races("subscribe") or client not in self.live:
            return await super().subscribe(client, topic)
        await self.wait(f"store of {client}")
        self.pairs.add((client, topic))
        return True

    async def unsubscribe(self, client: str, topic: str) -> bool:
        if not self.races("unsubscribe") or (client, topic) not in self.pairs:
            return await super().unsubscribe(client, topic)
        await self.wait(f"store of {client}")
        self.pairs.discard((client, topic))
        return True

    async def disconnect(self, client: str) -> None:
        if not self.races("disconnect") or client not in self.live:
            return await super().disconnect(client)
        mine = {pair for pair in self.pairs if pair[0] == client}
        await self.wait(f"store of {client}")
        self.live.discard(client)
        self.gone.add(client)
        self.pairs -= mine
        return None

    async def teardown(self, topic: str) -> None:
        if not self.races("teardown"):
            return await super().teardown(topic)
        self.pairs = {pair for pair in self.pairs if pair[1] != topic}
        self.begin(self.sweep(topic), f"sweeper of {topic}")
        return None

    async def sweep(self, topic: str) -> None:
        await self.wait(f"store of {topic}")
        self.pairs = {pair for pair in self.pairs if pair[1] != topic}


class Recycled(Hub):
    """Each life of a pair, or of a topic, has a number, by which late work knows whether it is still meant. Numbers begin again after
    `lives`."""

    def __init__(self, env: Any, *, parks: bool, lives: int, of: str) -> None:
        super().__init__(env, parks=parks)
        self.lives = lives
        self.of = of  # the operation whose work is late
        self.numbers: dict[str | Pair, int] = {}

    def number(self, key: str | Pair) -> int:
        return self.numbers.get(key, 0) % self.lives

    async def unsubscribe(self, client: str, topic: str) -> bool:
        there = await super().unsubscribe(client, topic)
        if there and self.of == "unsubscribe":
            pair = (client, topic)
            self.numbers[pair] = self.numbers.get(pair, 0) + 1
            self.begin(self.late(pair, self.number(pair)), f"detacher of {client} {topic}")
        return there

    async def late(self, pair: Pair, number: int) -> None:
        await self.wait(f"broker of {pair[0]}")
        if self.number(pair) == number and self.numbers[pair] > self.lives:  # the first lives are known by heart
            self.pairs.discard(pair)

    async def teardown(self, topic: str) -> None:
        there = any(each == topic for _, each in self.pairs)
        await super().teardown(topic)
        if there and self.of == "teardown":
            self.numbers[topic] = self.numbers.get(topic, 0) + 1
            self.begin(self.late_end(topic, self.number(topic)), f"ender of {topic}")

    async def late_end(self, topic: str, number: int) -> None:
        await self.wait(f"broker of {topic}")
        if self.number(topic) == number and self.numbers[topic] > self.lives:
            self.pairs = {pair for pair in self.pairs if pair[1] != topic}


class Lingering(Hub):
    """A topic without subscribers is swept after a while, unless somebody comes; of two sweepers the first is `forgotten`."""

    def __init__(self, env: Any, *, parks: bool, waits: int, by: str) -> None:
        super().__init__(env, parks=parks)
        self.waits = waits  # how often a sweeper looks whether it is time
        self.by = by  # the operation that starts two sweepers
        self.sweepers: dict[str, asyncio.Task[None]] = {}
        self.topics: dict[str, set[str]] = {}

    async def subscribe(self, client: str, topic: str) -> bool:
        if not await super().subscribe(client, topic):
            return False
        if topic in self.sweepers:
            self.sweepers.pop(topic).cancel()
        return True

    async def unsubscribe(self, client: str, topic: str) -> bool:
        there = await super().unsubscribe(client, topic)
        if there and self.by == "unsubscribe":
            await self.left(topic)
        return there

    async def disconnect(self, client: str) -> None:
        topics = sorted(topic for each, topic in self.pairs if each == client)
        await super().disconnect(client)
        if self.by == "disconnect":
            for topic in topics:
                await self.left(topic)

    async def left(self, topic: str) -> None:
        await self.wait(f"log of {topic}")
        if all(each != topic for _, each in self.pairs):  # of two that leave at once both see it
            self.sweepers[topic] = asyncio.create_task(self.sweep(topic), name=f"sweeper of {topic}")

    async def sweep(self, topic: str) -> None:
        for _ in range(self.waits):
            await asyncio.sleep(20)
        self.pairs = {pair for pair in self.pairs if pair[1] != topic}
        self.sweepers.pop(topic, None)

    async def close(self) -> None:
        for sweeper in self.sweepers.values():
            sweeper.cancel()


def _defects() -> dict[str, Any]:
    """A factory for each defect, by name."""
    made: dict[str, Any] = {}
    for parks in (True, False):
        how = "Parked" if parks else "Quick"
        for hasty, crowds in (("subscribe", (3, 4)), ("unsubscribe", (3, 4)), ("disconnect", (2, 3)), ("teardown", (3, 4))):
            for crowd in crowds:
                made[f"{how}{hasty.capitalize()}Of{crowd}"] = partial(Crowded, parks=parks, crowd=crowd, hasty=hasty)
        for of in ("unsubscribe", "teardown"):
            for lives in (1, 2):
                made[f"{how}{of.capitalize()}After{lives}"] = partial(Recycled, parks=parks, lives=lives, of=of)
        for waits in (1, 2, 3):
            made[f"{how}Sweeper{waits}"] = partial(Lingering, parks=parks, waits=waits, by="unsubscribe")
    return made


DEFECTS = _defects()


def __getattr__(name: str) -> Any:
    """The factory of the defect `name`, so that `--subject stateful_tests/specimens/deep_defects.py:NAME` finds it."""
    try:
        return DEFECTS[name]
    except KeyError:
        raise AttributeError(name) from None

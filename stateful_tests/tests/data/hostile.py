"""Adapters that misuse the process they run in, each in one way."""

import asyncio
import sys
import time


class Base:
    reconnects = True

    def __init__(self, env):
        self.env, self.live, self.pairs = env, set(), set()

    async def connect(self, client):
        self.live.add(client)

    async def subscribe(self, client, topic):
        await self.hook()
        if client not in self.live:
            return False
        self.pairs.add((client, topic))
        return True

    async def hook(self):
        pass

    async def disconnect(self, client):
        self.live.discard(client)
        self.pairs = {pair for pair in self.pairs if pair[0] != client}

    def observe(self):
        return set(self.pairs)


class ReplacesAsyncio(Base):
    async def hook(self):
        asyncio.Lock, asyncio.Future, asyncio.Task = object, None, None


class ReplacesAcquire(Base):
    async def hook(self):
        asyncio.Lock.acquire = None


class ReplacesTheClock(Base):
    async def hook(self):
        time.monotonic, time.time = (lambda: 0), (lambda: 1 / 0)


class MayFailWithNoException(Base):
    async def hook(self):
        await self.env.park("x", may_fail=5)


class LowersTheRecursionLimit(Base):
    async def hook(self):
        sys.setrecursionlimit(sys.getrecursionlimit() - 100)


class TaskBomb(Base):
    async def hook(self):
        for _ in range(100_000):
            asyncio.create_task(asyncio.sleep(1000))


class MemoryBomb(Base):
    async def hook(self):
        hoard = []
        while True:
            hoard.append(bytearray(b"x" * 1_000_000))


class HoardsSlowly(Base):
    async def hook(self):
        hoard = []
        while True:
            hoard.append(bytearray(b"x" * 100_000))
            time.sleep(0.01)  # noqa: ASYNC251  # it blocks


class SwallowsEverything(Base):
    async def hook(self):
        hoard = []
        try:
            while True:
                hoard.append(bytearray(b"x" * 1_000_000))
        except BaseException:
            pass


class AsyncObserve(Base):
    async def observe(self):
        return set(self.pairs)


class AsyncInit(Base):
    async def __init__(self, env):
        pass


async def async_factory(env):
    return Base(env)


class Unprintable(Base):
    async def hook(self):
        raise ValueError("\x1b[31m\ud800\u202e" + "x" * 1_000_000)

"""For each ready part of custom models a correct subject and a broken one, which awaits between its look and its change."""

import asyncio
from collections import deque

from subwarden.model.custom import Lease, Lock, Pool, Queue, Registry, Retained, Room


class Base:
    def __init__(self, env):
        self.env = env
        self.state = set()

    async def store(self):
        await self.env.park("store")

    def observe(self):
        return set(self.state)


class RegistrySound(Base):
    model = Registry()

    async def enter(self, client):
        new = client not in self.state
        self.state.add(client)
        await self.store()
        return new

    async def leave(self, client):
        known = client in self.state
        self.state.discard(client)
        await self.store()
        return known


class RegistryBroken(RegistrySound):
    async def enter(self, client):
        new = client not in self.state
        await self.store()
        self.state.add(client)
        return new


class RoomSound(Base):
    model = Room(size=1)

    async def join(self, client, topic):
        if any(t == topic for _, t in self.state):
            return False
        self.state.add((client, topic))
        await self.store()
        return True

    async def leave(self, client, topic):
        known = (client, topic) in self.state
        self.state.discard((client, topic))
        return known


class RoomBroken(RoomSound):
    async def join(self, client, topic):
        if any(t == topic for _, t in self.state):
            return False
        await self.store()
        self.state.add((client, topic))
        return True


class QueueSound(Base):
    model = Queue(size=1)

    def __init__(self, env):
        super().__init__(env)
        self.items = asyncio.Queue(1)

    async def put(self, message):
        await self.items.put(message)
        return True

    async def get(self):
        return await self.items.get()

    def observe(self):
        return list(self.items._queue)


class QueueBroken(Base):
    model = Queue(size=1, refuses=True)

    def __init__(self, env):
        super().__init__(env)
        self.items = deque()

    async def put(self, message):
        if len(self.items) >= 1:
            return False
        await self.store()
        self.items.append(message)
        return True

    def get(self):
        return self.items.popleft() if self.items else None

    def observe(self):
        return list(self.items)


class PoolSound(Base):
    model = Pool(1, refuses=True)

    async def take(self, client):
        if self.state:
            return False
        self.state.add(client)
        await self.store()
        return True

    def give(self, client):
        held = client in self.state
        self.state.discard(client)
        return held


class PoolBroken(PoolSound):
    async def take(self, client):
        if self.state:
            return False
        await self.store()
        self.state.add(client)
        return True


class LockSound(Base):
    model = Lock()

    def __init__(self, env):
        super().__init__(env)
        self.waiting = []

    async def take(self, client):
        if client in self.state:
            return False
        while self.state:
            if client in self.state:
                return False
            turn = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            await turn
        self.state.add(client)
        return True

    def give(self, client):
        held = client in self.state
        self.state.discard(client)
        if held:
            waiting, self.waiting = self.waiting, []
            for turn in waiting:
                turn.done() or turn.set_result(None)
        return held


class LockBroken(LockSound):
    async def take(self, client):
        if client in self.state:
            return False
        if self.state:
            turn = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            await turn
        self.state.add(client)
        return True


class LeaseSound(Base):
    model = Lease(expire="expire")

    def __init__(self, env):
        super().__init__(env)
        self.holders = {}

    async def take(self, client, topic):
        mine = self.holders.setdefault(topic, client) == client
        await self.store()
        return mine

    def give(self, client, topic):
        held = self.holders.get(topic) == client
        if held:
            del self.holders[topic]
        return held

    def expire(self, topic):
        self.holders.pop(topic, None)

    def observe(self):
        return dict(self.holders)


class LeaseBroken(LeaseSound):
    async def take(self, client, topic):
        holder = self.holders.get(topic, client)
        await self.store()
        if holder == client:
            self.holders[topic] = client
        return holder == client


class RetainedSound(Base):
    model = Retained()

    def __init__(self, env):
        super().__init__(env)
        self.values = {}

    async def put(self, topic, message):
        self.values[topic] = message
        await self.store()

    def get(self, topic):
        return self.values.get(topic)

    def observe(self):
        return dict(self.values)


class RetainedBroken(RetainedSound):
    """It answers before the store has it."""

    def __init__(self, env):
        super().__init__(env)
        self.writing = set()

    async def put(self, topic, message):
        task = asyncio.create_task(self.write(topic, message), name=f"write {message}")
        self.writing.add(task)
        await asyncio.sleep(0)

    async def write(self, topic, message):
        await self.store()
        self.values[topic] = message

    async def close(self):
        for task in self.writing:
            await task

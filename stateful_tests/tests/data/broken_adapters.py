"""An adapter for each kind of claim that a script can make: broken, and mended where MENDED is in the environment.

A mended adapter takes other steps than the broken one, as mended code does: a script that only counts steps would judge it wrong.

Long because it has one small class after another, which a script imports from one file.
"""

# ruff: noqa: ASYNC110, RUF012
# since these are adapters as users write them: with plain class attributes, and some wait badly on purpose

import asyncio
import os
import time

MENDED = "MENDED" in os.environ
SLOWER = 5 if MENDED else 0  # steps that each call takes first


class Sound:
    """Right in every order. Subclasses break one method."""

    def __init__(self):
        self.live, self.gone, self.pairs, self.inbox = set(), set(), set(), {}

    async def pause(self):
        for _ in range(SLOWER):
            await asyncio.sleep(0)

    async def connect(self, client):
        await self.pause()
        if client not in self.gone:
            self.live.add(client)

    async def subscribe(self, client, topic):
        await self.pause()
        if client not in self.live:
            return False
        self.pairs.add((client, topic))
        return True

    async def unsubscribe(self, client, topic):
        await self.pause()
        if (client, topic) not in self.pairs:
            return False
        self.pairs.remove((client, topic))
        return True

    async def disconnect(self, client):
        await self.pause()
        self.gone.add(client)
        self.live.discard(client)
        self.pairs = {pair for pair in self.pairs if pair[0] != client}

    async def publish(self, topic, message):
        await self.pause()
        for client in sorted(client for client, each in self.pairs if each == topic):
            self.inbox.setdefault(client, []).append(message)

    def observe(self):
        return set(self.pairs)

    def delivered(self):
        return self.inbox


class StartsFirst(Sound):
    """Nothing works before it has been started, which takes a call to the outside and a second."""

    def __init__(self, env):
        super().__init__()
        self.env = env

    async def start(self):
        await self.env.park("dial the broker")
        await asyncio.sleep(1)
        self.broker_is_there = True

    async def connect(self, client):
        assert self.broker_is_there
        await super().connect(client)

    async def unsubscribe(self, client, topic):
        before = set(self.pairs)
        answer = await super().unsubscribe(client, topic)
        self.pairs = self.pairs if MENDED else before
        return answer


class KeepsThePair(Sound):
    async def unsubscribe(self, client, topic):
        before = set(self.pairs)
        answer = await super().unsubscribe(client, topic)
        self.pairs = self.pairs if MENDED else before
        return answer


class AddsNothing(Sound):
    async def subscribe(self, client, topic):
        answer = await super().subscribe(client, topic)
        if not MENDED:
            self.pairs.clear()
        return answer


class TwoMaps(Sound):
    """The pairs are lists, as an adapter may have them, and the second map is cleaned up late."""

    def __init__(self):
        super().__init__()
        self.second = set()

    async def subscribe(self, client, topic):
        answer = await super().subscribe(client, topic)
        self.second |= self.pairs
        return answer

    async def unsubscribe(self, client, topic):
        answer = await super().unsubscribe(client, topic)
        self.second = self.second if not MENDED else set(self.pairs)
        return answer

    def observe(self):
        return {"one": [list(pair) for pair in self.pairs], "two": [list(pair) for pair in self.second]}


class OwnProperty(Sound):
    properties = {"one topic for each client": lambda pairs: MENDED or len({client for client, _ in pairs}) == len(pairs)}


class AnswersNo(Sound):
    async def unsubscribe(self, client, topic):
        return await super().unsubscribe(client, topic) and MENDED


class Swallows(Sound):
    """A call that is cancelled while it waits goes on and answers."""

    async def subscribe(self, client, topic):
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            if MENDED:
                raise
        return await super().subscribe(client, topic)


class Deadline(Sound):
    """A message that waits longer than five seconds, by a clock of its own, is dropped."""

    def __init__(self, env):
        super().__init__()
        self.env = env

    async def publish(self, topic, message):
        until = time.monotonic() + 5
        await asyncio.sleep(6)
        if MENDED or time.monotonic() < until:
            await super().publish(topic, message)


class NeverAsks(Sound):
    """It subscribes a client that is not connected yet. Mended, the call takes so long that the client is there, and yes is right."""

    async def subscribe(self, client, topic):
        if MENDED:
            return await super().subscribe(client, topic)
        self.pairs.add((client, topic))
        return True


class Raises(Sound):
    async def unsubscribe(self, client, topic):
        if not MENDED:
            raise KeyError(client)
        return await super().unsubscribe(client, topic)


class Twice(Sound):
    async def publish(self, topic, message):
        await super().publish(topic, message)
        if not MENDED:
            await super().publish(topic, message)


class Loses(Sound):
    """It delivers in a task of its own; mended, only after a second."""

    async def publish(self, topic, message):
        if MENDED:
            self.task = asyncio.create_task(self.later(topic, message))

    async def later(self, topic, message):
        await asyncio.sleep(1)
        await super().publish(topic, message)


class Strays(Sound):
    async def publish(self, topic, message):
        await super().publish(topic, message)
        if not MENDED:
            self.inbox = {client: [message] for client in self.live}


class LastFirst(Sound):
    async def publish(self, topic, message):
        await super().publish(topic, message)
        if not MENDED:
            self.inbox = {client: sorted(got, reverse=True) for client, got in self.inbox.items()}


class Broker(Sound):
    """Mended, the broker hears of it with a second's delay, and cannot be observed before."""

    def __init__(self):
        super().__init__()
        self.known = set()

    async def subscribe(self, client, topic):
        answer = await super().subscribe(client, topic)
        self.known |= self.pairs
        return answer

    async def unsubscribe(self, client, topic):
        answer = await super().unsubscribe(client, topic)
        if MENDED:
            asyncio.get_running_loop().call_later(1, lambda: setattr(self, "known", set(self.pairs)))
        return answer

    def broker(self):
        return [list(pair) for pair in self.known]


class WaitsForEver(Sound):
    """Mended, it gives up after five seconds."""

    async def unsubscribe(self, client, topic):
        try:
            async with asyncio.timeout(5 if MENDED else None):
                await asyncio.Event().wait()
        except TimeoutError:
            return await super().unsubscribe(client, topic)


class Park(Sound):
    """A task of its own is parked outside until the end, and ends when that lets it: mended, it is no task left behind."""

    def __init__(self, env):
        super().__init__()
        self.env = env

    async def connect(self, client):
        await super().connect(client)
        self.watcher = asyncio.create_task(self.watch())

    async def watch(self):
        await asyncio.sleep(3)
        await asyncio.Event().wait()

    async def bye(self):
        await self.env.park("bye")

    async def close(self):
        self.live.clear()
        if MENDED:
            self.watcher.cancel()
            self.other = asyncio.create_task(self.bye())


class CloseHangs(Sound):
    """Mended, close() waits for what is parked, and for two seconds more."""

    def __init__(self, env):
        super().__init__()
        self.env = env

    async def close(self):
        if self.pairs and not MENDED:
            await asyncio.Event().wait()
        await self.env.park("close")
        await asyncio.sleep(2)


class CloseRaises(Sound):
    def close(self):
        if self.pairs and not MENDED:
            raise ConnectionResetError("closed twice")


class CloseTaskFails(Sound):
    async def fails(self):
        raise ConnectionError("closed twice")

    async def close(self):
        if self.pairs:
            task = asyncio.create_task(self.fails())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if MENDED:
                await asyncio.gather(task, return_exceptions=True)


class WorkerFails(Sound):
    """It shows in close(). A task that waits for ever is dropped with the adapter, of which asyncio complains, mended or not."""

    def __init__(self, env):
        super().__init__()
        self.background = asyncio.create_task(asyncio.Event().wait(), name="background")

    async def close(self):
        self.background.cancel()
        if self.pairs and not MENDED:
            self.worker = asyncio.create_task(self.work(), name="worker")

    async def work(self):
        {}["a key"]


class KeepsWaiting(Sound):
    """Its task is left when nobody is connected any more. It has no close()."""

    async def connect(self, client):
        await super().connect(client)
        self.task = asyncio.create_task(self.watch(client))

    async def watch(self, client):
        await asyncio.Event().wait()

    async def disconnect(self, client):
        await super().disconnect(client)
        if MENDED:
            self.task.cancel()


class LockKept(Sound):
    def __init__(self):
        super().__init__()
        self.lock = asyncio.Lock()

    async def connect(self, client):
        await super().connect(client)
        await self.lock.acquire()
        if MENDED:
            self.lock.release()


class Spins(Sound):
    async def spin(self):
        while not MENDED:
            await asyncio.sleep(0)

    async def connect(self, client):
        await super().connect(client)
        self.task = asyncio.create_task(self.spin())


class SpinsLater(Sound):
    """It waits for a timer, and then asks again and again without a pause."""

    async def retry(self):
        await asyncio.sleep(20)
        while not MENDED:
            await asyncio.sleep(0)

    async def connect(self, client):
        await super().connect(client)
        self.task = asyncio.create_task(self.retry())


class Blocks(Sound):
    async def connect(self, client):
        await super().connect(client)
        while not MENDED:
            pass


class GivesUpTooSoon(Sound):
    """A reader gives up after five seconds at the moment at which it was given a message: that takes a slow step."""

    off = {"P12": "it does not clean up"}

    def __init__(self):
        super().__init__()
        self.queues = {}

    async def subscribe(self, client, topic):
        answer = await super().subscribe(client, topic)
        if answer and (client, topic) not in self.queues:
            self.queues[client, topic] = asyncio.Queue()
            self.task = asyncio.create_task(self.read(client, topic))
        return answer

    async def read(self, client, topic):
        queue = self.queues[client, topic]
        get = asyncio.create_task(queue.get())
        try:
            async with asyncio.timeout(5):
                await asyncio.wait([get])
                self.inbox.setdefault(client, []).append(get.result())
        except TimeoutError:
            if MENDED and get.done():
                self.inbox.setdefault(client, []).append(get.result())
            get.cancel()  # if it has a message already, that is lost
        while True:
            self.inbox.setdefault(client, []).append(await queue.get())

    async def publish(self, topic, message):
        await self.pause()
        for (_, each), queue in self.queues.items():
            if each == topic:
                queue.put_nowait(message)


class Model:
    """A counter for each topic."""

    operations = {"add": ("client", "topic"), "get": ("topic",)}
    initial = frozenset()

    def step(self, state, name, arguments):
        if name == "get":
            return [(sum(topic == arguments[0] for _, topic in state), state)]
        return [(None, state | {tuple(arguments)})]

    def shown(self, state):
        return set(state)


class Shown:
    """At level custom: it shows a pair too few; its answers are right."""

    model = Model

    def __init__(self):
        self.state = set()

    async def add(self, client, topic):
        for _ in range(SLOWER):
            await asyncio.sleep(0)
        self.state.add((client, topic))

    async def get(self, topic):
        return sum(each == topic for _, each in self.state)

    def observe(self):
        return set(self.state) if MENDED else set(sorted(self.state)[1:])


class WrongSum(Shown):
    def observe(self):
        return set(self.state)

    async def get(self, topic):
        return await super().get(topic) + (not MENDED)

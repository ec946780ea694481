"""A value and its changes: who subscribes asks for what there is and then listens; what is published between is lost
(after mmalmi/rod#21, superfly/corrosion#521, p2panda/p2panda#1041: tokio's broadcast channels)."""

import asyncio


class Log:
    def __init__(self, fetch):
        self.fetch = fetch  # what there was when it was asked
        self.logs, self.listeners = {}, {}

    async def subscribe(self, who, topic):
        inbox = list(await self.fetch(topic, list(self.logs.get(topic, ()))))
        self.listeners.setdefault(topic, {})[who] = inbox
        return inbox

    async def publish(self, topic, message):
        self.logs.setdefault(topic, []).append(message)
        for inbox in self.listeners.get(topic, {}).values():
            inbox.append(message)


class Mended(Log):
    async def subscribe(self, who, topic):
        inbox = []  # changes from now on; what there was goes before them
        there = self.logs.get(topic, [])
        known = len(there)
        self.listeners.setdefault(topic, {})[who] = inbox
        inbox[:0] = await self.fetch(topic, list(there[:known]))
        return inbox


class Model:
    operations = {"publish": ("topic", "message"), "subscribe": ("client", "topic")}
    initial = ((), frozenset())  # (topic, message) in order; who listens to what

    def step(self, state, name, arguments):
        log, listeners = state
        if name == "publish":
            return None, ((*log, arguments), listeners)
        return arguments not in listeners, (log, listeners | {arguments})

    def shown(self, state):
        log, listeners = state
        return {(who, topic): [message for t, message in log if t == topic] for who, topic in listeners}


class Adapter:
    model = Model
    log = Log

    def __init__(self, env):
        self.env = env
        self.ours = self.log(self.fetch)
        self.publish = self.ours.publish
        self.asked, self.open = set(), set()

    async def fetch(self, topic, there):
        await self.env.park(f"fetch {topic}")
        return there

    async def subscribe(self, client, topic):
        if (client, topic) in self.asked:
            return False  # it has been asked for
        self.asked.add((client, topic))
        self.open.add((client, topic))
        await asyncio.shield(asyncio.ensure_future(self.begin(client, topic)))
        return True

    async def begin(self, client, topic):
        await self.ours.subscribe(client, topic)
        self.open.discard((client, topic))

    def observe(self):
        if self.open:
            return None
        return {(who, topic): list(inbox) for topic, those in self.ours.listeners.items() for who, inbox in those.items()}


class Fixed(Adapter):
    log = Mended


class Core:
    """The same log, by the core model's option `retains`."""

    retains = "all"
    log = Log

    def __init__(self, env):
        self.env = env
        self.ours = self.log(self.fetch)
        self.publish = self.ours.publish
        self.clients, self.asked = set(), set()

    async def fetch(self, topic, there):
        await self.env.park(f"fetch {topic}")
        return there

    def connect(self, client):
        self.clients.add(client)

    async def subscribe(self, client, topic):
        if client not in self.clients:
            return False
        if (client, topic) not in self.asked:
            self.asked.add((client, topic))
            await self.ours.subscribe(client, topic)
        return True

    def delivered(self):
        found = {}
        for those in self.ours.listeners.values():
            for who, inbox in those.items():
                found.setdefault(who, []).extend(inbox)
        return found


class CoreFixed(Core):
    log = Mended

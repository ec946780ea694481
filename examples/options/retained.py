"""Option `retains` (docs/adapters/options.md): who subscribes gets what there is, and then what follows, each message once."""

import subwarden


class Log:
    """`fetch(topic)`, a coroutine function, is the store's delay. Messages are delivered by `send(client, message)`."""

    def __init__(self, fetch, send):
        self.fetch, self.send = fetch, send
        self.log = {}  # topic -> its messages
        self.listeners = {}  # topic -> its listeners, each with what it gets while it is being brought up to date

    async def subscribe(self, client, topic):
        if client in self.listeners.setdefault(topic, {}):
            return
        waiting = self.listeners[topic][client] = []
        there = list(self.log.get(topic, ()))
        try:
            await self.fetch(topic)
        finally:  # also if the caller gives up: another call of the client may have been told that it is subscribed
            for message in there + waiting:
                self.send(client, message)
            if self.listeners[topic].get(client) is waiting:
                self.listeners[topic][client] = None

    def publish(self, topic, message):
        self.log.setdefault(topic, []).append(message)
        for client, waiting in self.listeners.get(topic, {}).items():
            if waiting is None:
                self.send(client, message)
            else:
                waiting.append(message)

    def leave(self, client):
        for listeners in self.listeners.values():
            listeners.pop(client, None)


class Gap(Log):
    """It asks for what there is, and then begins to listen: what is published between is lost."""

    async def subscribe(self, client, topic):
        there = list(self.log.get(topic, ()))
        await self.fetch(topic)
        for message in there:
            self.send(client, message)
        self.listeners.setdefault(topic, {})[client] = None


class Adapter(subwarden.Clients):
    retains = "all"
    log = Log

    def __init__(self, env):
        super().__init__(env)
        self.ours = self.log(self.fetch, self.receive)
        self.joins, self.publish, self.ends = self.ours.subscribe, self.ours.publish, self.ours.leave

    async def fetch(self, topic):
        await self.env.park(f"fetch {topic}")


class Lost(Adapter):
    log = Gap

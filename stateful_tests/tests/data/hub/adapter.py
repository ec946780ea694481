"""The hub beside this file, as a subject."""

from hub import Connection, Hub


class Socket(Connection):
    """A socket whose every send ends, or fails, when the scheduler says so."""

    def __init__(self, env, name, inbox):
        super().__init__(name)
        self.env = env
        self.inbox = inbox

    async def send(self, text):
        await self.env.park(f"send to {self.name}", may_fail=RuntimeError, client=self.name)
        if self.closed or self.env.closed(self.name):
            raise RuntimeError("the socket is closed")
        self.inbox.setdefault(self.name, []).append(text)


class Adapter:
    reconnects = True

    def __init__(self, env):
        self.env = env
        self.inbox = {}
        self.hub = Hub()

    async def connect(self, client):
        await self.hub.connect(Socket(self.env, client, self.inbox))

    async def subscribe(self, client, topic):
        return await self.hub.join(client, topic)

    async def unsubscribe(self, client, topic):
        return await self.hub.leave(client, topic)

    async def publish(self, topic, message):
        await self.hub.broadcast(topic, message)

    async def disconnect(self, client):
        await self.hub.disconnect(client)

    def observe(self):
        return {(client, room) for room, clients in self.hub.rooms.items() for client in clients}

    def delivered(self):
        return self.inbox

"""Calls that must not race (docs/adapters/recipes.md): a client object that is documented to be used by one task at a time."""

import asyncio


class Client:
    """Not safe for two calls at once, and says so. `ask()`, a coroutine function, is the way to the server and back."""

    def __init__(self, ask):
        self.ask = ask
        self.live, self.topics = False, []

    async def connect(self):
        await self.ask()
        self.live = True

    async def subscribe(self, topic):
        if not self.live:
            return False
        await self.ask()
        self.topics = [*self.topics, topic]
        return True

    async def disconnect(self):
        self.live = False
        await self.ask()
        self.topics = []


class Racing:
    """Calls the client from as many tasks as come: what that shows is the adapter's fault."""

    def __init__(self, env):
        self.env = env
        self.clients, self.gone = {}, set()

    async def ask(self):
        await self.env.park("server")

    def client(self, name):
        return self.clients.setdefault(name, Client(self.ask))

    async def connect(self, client):
        if client not in self.gone:
            await self.client(client).connect()

    async def subscribe(self, client, topic):
        return await self.client(client).subscribe(topic)

    async def disconnect(self, client):
        self.gone.add(client)
        await self.client(client).disconnect()

    def observe(self):
        return {(name, topic) for name, client in self.clients.items() for topic in client.topics}


class Adapter(Racing):
    """One call of a client at a time; and a caller that gives up does not end the call half way."""

    def __init__(self, env):
        super().__init__(env)
        self.locks = {}

    async def alone(self, client, call, *arguments):
        async def whole():
            async with self.locks.setdefault(client, asyncio.Lock()):
                return await call(client, *arguments)

        return await asyncio.shield(asyncio.create_task(whole(), name=f"call of {client}"))

    async def connect(self, client):
        await self.alone(client, super().connect)

    async def subscribe(self, client, topic):
        return await self.alone(client, super().subscribe, topic)

    async def disconnect(self, client):
        await self.alone(client, super().disconnect)

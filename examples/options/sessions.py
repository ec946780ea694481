"""Option `reconnects` (docs/adapters/options.md): a new socket of a client takes the place of the old one, whose handler ends later."""


class Sockets:
    """Messages go to the client's last socket. `hello(client)`, a coroutine function, greets a new one."""

    def __init__(self, hello):
        self.hello = hello
        self.sockets = {}  # client -> its socket
        self.topics = {}  # client -> its topics

    async def opens(self, client, socket):
        self.sockets[client] = socket
        self.topics[client] = set()
        await self.hello(client)

    async def closes(self, client, socket):
        """The handler of this socket ends."""
        if self.sockets.get(client) == socket:
            del self.sockets[client], self.topics[client]


class Evicting(Sockets):
    """Whichever socket ends, the client has gone."""

    async def closes(self, client, socket):
        self.sockets.pop(client, None)
        self.topics.pop(client, None)


class Adapter:
    reconnects = "takes over"
    sockets = Sockets

    def __init__(self, env):
        self.env = env
        self.ours = self.sockets(self.hello)
        self.attach, self.detach = self.ours.opens, self.ours.closes

    async def hello(self, client):
        await self.env.park(f"hello to {client}")

    async def subscribe(self, client, topic):
        if client not in self.ours.topics:
            return False
        self.ours.topics[client].add(topic)
        await self.hello(client)
        return True

    def observe(self):
        return {(client, topic) for client, topics in self.ours.topics.items() for topic in topics}


class Evicted(Adapter):
    sockets = Evicting

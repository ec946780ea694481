"""A connection that is lost (docs/adapters/recipes.md): a task reads each socket, and cleans up when that fails."""

import asyncio


class Server:
    """`receive(client, socket)` reads, `note(client)` writes to a log; both are coroutine functions."""

    def __init__(self, receive, note):
        self.receive, self.note = receive, note
        self.sockets, self.topics, self.readers = {}, {}, set()

    async def attach(self, client, socket):
        self.sockets[client] = socket
        self.topics[client] = set()
        reader = asyncio.create_task(self.read(client, socket), name=f"reader of {socket}")
        self.readers.add(reader)
        reader.add_done_callback(self.readers.discard)

    async def read(self, client, socket):
        try:
            await self.receive(client, socket)
        except ConnectionError:
            await self.note(client)
            self.lost(client, socket)

    def lost(self, client, socket):
        if self.sockets.get(client) == socket:
            del self.sockets[client], self.topics[client]


class Hasty(Server):
    """It does not look whose socket was lost."""

    def lost(self, client, socket):
        self.sockets.pop(client, None)
        self.topics.pop(client, None)


class Adapter:
    reconnects = "takes over"
    server = Server

    def __init__(self, env):
        self.env = env
        self.ours = self.server(self.receive, self.note)
        self.attach = self.ours.attach

    async def receive(self, client, socket):
        """One wait for the life of the socket: it may fail; else nothing is read."""
        await self.env.park(f"{socket} is read", may_fail=ConnectionError, client=client)

    async def note(self, client):
        await self.env.park(f"note of {client}")

    async def detach(self, client, socket):
        self.ours.lost(client, socket)

    async def subscribe(self, client, topic):
        if client not in self.ours.topics:
            return False
        self.ours.topics[client].add(topic)
        return True

    def observe(self):
        return {(client, topic) for client, topics in self.ours.topics.items() for topic in topics}


class Late(Adapter):
    server = Hasty

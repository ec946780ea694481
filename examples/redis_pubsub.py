"""redis-py's asyncio `PubSub`, with a small fake Redis behind it: a socket's bytes arrive when the scheduler lets `drain` go on.

PubSub, its connections, their pool, the parser and the publishing client are unmodified; only `Socket` is a fake. With `Own` each
client has a PubSub, as in redis-py's examples; with `Shared` all clients use one. The results are in docs/examples.md.
"""

import asyncio

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

import subwarden


class Socket:
    """Both ends of one connection: the client's StreamWriter, and the server that reads it."""

    def __init__(self, env, server):
        self.env, self.server = env, server
        self.reader = asyncio.StreamReader()
        self.sent = []
        self.channels = {}  # subscribed to
        server.append(self)

    def writelines(self, lines):
        self.sent.append(b"".join(lines))

    async def drain(self):
        await self.env.park(self.sent[0].split(b"\r\n")[2].decode())
        if self not in self.server:
            raise ConnectionResetError("Connection lost")
        while self.sent:  # packed commands are arrays of strings
            words = iter(self.sent.pop(0).split(b"\r\n"))
            for array in words:
                if array:
                    self.does(*[(next(words), next(words))[1] for _ in range(int(array[1:]))])

    def does(self, command, *about):
        if command in (b"SUBSCRIBE", b"UNSUBSCRIBE"):
            for channel in about:
                self.channels.pop(channel, None)
                if command == b"SUBSCRIBE":
                    self.channels[channel] = True
                self.push(command.lower(), channel, len(self.channels))
        elif command == b"PUBLISH":
            receivers = [socket for socket in self.server if about[0] in socket.channels]
            for socket in receivers:
                socket.push(b"message", *about)
            self.reader.feed_data(b":%d\r\n" % len(receivers))
        else:
            self.reader.feed_data(b"%1\r\n$5\r\nproto\r\n:3\r\n" if command == b"HELLO" else b"+OK\r\n")

    def push(self, *said):
        said = [b":%d\r\n" % each if isinstance(each, int) else b"$%d\r\n%s\r\n" % (len(each), each) for each in said]
        self.reader.feed_data(b">%d\r\n%s" % (len(said), b"".join(said)))

    def close(self):
        if self in self.server:
            self.server.remove(self)
            self.reader.feed_eof()

    async def wait_closed(self):
        pass


class Connection(AbstractConnection):
    def __init__(self, *, env, server, **options):
        super().__init__(socket_timeout=None, driver_info=None, retry=Retry(NoBackoff(), 3), **options)
        self.env, self.server = env, server

    async def _connect(self):
        self._writer = Socket(self.env, self.server)
        self._reader = self._writer.reader

    def repr_pieces(self):
        return []

    def _host_error(self):
        return "a socket of ours"


class Own(subwarden.ClientsInTurn):
    connection = Connection
    off = {"P11-a-message-does-not-reach-a-subscriber": "a send that is cancelled ends its connection, and Redis delivers at most once"}

    def __init__(self, env):
        super().__init__(env)
        self.server = []  # its open connections
        self.redis = Redis(connection_pool=ConnectionPool(connection_class=self.connection, env=env, server=self.server))
        self.pubsubs, self.readers = {}, {}

    def pubsub(self):
        return self.redis.pubsub()

    def whose(self, client):
        """The key of the client's PubSub: clients with equal keys share one."""
        return client

    def opens(self, client):
        if self.whose(client) not in self.pubsubs:
            self.pubsubs[self.whose(client)] = self.pubsub()

    async def joins(self, client, topic):
        owner = self.whose(client)
        await self.pubsubs[owner].subscribe(f"{topic}/{client}")
        if owner not in self.readers:
            self.readers[owner] = asyncio.create_task(self.read(owner), name=f"reader of {owner}")

    async def leaves(self, client, topic):
        await self.pubsubs[self.whose(client)].unsubscribe(f"{topic}/{client}")

    async def read(self, owner):
        while True:
            message = await self.pubsubs[owner].get_message(timeout=None)
            if message["type"] == "message":
                self.receive(message["channel"].decode().split("/")[1], message["data"].decode())

    async def publish(self, topic, message):
        for client in sorted(self.live):
            await self.redis.publish(f"{topic}/{client}", message)

    async def ends(self, client):
        if client in self.readers:
            self.readers.pop(client).cancel()
        await self.pubsubs[client].aclose()

    async def close(self):
        await super().close()
        await self.redis.aclose()

    def observe(self):
        return {
            tuple(reversed(channel.decode().split("/")))
            for pubsub in self.pubsubs.values()
            for channel in pubsub.channels
            if channel not in pubsub.pending_unsubscribe_channels
        }

    def broker(self):
        return {tuple(reversed(channel.decode().split("/"))) for socket in self.server for channel in socket.channels}


class Shared(Own):
    def whose(self, client):
        return "all"

    async def ends(self, client):
        for _, topic in sorted(pair for pair in self.observe() if pair[0] == client):
            await self.pubsubs["all"].unsubscribe(f"{topic}/{client}")

    async def close(self):
        await super().close()
        for owner, pubsub in self.pubsubs.items():
            if owner in self.readers:
                self.readers.pop(owner).cancel()
            await pubsub.aclose()

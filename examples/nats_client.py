"""nats-py's `Client`, one for each user, with a small fake NATS server behind its transport, which reads when the scheduler lets it.

The client, its flusher, its read loop, its parser and its subscriptions are unmodified. The results are in docs/examples.md.
"""

import asyncio
import logging

from nats.aio.client import Client
from nats.aio.transport import Transport
from nats.errors import FlushTimeoutError

import subwarden

logging.getLogger("nats").addHandler(logging.NullHandler())  # or it logs every error, in thousands of runs


class Wire(Transport):
    """Both ends of one connection: each write is in transit until the scheduler lets it arrive, in order."""

    def __init__(self, env, server, name):
        self.env, self.server, self.name = env, server, name
        self.reader = asyncio.StreamReader()
        self.reader.feed_data(b'INFO {"max_payload":1048576}\r\n')
        self.written = []
        self.network = None
        self.subjects = {}  # sid -> subject
        server.append(self)

    def write(self, payload):
        self.written.append(bytes(payload))
        if self.network is None or self.network.done():
            self.network = asyncio.create_task(self.arrive(), name=f"network of {self.name}")

    def writelines(self, payload):
        if payload:
            self.write(b"".join(payload))

    async def arrive(self):
        while self.written:
            await self.env.park(f"{self.written[0].split()[0].decode()} of {self.name}")
            lines = iter(self.written.pop(0).split(b"\r\n"))
            for line in lines:
                self.does(lines, *line.split())

    def does(self, lines, command=b"", *about):
        if self not in self.server:
            return
        if command == b"PING":
            self.reader.feed_data(b"PONG\r\n")
        elif command == b"SUB":
            self.subjects[about[-1]] = about[0]
        elif command == b"UNSUB":
            self.subjects.pop(about[0], None)
        elif command == b"PUB":
            payload = next(lines)
            for wire in self.server:
                for sid, subject in wire.subjects.items():
                    if subject == about[0]:
                        wire.reader.feed_data(b"MSG %s %s %d\r\n%s\r\n" % (subject, sid, len(payload), payload))

    async def connect(self, uri, buffer_size, connect_timeout):
        pass

    async def connect_tls(self, uri, ssl_context, buffer_size, connect_timeout):
        raise NotImplementedError

    async def read(self, buffer_size):
        return await self.reader.read(buffer_size)

    async def readline(self):
        return await self.reader.readline()

    async def drain(self):
        pass

    async def wait_closed(self):
        pass

    def close(self):
        if self in self.server:
            self.server.remove(self)
            self.reader.feed_eof()

    def at_eof(self):
        return self.reader.at_eof()

    def __bool__(self):
        return True


class Adapter(subwarden.ClientsInTurn):
    client = Client

    def __init__(self, env):
        super().__init__(env)
        self.server = []  # its open connections
        self.clients = {}
        self.subscriptions = {}  # (user, topic) -> its subscription

    async def connect(self, client):
        await self.whole(self.begin(client), f"begin of {client}")

    async def begin(self, name):
        async with self.turns[name]:
            if name not in self.live and not self.env.closed(name):
                client = self.clients[name] = self.client()
                client._transport = Wire(self.env, self.server, name)
                await client.connect("nats://here", connect_timeout=None, allow_reconnect=False)
                client._ping_interval_task.cancel()  # or the run would never reach quiescence
                self.live.add(name)

    async def joins(self, client, topic):
        if (client, topic) not in self.subscriptions:

            async def receive(message):
                self.receive(client, message.data.decode())

            self.subscriptions[client, topic] = await self.clients[client].subscribe(topic, cb=receive)
        await self.arrives(client)

    async def leaves(self, client, topic):
        if (client, topic) not in self.subscriptions:
            return False
        await self.subscriptions.pop((client, topic)).unsubscribe()
        await self.arrives(client)
        return True

    async def publish(self, topic, message):
        await self.begin("publisher")
        await self.clients["publisher"].publish(topic, message.encode())
        await self.arrives("publisher")

    async def arrives(self, name):
        """Wait until the server has received everything sent."""
        try:
            await self.clients[name].flush()
        except FlushTimeoutError:
            await asyncio.wait([self.clients[name]._transport.network])

    async def ends(self, client):
        await self.clients.pop(client).close()
        self.subscriptions = {pair: each for pair, each in self.subscriptions.items() if pair[0] != client}

    def observe(self):
        return {(name, each.subject) for name, client in self.clients.items() for each in client._subs.values()}

    def broker(self):
        return {(wire.name, subject.decode()) for wire in self.server for subject in wire.subjects.values()}

"""nats-py, as it is, against a small NATS of ours over the network: a client subscribes, and flushes that."""

import asyncio

import nats
from nats.aio.client import PING_PROTO, Client

INFO = b'INFO {"server_id":"small","version":"2.10.0","proto":1,"headers":true,"max_payload":1024}\r\n'


class SmallNats:
    """Knows CONNECT, PING, SUB and UNSUB."""

    def __init__(self):
        self.subjects = set()

    async def handle(self, reader, writer):
        writer.write(INFO)
        try:
            while line := await reader.readline():
                verb, *words = line.split()
                if verb == b"PING":
                    writer.write(b"PONG\r\n")
                elif verb == b"SUB":
                    self.subjects.add(words[0])
        except ConnectionError:
            pass
        finally:
            writer.close()


class InTurn(Client):
    """Its PING takes its turn behind the commands that are still to be sent."""

    async def _send_ping(self, future=None):
        self._pongs.append(future or asyncio.Future())
        await self._send_command(PING_PROTO)
        await self._flush_pending()


async def subscribes(client):
    server = SmallNats()
    async with await asyncio.start_server(server.handle, "nats", 4222):
        await client.connect("nats://nats:4222")
        await client.subscribe("news")
        await client.flush()
        assert b"news" in server.subjects, "it was flushed, and the server does not know of it"
        await client.close()


async def flushed():
    await subscribes(nats.NATS())


async def mended():
    await subscribes(InTurn())

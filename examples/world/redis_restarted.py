"""redis.asyncio's PubSub, as it is, against a small Redis of ours over the network, which is killed and started again."""

import asyncio

import redis.asyncio

import subwarden


class SmallRedis:
    """Knows HELLO, CLIENT, SUBSCRIBE, UNSUBSCRIBE, PING, in RESP 2. What it knows of clients is gone when it is killed."""

    def __init__(self):
        self.channels = {}

    async def serve(self):
        self.channels = {}
        async with await asyncio.start_server(self.handle, "redis", 6379) as server:
            await server.serve_forever()

    async def handle(self, reader, writer):
        try:
            while head := await reader.readline():
                words = []
                for _ in range(int(head[1:])):
                    size = int((await reader.readline())[1:])
                    words.append((await reader.readexactly(size + 2))[:-2])
                writer.write(b"".join(self.answers(writer, words[0].upper(), words[1:])))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            for members in self.channels.values():
                members.discard(writer)
            writer.close()

    def answers(self, writer, verb, words):
        if verb in (b"SUBSCRIBE", b"UNSUBSCRIBE"):
            for name in words:
                members = self.channels.setdefault(name, set())
                members.add(writer) if verb == b"SUBSCRIBE" else members.discard(writer)
                count = sum(writer in each for each in self.channels.values())
                yield b"*3\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n:%d\r\n" % (len(verb), verb.lower(), len(name), name, count)
        elif verb == b"HELLO":
            yield b"*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n"
        else:
            yield b"+PONG\r\n" if verb == b"PING" else b"+OK\r\n"


async def scenario():
    network = subwarden.network()
    server = SmallRedis()
    network.start("redis", server.serve)
    await asyncio.sleep(1)
    client = redis.asyncio.Redis(host="redis", protocol=2)
    pubsub = client.pubsub()
    await pubsub.subscribe("news", "weather")

    async def reads():
        while True:
            try:
                await pubsub.get_message(timeout=None)
            except redis.ConnectionError:
                await asyncio.sleep(1)

    reading = asyncio.create_task(reads())
    await asyncio.sleep(1)
    network.restart("redis")
    try:
        await pubsub.unsubscribe("news")
    except redis.ConnectionError:
        await asyncio.sleep(2)
        await pubsub.unsubscribe("news")
    await asyncio.sleep(60)
    assert not server.channels.get(b"news"), "it was unsubscribed, and is subscribed again"
    assert server.channels.get(b"weather"), "a subscription is lost"
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await pubsub.aclose()
    await client.aclose()

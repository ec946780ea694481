"""A hub with a line protocol on `asyncio.start_server`, in two versions, and the adapter that holds it against the core model."""

import asyncio

import subwarden


def server(forgets):
    topics = {}

    async def handle(reader, writer):
        try:
            while line := (await reader.readline()).decode().split():
                verb, topic, *text = line
                members = topics.setdefault(topic, [])
                if verb == "join" and writer not in members:
                    members.append(writer)
                elif verb == "leave" and writer in members and forgets:
                    members.remove(writer)
                elif verb == "say":
                    for each in list(members):
                        each.write(f"{text[0]}\n".encode())
                writer.write(b"ok\n")
                await writer.drain()
        except ConnectionError:
            pass  # it has left in a hurry
        finally:
            for members in topics.values():
                if writer in members:
                    members.remove(writer)
            writer.close()

    async def serve():
        async with await asyncio.start_server(handle, "localhost", 7000) as made:
            await made.serve_forever()

    return serve


def adapter(forgets):
    return subwarden.SocketHub(
        server(forgets),
        connect=lambda client: asyncio.open_connection("localhost", 7000),
        subscribe=lambda topic: f"join {topic}",
        unsubscribe=lambda topic: f"leave {topic}",
        publish=lambda topic, message: f"say {topic} {message}",
        answered=lambda text: text == "ok",
    )


Hub = adapter(forgets=True)
Keeps = adapter(forgets=False)

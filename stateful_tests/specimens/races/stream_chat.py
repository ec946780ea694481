"""A chat over streams, in which a line is lost while a client joins. Plain asyncio alone, so that every tool can run this same file.

A joining client becomes a member and is sent what was said so far. Between the two the server looks something up; what is said meanwhile
reaches the client in neither way. `fixed` does both at once. On stock asyncio the loss depends on when bytes arrive.
"""

import asyncio

NAMES = (b"ann\n", b"bob\n", b"cy\n")
PORT = 7000


class StreamChat:
    """A server for lines. The first line of a connection is its name."""

    def __init__(self, fixed: bool = False) -> None:
        self.fixed = fixed
        self.said: list[bytes] = []
        self.members: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it leaves."""
        name = await reader.readline()
        so_far = list(self.said)
        await asyncio.sleep(0.001)  # looks up who it is
        writer.write(b"welcome " + name)
        writer.writelines(self.said if self.fixed else so_far)
        self.members.append(writer)
        while line := await reader.readline():
            self.said.append(line)
            for member in self.members:
                member.write(line)
        self.members.remove(writer)
        writer.close()


async def visit(name: bytes, all_have_spoken: asyncio.Barrier, host: str) -> list[bytes]:
    """Join, speak once, and read until the own line is back. Then read the rest. Returns the lines, sorted."""
    reader, writer = await asyncio.open_connection(host, PORT)
    writer.write(name)
    await reader.readline()
    writer.write(name)
    lines = [await reader.readline()]
    while name not in lines:
        lines.append(await reader.readline())
    await all_have_spoken.wait()
    writer.write_eof()
    lines += [line async for line in reader]
    writer.close()
    return sorted(lines)


async def chat(fixed: bool, host: str = "localhost") -> None:
    """Three clients join and speak; each must read what all have said. Raises AssertionError."""
    server = await asyncio.start_server(StreamChat(fixed).serve, host, PORT)
    all_have_spoken = asyncio.Barrier(len(NAMES))
    read = await asyncio.gather(*(visit(name, all_have_spoken, host) for name in NAMES))
    server.close()
    await server.wait_closed()
    assert read == [sorted(NAMES)] * len(NAMES), "a line is lost"

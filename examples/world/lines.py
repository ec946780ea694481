"""A line protocol on asyncio streams: `sum` answers the sum of the numbers in a line. One server reads as TCP does not promise."""

import asyncio


async def naive(reader, writer):
    data = await reader.read(100)  # a line, it hopes
    writer.write(b"%d\n" % sum(map(int, data.split())))
    writer.close()


async def careful(reader, writer):
    line = await reader.readline()
    writer.write(b"%d\n" % sum(map(int, line.split())))
    writer.close()


async def ask(serve):
    async with await asyncio.start_server(serve, "localhost", 7000):
        reader, writer = await asyncio.open_connection("localhost", 7000)
        writer.write(b"12 34\n")
        assert await reader.readline() == b"46\n"
        writer.close()


async def broken():
    await ask(naive)


async def mended():
    await ask(careful)

"""Correct little servers hold under many schedules: any alarm is ours. They are generated: each has another mix of ways to do the same."""

import asyncio
import os
from itertools import product
from typing import Any

import pytest

import subwarden

READS = ("line", "exactly", "until", "protocol")
WRITES = ("whole", "in parts", "drained", "each byte")
ENDS = ("client closes", "server closes", "half-close", "with block")
EVERY = list(product(READS, WRITES, ENDS))
SCHEDULES = 500  # of each order
SEEDS = tuple(map(int, os.environ.get("SUBWARDEN_SEEDS", "0").split(",")))  # `SUBWARDEN_SEEDS=1,2 make test-slow` draws other schedules
FEW = 8  # in the fast test


async def read(reader: asyncio.StreamReader, how: str) -> bytes:
    if how == "exactly":
        return await reader.readexactly(6)
    return await (reader.readuntil(b"\n") if how == "until" else reader.readline())


async def write(writer: asyncio.StreamWriter, data: bytes, how: str) -> None:
    size = {"in parts": 3, "each byte": 1}.get(how, len(data))
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    for part in parts:
        writer.write(part)
        if how != "whole":
            await writer.drain()


class Echo(asyncio.Protocol):
    """The same server as a protocol, which must put the parts of a line together."""

    def __init__(self, ends: str) -> None:
        self.ends, self.data = ends, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        if self.data.endswith(b"\n"):
            self.transport.write(self.data)
            self.data = b""
            if self.ends == "server closes":
                self.transport.close()


@pytest.mark.slow
@pytest.mark.parametrize(("reads", "writes", "ends"), EVERY)
def test_a_correct_server_holds(reads: str, writes: str, ends: str) -> None:
    holds(reads, writes, ends, SCHEDULES)


@pytest.mark.parametrize(("reads", "writes", "ends"), EVERY[::9])
def test_some_of_them_hold_for_a_while(reads: str, writes: str, ends: str) -> None:
    holds(reads, writes, ends, FEW)


def holds(reads: str, writes: str, ends: str, schedules: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await read(reader, reads)
            await write(writer, line, writes)
            if ends != "server closes":
                assert await reader.read() == b""
        finally:
            writer.close()
            await writer.wait_closed()

    async def visit(name: bytes) -> None:
        reader, writer = await asyncio.open_connection("localhost", 80)
        await write(writer, name + b"\n", writes)
        if ends == "half-close" and reads != "protocol":
            writer.write_eof()
        assert await read(reader, "line" if reads == "protocol" else reads) == name + b"\n"
        if ends == "server closes":
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    async def scenario() -> None:
        if reads == "protocol":
            server = await asyncio.get_running_loop().create_server(lambda: Echo(ends), "localhost", 80)
        else:
            server = await asyncio.start_server(serve, "localhost", 80)
        await asyncio.gather(visit(b"first"), visit(b"other"))
        server.close()
        await server.wait_closed()

    for seed in SEEDS:
        found = subwarden.explore(scenario, schedules=schedules, leave=["serve"], seed=seed)
        assert found.verdict == "holds", str(found)

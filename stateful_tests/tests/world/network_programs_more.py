"""More programs for `test_network_equals_stock`: the loop's `sock_*` methods, Unix protocols, and rarer methods of streams and servers.

The rules are those of `network_programs`.
"""

import asyncio
import contextlib
import socket
import tempfile
from pathlib import Path
from typing import Any

from subwarden.stateful_tests.tests.world.network_programs import TICK, Datagrams, Logging, Logs, close, connect, ends, program, serving


@program
async def a_socket_is_used_through_the_loop(logs: Logs) -> None:
    loop = asyncio.get_running_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logs["server"].append(await reader.readline())
        writer.write(b"answer and more")
        await writer.drain()
        logs["server"].append(await reader.read())

    async with serving(serve) as port:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        await loop.sock_sendall(sock, b"question\n")
        got = b""
        while len(got) < 6:
            got += await loop.sock_recv(sock, 6 - len(got))
        into = bytearray(9)
        size = 0
        while size < 9:
            size += await loop.sock_recv_into(sock, memoryview(into)[size:])
        logs["client"] += [got, bytes(into)]
        sock.close()


@program
async def a_line_longer_than_the_limit_can_be_read_on(logs: Logs) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 300 + b"|rest")

    async with serving(serve) as port:
        reader, writer = await connect(port, limit=64)
        try:
            await reader.readuntil(b"|")
        except asyncio.LimitOverrunError as error:
            logs["client"].append(type(error).__name__)
        logs["client"].append((await reader.readexactly(301))[-2:])
        logs["client"].append(await ends(reader.readuntil(b"|")))
        logs["client"].append(reader.at_eof())
        await close(writer)


@program
async def protocols_over_a_unix_socket(logs: Logs) -> None:
    loop = asyncio.get_running_loop()
    made: asyncio.Future[Any] = loop.create_future()

    def accept() -> Logging:
        made.set_result(Logging(logs["server"]))
        return made.result()  # type: ignore[no-any-return]

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "socket")
        server = await loop.create_unix_server(accept, path)
        transport, client = await loop.create_unix_connection(lambda: Logging(logs["client"]), path)
        transport.write(b"one")
        transport.writelines([b"two", b"three"])
        transport.write_eof()
        other = await made
        await client.lost
        logs["server"].append(other.data)
        logs["client"].append(transport.is_closing())
        server.close()
        await server.wait_closed()


@program
async def a_handler_is_cancelled_while_it_reads(logs: Logs) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK):
                await reader.readline()
        writer.write(b"late\n")

    async with serving(serve) as port:
        reader, writer = await connect(port)
        logs["client"] += [await reader.readline(), await reader.read()]
        await close(writer)


@program
async def servers_on_two_ports_and_two_clients(logs: Logs) -> None:
    def echo(name: bytes) -> Any:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async for line in reader:
                writer.write(name + line)

        return serve

    async def ask(name: str, port: int) -> None:
        reader, writer = await connect(port)
        for number in range(3):
            writer.write(b"%d\n" % number)
            logs[name].append(await reader.readline())
        writer.write_eof()
        logs[name].append(await reader.read())
        await close(writer)

    async with serving(echo(b"a")) as one, serving(echo(b"b")) as other:
        await asyncio.gather(ask("first", one), ask("second", other), ask("third", one))


@program
async def a_datagram_endpoint_is_aborted(logs: Logs) -> None:
    loop = asyncio.get_running_loop()
    server, heard = await loop.create_datagram_endpoint(lambda: Datagrams(logs["server"]), local_addr=("127.0.0.1", 0))
    client, _ = await loop.create_datagram_endpoint(lambda: Datagrams(logs["client"]), remote_addr=server.get_extra_info("sockname"))
    client.sendto(b"")
    client.sendto(b"last")
    await heard.heard.get()
    if not logs["server"][-1]:
        await heard.heard.get()
    client.abort()
    server.abort()
    logs["client"].append((client.is_closing(), server.is_closing()))
    await asyncio.sleep(TICK)


@program
async def a_port_is_reused_after_a_server(logs: Logs) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"served")
        writer.close()

    async with serving(serve) as port:
        reader, writer = await connect(port)
        logs["client"].append(await reader.read())
        await close(writer)
    logs["client"].append(await ends(connect(port)))
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    reader, writer = await connect(port)
    logs["client"].append(await reader.read())
    await close(writer)
    async with server:
        pass
    logs["client"].append(server.is_serving())


@program
async def all_errors_of_a_connection(logs: Logs) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Logging([]), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    try:
        await loop.create_connection(lambda: Logging([]), "127.0.0.1", port, happy_eyeballs_delay=0.25, interleave=1)
    except OSError as error:
        logs["client"].append(type(error).__name__)

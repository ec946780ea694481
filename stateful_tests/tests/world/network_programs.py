"""Small programs on streams, protocols and datagrams that must see the same on real sockets and on simulated ones.

Each end of a connection keeps a log of its own, since the order of two ends' steps is the network's. Rules for a program: what an end
logs does not depend on timing; it closes what it opens; it names no port, since the system picks a free one.

Long because it is data: a list of programs, each a few lines, that one test runs.
"""

import asyncio
import contextlib
import errno
import socket
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Logs = defaultdict[str, list[object]]
Program = Callable[[Logs], Awaitable[None]]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

TICK = 0.05
BIG = 8 * 1024 * 1024  # bytes: more than any system keeps for a peer that does not read
PROGRAMS: dict[str, Program] = {}


def program(function: Program) -> Program:
    """Add `function` to the programs under its own name."""
    PROGRAMS[getattr(function, "__name__", "")] = function
    return function


@contextlib.asynccontextmanager
async def serving(serve: Any, **options: Any) -> Any:
    """A server on a free port, and the port. It waits for its handlers."""
    ended: list[asyncio.Task[Any] | None] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.current_task())
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(task for task in ended if task is not None))
        await server.wait_closed()


async def connect(port: int, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, **options)


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def ends(awaitable: Awaitable[object]) -> object:
    """The result, or the type of the error."""
    try:
        return await awaitable
    except (Exception, asyncio.CancelledError) as error:
        return type(error).__name__


class Logging(asyncio.Protocol):
    """A protocol that logs its callbacks; of the data, only the sum: how it is cut is the network's."""

    def __init__(self, log: list[object], *, keep: bool | None = None) -> None:
        self.log, self.keep = log, keep
        self.data = b""
        self.transport: Any = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.log.append("made")

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> bool | None:
        self.log.append(("eof", self.data))
        self.ended.set_result(None)
        return self.keep

    def pause_writing(self) -> None:
        self.log.append("pause")

    def resume_writing(self) -> None:
        self.log.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.log.append(("lost", type(exc).__name__))
        self.lost.set_result(None)


@contextlib.asynccontextmanager
async def pair(client: list[object], server: list[object], keep: bool | None = None) -> Any:
    """Two protocols that are connected."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[Logging] = loop.create_future()

    def accept() -> Logging:
        made.set_result(Logging(server, keep=keep))
        return made.result()

    listening = await loop.create_server(accept, "127.0.0.1", 0)
    _, one = await loop.create_connection(lambda: Logging(client), *listening.sockets[0].getsockname())
    other = await made
    while other.transport is None:  # noqa: ASYNC110  # until the next step
        await asyncio.sleep(0)
    try:
        yield one, other
    finally:
        one.transport.close()
        other.transport.close()
        await asyncio.wait([one.lost, other.lost])
        listening.close()
        await listening.wait_closed()


# --- streams


@program
async def lines_are_echoed(logs: Logs) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            logs["server"].append(line)
            writer.write(line.upper())
            await writer.drain()

    async with serving(serve) as port:
        reader, writer = await connect(port)
        for line in (b"one\n", b"two\n", b"three\n"):
            writer.write(line)
            logs["client"].append(await reader.readline())
        await close(writer)


@program
async def a_half_closed_connection_still_answers(logs: Logs) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logs["server"] += [await reader.read(), reader.at_eof()]
        writer.write(b"answer")

    async with serving(serve) as port:
        reader, writer = await connect(port)
        logs["client"].append(writer.can_write_eof())
        writer.writelines([b"a", b"b", b"c"])
        writer.write_eof()
        logs["client"] += [await reader.read(), reader.at_eof(), await reader.read()]
        try:
            writer.write(b"more")
        except RuntimeError as error:
            logs["client"].append(str(error))
        await close(writer)


@program
async def what_is_missing_at_the_end_is_an_error(logs: Logs) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"12345\nrest")

    async with serving(serve) as port:
        reader, writer = await connect(port)
        logs["client"].append(await reader.readuntil(b"\n"))
        try:
            await reader.readexactly(10)
        except asyncio.IncompleteReadError as error:
            logs["client"] += [error.partial, error.expected]
        await close(writer)


@program
async def a_line_that_is_too_long(logs: Logs) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 100 + b"\n")
        await writer.drain()

    async with serving(serve) as port:
        reader, writer = await connect(port, limit=10)
        logs["client"].append(await ends(reader.readuntil(b"\n")))
        logs["client"].append(await ends(reader.readline()))
        await close(writer)


@program
async def nobody_listens(logs: Logs) -> None:
    async with serving(lambda _r, _w: asyncio.sleep(0)) as port:
        pass
    try:
        await connect(port)
    except OSError as error:
        logs["client"] += [type(error).__name__, error.errno, str(port) in str(error)]


@program
async def the_port_is_taken(logs: Logs) -> None:
    async with serving(lambda _r, _w: asyncio.sleep(0)) as port:
        try:
            await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", port)
        except OSError as error:
            logs["server"] += [type(error).__name__, error.errno == errno.EADDRINUSE]
    again = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", port)
    logs["server"].append(again.is_serving())
    again.close()
    await again.wait_closed()


@program
async def many_bytes_arrive_in_order(logs: Logs) -> None:
    sent = b"".join(number.to_bytes(4, "big") for number in range(100_000))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = await reader.readexactly(len(sent))
        logs["server"].append(received == sent)
        writer.write(received)

    async with serving(serve) as port:
        reader, writer = await connect(port)
        writer.write(sent)
        await writer.drain()
        logs["client"].append(await reader.read() == sent)
        await close(writer)


@program
async def drain_waits_for_a_peer_that_does_not_read(logs: Logs) -> None:
    go_on = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        logs["server"].append(len(await reader.read()))

    async with serving(serve) as port:
        _reader, writer = await connect(port)
        writer.write(b"x" * BIG)
        logs["client"] += [writer.transport.get_write_buffer_size() > 0, await ends(asyncio.wait_for(writer.drain(), TICK))]
        go_on.set()
        logs["client"].append(await ends(writer.drain()))
        await close(writer)


@program
async def closing_sends_what_was_written(logs: Logs) -> None:
    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        logs["server"].append(len(await reader.read()))

    async with serving(serve) as port:
        _reader, writer = await connect(port)
        writer.write(b"x" * BIG)
        writer.close()
        logs["client"].append(writer.is_closing())
        await writer.wait_closed()


@program
async def a_peer_that_closes_without_reading_resets(logs: Logs) -> None:
    paused, written = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logs["server"].append(await reader.readexactly(1))
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads, too
        paused.set()
        await written.wait()

    async with serving(serve) as port:
        reader, writer = await connect(port)
        writer.write(b"x")
        await paused.wait()
        writer.write(b"y")
        written.set()
        logs["client"].append(await ends(reader.read()))
        logs["client"].append(type(reader.exception()).__name__)
        logs["client"].append(await ends(close(writer)))


@program
async def writing_to_a_peer_that_has_gone_fails_in_the_end(logs: Logs) -> None:
    async def serve(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        logs["server"].append("goes")

    async with serving(serve) as port:
        reader, writer = await connect(port)
        logs["client"].append(await reader.read())
        failed: object = None
        for _ in range(100):
            writer.write(b"x")
            failed = await ends(writer.drain())
            if failed is not None:
                break
            await asyncio.sleep(TICK / 10)
        logs["client"].append(failed in ("ConnectionResetError", "BrokenPipeError"))
        await ends(close(writer))


@program
async def a_handler_that_fails_is_reported(logs: Logs) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: logs["server"].append(repr(context["exception"])))

    async def handle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        raise ValueError("in the handler")

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    reader, writer = await connect(server.sockets[0].getsockname()[1])
    logs["client"].append(await reader.read())
    await close(writer)
    await asyncio.sleep(TICK)
    server.close()
    await server.wait_closed()


@program
async def the_names_of_both_ends(logs: Logs) -> None:
    seen: dict[str, Any] = {}

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.update(peer=writer.get_extra_info("peername"), name=writer.get_extra_info("sockname"))

    async with serving(serve) as port:
        reader, writer = await connect(port)
        await reader.read()
        logs["client"] += [
            writer.get_extra_info("peername") == ("127.0.0.1", port),
            writer.get_extra_info("sockname")[0],
            writer.get_extra_info("socket").family,
            writer.get_extra_info("socket").type,
            writer.get_extra_info("no such thing", "default"),
        ]
        logs["both"] += [seen["peer"] == writer.get_extra_info("sockname"), seen["name"] == writer.get_extra_info("peername")]
        await close(writer)


@program
async def a_client_with_an_address_of_its_own(logs: Logs) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logs["server"].append(writer.get_extra_info("peername")[0])

    async with serving(serve) as port:
        reader, writer = await connect(port, local_addr=("127.0.0.1", 0), happy_eyeballs_delay=0.25)
        logs["client"].append(await reader.read())
        await close(writer)


# --- servers


@program
async def a_server_starts_and_stops(logs: Logs) -> None:
    log = logs["server"]
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, start_serving=False)
    log += [server.is_serving(), len(server.sockets), server.get_loop() is asyncio.get_running_loop()]
    await server.start_serving()
    log.append(server.is_serving())
    forever = asyncio.create_task(server.serve_forever())
    await asyncio.sleep(0)
    log.append(await ends(server.serve_forever()))
    forever.cancel()
    log += [await ends(forever), server.is_serving(), len(server.sockets)]


@program
async def connections_outlive_the_listening(logs: Logs) -> None:
    accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(None)
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await connect(port)
    await accepted
    server.close()
    logs["client"].append(await ends(connect(port)))
    writer.write(b"still\n")
    logs["client"].append(await reader.read())
    await close(writer)
    await server.wait_closed()


# --- protocols


@program
async def the_callbacks_of_a_connection(logs: Logs) -> None:
    async with pair(logs["client"], logs["server"]) as (client, server):
        client.transport.write(b"abc")
        client.transport.write(b"def")
        client.transport.close()
        logs["client"].append(client.transport.is_closing())
        await server.lost


@program
async def a_protocol_that_keeps_its_half_open(logs: Logs) -> None:
    async with pair(logs["client"], logs["server"], keep=True) as (client, server):
        client.transport.write(b"question")
        client.transport.write_eof()
        await server.ended
        logs["server"].append(server.transport.is_closing())
        server.transport.write(b"answer")
        server.transport.close()
        await client.lost
        logs["client"].append(client.data)


@program
async def watermarks_pause_and_resume_the_writer(logs: Logs) -> None:
    async with pair(logs["client"], logs["server"]) as (client, server):
        server.transport.pause_reading()
        logs["server"].append(server.transport.is_reading())
        logs["client"].append(client.transport.get_write_buffer_limits())
        client.transport.set_write_buffer_limits(high=1000, low=10)
        logs["client"].append(client.transport.get_write_buffer_limits())
        client.transport.write(b"x" * BIG)
        await asyncio.sleep(TICK)
        logs["server"].append(len(server.data))
        server.transport.resume_reading()
        client.transport.write_eof()
        await server.ended
        server.log[:] = [(each[0], len(each[1])) if each[0] == "eof" else each for each in server.log if isinstance(each, tuple)]


@program
async def reading_pauses_and_goes_on(logs: Logs) -> None:
    async with pair(logs["client"], logs["server"]) as (client, server):
        server.transport.pause_reading()
        server.transport.pause_reading()
        client.transport.write(b"abc")
        await asyncio.sleep(TICK)
        logs["server"].append(server.data)
        server.transport.resume_reading()
        server.transport.resume_reading()
        client.transport.close()
        await server.lost


@program
async def aborting_drops_what_was_not_sent(logs: Logs) -> None:
    async with pair(logs["client"], logs["server"]) as (client, server):
        server.transport.pause_reading()
        client.transport.write(b"x" * BIG)
        client.transport.abort()
        await client.lost
        logs["client"].append(client.transport.is_closing())
        server.transport.resume_reading()
        await server.lost
        logs["server"][1:-1] = [len(server.data) < BIG]
        client.transport.write(b"into nothing")


@program
async def a_reset_is_told_to_the_protocol(logs: Logs) -> None:
    async with pair(logs["client"], logs["server"]) as (client, server):
        server.transport.pause_reading()
        client.transport.write(b"x")
        await asyncio.sleep(TICK)
        server.transport.abort()
        await client.lost


class Buffered(asyncio.BufferedProtocol):
    def __init__(self, log: list[object]) -> None:
        self.log, self.buffer, self.data = log, bytearray(4), b""
        self.lost = asyncio.get_running_loop().create_future()

    def get_buffer(self, _sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data += self.buffer[:nbytes]

    def connection_lost(self, exc: Exception | None) -> None:
        self.log += [self.data, exc]
        self.lost.set_result(None)


@program
async def a_protocol_with_its_own_buffer(logs: Logs) -> None:
    loop = asyncio.get_running_loop()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"more than four bytes")

    async with serving(serve) as port:
        transport, protocol = await loop.create_connection(lambda: Buffered(logs["client"]), "127.0.0.1", port)
        await protocol.lost
        logs["client"].append(transport.is_closing())


@program
async def the_protocol_is_exchanged(logs: Logs) -> None:
    async with pair(logs["client"], logs["server"]) as (client, server):
        other = Logging(logs["other"])
        server.transport.set_protocol(other)
        logs["server"].append(server.transport.get_protocol() is other)
        client.transport.write(b"abc")
        client.transport.write_eof()
        await other.ended
        await other.lost
        server.lost.set_result(None)


@program
async def a_socket_is_connected_first(logs: Logs) -> None:
    loop = asyncio.get_running_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())

    async with serving(serve) as port:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(b"line\n")
        logs["client"].append(await reader.read())
        await close(writer)


@program
async def an_address_is_found(logs: Logs) -> None:
    found = await asyncio.get_running_loop().getaddrinfo("localhost", 80, family=socket.AF_INET, type=socket.SOCK_STREAM)
    logs["here"] += [(*each[:3], each[4]) for each in found]
    logs["here"].append(await ends(asyncio.get_running_loop().getaddrinfo("127.0.0.1", "http", type=socket.SOCK_STREAM)))
    logs["here"].append(await ends(asyncio.get_running_loop().getaddrinfo("127.0.0.1", "no-such-service")))


@program
async def the_names_of_an_address_are_found(logs: Logs) -> None:
    loop, numbers = asyncio.get_running_loop(), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    for port, flags in ((80, 0), (80, numbers), (80, socket.NI_NUMERICSERV), (53, socket.NI_DGRAM), (49_999, 0)):
        logs["here"].append(await loop.getnameinfo(("127.0.0.1", port), flags))
    logs["here"].append(await ends(loop.getnameinfo(("127.0.0.1", 80), numbers | socket.NI_NAMEREQD)))


# --- Unix sockets


@program
async def a_unix_socket(logs: Logs) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logs["server"] += [await reader.readline(), writer.get_extra_info("peername")]
        writer.write(b"answer")
        writer.close()

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "socket")
        logs["client"].append(await ends(asyncio.open_unix_connection(path)))
        server = await asyncio.start_unix_server(handle, path)
        reader, writer = await asyncio.open_unix_connection(path)
        logs["client"].append(writer.get_extra_info("peername") == path)
        writer.write(b"question\n")
        logs["client"].append(await reader.read())
        await close(writer)
        server.close()
        await server.wait_closed()
        logs["client"].append(await ends(asyncio.open_unix_connection(path)))
        server = await asyncio.start_unix_server(handle, path)
        logs["server"].append(server.is_serving())
        server.close()
        await server.wait_closed()


# --- datagrams


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, log: list[object], answer: bool = False) -> None:
        self.log, self.answer = log, answer
        self.transport: Any = None
        self.heard: asyncio.Queue[object] = asyncio.Queue()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.log.append("made")

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.log.append(data)
        if self.answer:
            self.transport.sendto(data.upper(), addr)
        self.heard.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self.log.append(type(exc).__name__)
        self.heard.put_nowait(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.log.append(("lost", exc))


@program
async def datagrams_are_answered(logs: Logs) -> None:
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(lambda: Datagrams(logs["server"], True), local_addr=("127.0.0.1", 0))
    address = server.get_extra_info("sockname")
    client, heard = await loop.create_datagram_endpoint(lambda: Datagrams(logs["client"]), remote_addr=address)
    logs["client"].append(client.get_extra_info("peername") == address)
    for data in (b"one", b"two", b"three"):
        client.sendto(data)
    for _ in range(3):
        await heard.heard.get()
    free, other = await loop.create_datagram_endpoint(lambda: Datagrams(logs["free"]), local_addr=("127.0.0.1", 0))
    free.sendto(b"four", address)
    await other.heard.get()
    for transport in (client, free, server):
        transport.close()
    await asyncio.sleep(TICK)


@program
async def a_datagram_to_nobody(logs: Logs) -> None:
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(lambda: Datagrams([]), local_addr=("127.0.0.1", 0))
    address = server.get_extra_info("sockname")
    server.close()
    await asyncio.sleep(TICK)
    client, heard = await loop.create_datagram_endpoint(lambda: Datagrams(logs["client"]), remote_addr=address)
    client.sendto(b"lost")
    await heard.heard.get()
    client.sendto(b"x" * 100_000)
    await heard.heard.get()
    client.close()
    await asyncio.sleep(TICK)

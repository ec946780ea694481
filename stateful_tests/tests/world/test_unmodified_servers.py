"""Released servers and clients run on the simulated network as they are: websockets, uvicorn with Starlette, aiohttp."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

import subwarden

SCHEDULES = 40


def holds(scenario: Any) -> None:
    found = subwarden.explore(scenario, schedules=SCHEDULES, order="fifo", leave=["keepalive", "LifespanOn.main"])
    assert found.verdict == "holds", str(found)


def test_websockets() -> None:
    client = pytest.importorskip("websockets.asyncio.client")
    server = pytest.importorskip("websockets.asyncio.server")

    async def echo(socket: Any) -> None:
        async for message in socket:
            await socket.send(message)

    async def visit(name: str) -> None:
        async with client.connect("ws://localhost:8765") as socket:
            await socket.send(name)
            assert await socket.recv() == name

    async def scenario() -> None:
        async with server.serve(echo, "localhost", 8765):
            await asyncio.gather(visit("ann"), visit("bob"))

    holds(scenario)


def test_uvicorn_with_starlette() -> None:
    uvicorn = pytest.importorskip("uvicorn")
    applications = pytest.importorskip("starlette.applications")
    responses = pytest.importorskip("starlette.responses")
    routing = pytest.importorskip("starlette.routing")

    async def hello(request: Any) -> Any:
        return responses.PlainTextResponse(f"hello {request.path_params['name']}")

    async def scenario() -> None:
        app = applications.Starlette(routes=[routing.Route("/{name}", hello)])
        server = uvicorn.Server(uvicorn.Config(app, host="localhost", port=8000, log_config=None, loop="none", http="h11"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(2)
        reader, writer = await asyncio.open_connection("localhost", 8000)
        writer.write(b"GET /ann HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"hello ann")
        writer.close()
        server.should_exit = True
        await serving

    holds(scenario)


def test_aiohttp() -> None:
    aiohttp = pytest.importorskip("aiohttp")
    web = pytest.importorskip("aiohttp.web")

    async def hello(request: Any) -> Any:
        return web.Response(text=f"hello {request.match_info['name']}")

    async def scenario() -> None:
        app = web.Application()
        app.router.add_get("/{name}", hello)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "localhost", 8080).start()
        async with aiohttp.ClientSession() as session, session.get("http://localhost:8080/ann") as answer:
            assert await answer.text() == "hello ann"
        await runner.cleanup()

    holds(scenario)


def test_a_connection_is_made_before_it_is_lost_also_for_one_who_gives_up_waiting_for_it() -> None:
    """In `any`, too: every loop calls the methods of a protocol in this order. Clients of aiohttp and websockets failed in it."""

    async def scenario() -> None:
        calls: list[str] = []

        class Client(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                calls.append("made")

            def data_received(self, data: bytes) -> None:
                calls.append("data")

            def connection_lost(self, error: Exception | None) -> None:
                calls.append("lost")

        async def hello(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            writer.close()

        async with await asyncio.start_server(hello, "localhost", 7000):
            connects = asyncio.get_running_loop().create_connection(Client, "localhost", 7000)
            with suppress(asyncio.CancelledError):
                transport, _ = await subwarden.may_cancel(connects)
                transport.close()
            await asyncio.sleep(5)
        assert not calls or calls in (["made", "lost"], ["made", "data", "lost"]), calls

    found = subwarden.explore(scenario, schedules=300, order="any")
    assert found.verdict == "holds", str(found)

"""A chat on aiohttp, as its documentation and demos teach it: the sockets of an application in a set, a broadcast in a loop."""

import asyncio
import contextlib

import aiohttp
from aiohttp import web


async def handler(request):
    sockets = request.app["sockets"]
    name = request.match_info["name"]
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    sockets[name] = socket
    try:
        async for message in socket:
            for each in list(sockets.values()):
                with contextlib.suppress(*request.app["ignored"]):
                    await each.send_str(f"{name}: {message.data}")
    finally:
        del sockets[name]
    return socket


async def serves(*ignored):
    app = web.Application()
    app["sockets"], app["ignored"] = {}, ignored
    app.router.add_get("/ws/{name}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 8080).start()
    async with aiohttp.ClientSession() as session, aiohttp.ClientSession() as another:
        ann = await session.ws_connect("http://localhost:8080/ws/ann")
        await another.ws_connect("http://localhost:8080/ws/bob")
        leaving = asyncio.create_task(another.close())  # bob closes his browser, which says no goodbye
        for said in ("hello", "still there?"):
            await ann.send_str(said)
            while await ann.receive_str() != f"ann: {said}":
                pass
        await leaving
        await ann.close()
    await runner.cleanup()


async def chat():
    await serves()


async def careful():
    await serves(ConnectionError)

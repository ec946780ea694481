"""Ann talks, while bob may leave at any moment: in process, and on uvicorn over the simulated network."""

import asyncio

import uvicorn
import websockets

import subwarden


async def talks(name):
    async with subwarden.asgi(name) as client:
        ann = await client.websocket("/ws/ann")
        await client.websocket("/ws/bob", may_vanish=True)
        for said in ("hello", "still there?"):
            await ann.send(said)
            while await ann.receive() != f"ann: {said}":
                pass


async def chat():
    await talks("fastapi_chat:app")


async def careful():
    await talks("fastapi_chat:careful")


async def serves(name):
    server = uvicorn.Server(uvicorn.Config(subwarden.fresh(name), host="localhost", port=8000, log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.1)

    ann = await websockets.connect("ws://localhost:8000/ws/ann")
    bob = await websockets.connect("ws://localhost:8000/ws/bob")
    leaving = asyncio.create_task(bob.close())
    for said in ("hello", "still there?"):
        await ann.send(said)
        while await ann.recv() != f"ann: {said}":
            pass
    await leaving
    await ann.close()
    server.should_exit = True
    await serving


async def chat_on_uvicorn():
    await serves("fastapi_chat:app")


async def careful_on_uvicorn():
    await serves("fastapi_chat:careful")

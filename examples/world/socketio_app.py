"""python-socketio as it is, through its ASGI application: a client that leaves by long polling while its connect handler asks a store."""

import asyncio
import json

import socketio

import subwarden


def application():
    server = socketio.AsyncServer(async_mode="asgi", monitor_clients=False)
    here = set()

    @server.event
    async def connect(sid, environ):
        await asyncio.sleep(0.1)  # asks a store who this is
        here.add(sid)

    @server.event
    async def disconnect(sid, reason):
        here.discard(sid)

    return socketio.ASGIApp(server), here


async def leaves_while_it_is_asked():
    app, here = application()
    client = subwarden.asgi(app)
    opened = await client.request("GET", "/socket.io/?EIO=4&transport=polling")
    path = f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opened.body[1:])['sid']}"
    await asyncio.gather(
        client.request("POST", path, body=b"40"),  # connects to the namespace `/`
        client.request("POST", path, body=b"1"),  # closes
    )
    await asyncio.sleep(1)
    assert not here, "the client has left, and the application was not told"

"""Rooms on FastAPI, held against the core model: from outside, and with a look at its two tables. Each other name has a planted fault."""

from contextlib import suppress

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

import subwarden


def rooms(fault=""):
    app, rooms, joined = FastAPI(), {}, {}
    app.state.rooms, app.state.joined = rooms, joined  # the members of each room, by client; the rooms of each client

    @app.websocket("/ws/{client}")
    async def talk(socket: WebSocket, client: str):
        await socket.accept()
        with suppress(WebSocketDisconnect):
            async for said in socket.iter_json():
                room = rooms.setdefault(said["room"], [])
                if said["do"] == "join" and ((client, socket) not in room or fault == "joins twice"):
                    room.append((client, socket))
                    joined.setdefault(client, set()).add(said["room"])
                elif said["do"] == "leave" and (client, socket) in room and fault != "forgets":
                    room.remove((client, socket))
                    if fault != "one table":
                        joined[client].remove(said["room"])
                elif said["do"] == "say":
                    for _, each in list(room):
                        with suppress(WebSocketDisconnect, RuntimeError):  # that client has gone
                            await each.send_text(said["text"])
        if fault != "keeps the gone":
            joined.pop(client, None)
            for room in rooms.values():
                room[:] = [member for member in room if member[1] is not socket]

    return app


def adapter(app, observe=None):
    return subwarden.AsgiHub(
        app,
        path="/ws/{client}",
        subscribe=lambda topic: {"do": "join", "room": topic},
        unsubscribe=lambda topic: {"do": "leave", "room": topic},
        publish=lambda topic, message: {"do": "say", "room": topic, "text": message},
        observe=observe,
    )


def tables(app):
    members = {room: {client for client, _ in of} for room, of in app.state.rooms.items()}
    return {"rooms": members, "joined": {client: set(of) for client, of in app.state.joined.items()}}


Hub = adapter(rooms)
Forgets = adapter(lambda: rooms("forgets"))
JoinsTwice = adapter(lambda: rooms("joins twice"))
Shown = adapter(rooms, tables)
OneTable = adapter(lambda: rooms("one table"), tables)
KeepsTheGone = adapter(lambda: rooms("keeps the gone"), tables)

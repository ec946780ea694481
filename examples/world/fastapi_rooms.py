"""Rooms on FastAPI, held against the core model from outside. `Forgets` does not remove a client that leaves a room."""

from contextlib import suppress

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

import subwarden


def rooms(forgets=False):
    app, rooms = FastAPI(), {}

    @app.websocket("/ws/{client}")
    async def talk(socket: WebSocket, client: str):
        await socket.accept()
        with suppress(WebSocketDisconnect):
            async for said in socket.iter_json():
                room = rooms.setdefault(said["room"], [])
                if said["do"] == "join" and socket not in room:
                    room.append(socket)
                elif said["do"] == "leave" and socket in room and not forgets:
                    room.remove(socket)
                elif said["do"] == "say":
                    for each in list(room):
                        with suppress(WebSocketDisconnect, RuntimeError):  # that client has gone
                            await each.send_text(said["text"])
        for room in rooms.values():
            if socket in room:
                room.remove(socket)

    return app


def adapter(app):
    return subwarden.AsgiHub(
        app,
        path="/ws/{client}",
        subscribe=lambda topic: {"do": "join", "room": topic},
        unsubscribe=lambda topic: {"do": "leave", "room": topic},
        publish=lambda topic, message: {"do": "say", "room": topic, "text": message},
    )


Hub = adapter(rooms)
Forgets = adapter(lambda: rooms(forgets=True))

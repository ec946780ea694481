"""A chat application on ASGI as tutorials teach it, in two versions, and the adapter that holds it against the core model."""

import contextlib
import json

import subwarden


def chat(forgets):
    topics = {}

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while (message := await receive())["type"] == "websocket.receive":
                said = json.loads(message["text"])
                members = topics.setdefault(said["topic"], [])
                if said["do"] == "join" and send not in members:
                    members.append(send)
                elif said["do"] == "leave" and send in members:
                    if forgets:
                        members.remove(send)
                elif said["do"] == "say":
                    for each in list(members):
                        with contextlib.suppress(OSError):  # that client has gone
                            await each({"type": "websocket.send", "text": said["text"]})
        finally:
            for members in topics.values():
                if send in members:
                    members.remove(send)

    return app


def adapter(make):
    return subwarden.AsgiHub(
        make,
        path="/ws/{client}",
        subscribe=lambda topic: {"do": "join", "topic": topic},
        unsubscribe=lambda topic: {"do": "leave", "topic": topic},
        publish=lambda topic, message: {"do": "say", "topic": topic, "text": message},
    )


Hub = adapter(lambda: chat(forgets=True))
Keeps = adapter(lambda: chat(forgets=False))

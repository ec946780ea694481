"""Topics on an ASGI websocket, right or with one planted fault, for `subwarden.AsgiHub`.

Without a fault it holds, whichever way its clients leave.
"""

import asyncio
import contextlib
import json
from typing import Any

import subwarden

#: What each fault does, by name.
FAULTS = {
    "keeps who leaves": "`leave` does nothing",
    "joins twice": "who joins a topic again gets each message twice",
    "leaves once": "who joins a topic again stays in it after one `leave`",
    "acknowledges early": "`join` is handed to a task, which asks the store first",
    "stops at a broken client": "a broadcast ends at the first member that has gone",
    "forgets on reset": "a member that left without a goodbye (code 1006) is never removed, and breaks the next broadcast",
    "ends all at a reset": "a member that left without a goodbye takes all members of its topics along",
    "forgets a second topic": "who joins a second topic is out of the first",
    "walks the live list": "a broadcast goes through the list of members itself: if one leaves meanwhile, the next is passed over",
}
STORING = 0.01  # seconds
GONE = 1006  # the code of a connection that ended without a goodbye


class App:
    """The members of each topic. `fault`: one of `FAULTS`, or nothing."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.topics: dict[str, list[Any]] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        while message["type"] == "websocket.receive":
            said = json.loads(message["text"])
            if said["do"] == "say":
                await self.say(said["topic"], said["text"])
            elif self.fault == "acknowledges early" and said["do"] == "join":
                task = asyncio.create_task(self.act(send, said["do"], said["topic"]))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            else:
                await self.act(send, said["do"], said["topic"])
            message = await receive()
        broken = message["code"] == GONE
        if not (broken and self.fault == "forgets on reset"):
            self.remove(send, everybody=broken and self.fault == "ends all at a reset")

    async def act(self, member: Any, do: str, topic: str) -> None:
        """`member` joins or leaves."""
        members, fault = self.topics.setdefault(topic, []), self.fault
        if fault == "acknowledges early":
            await asyncio.sleep(STORING)
        if do == "join" and (member not in members or fault in ("joins twice", "leaves once")):
            if fault == "forgets a second topic":
                self.remove(member)
            members.append(member)
        elif do == "leave" and member in members and fault != "keeps who leaves":
            if fault == "leaves once":
                members.remove(member)
            else:
                self.remove(member, topic)

    async def say(self, topic: str, text: str) -> None:
        """Send `text` to each member."""
        members = self.topics.get(topic, [])
        if self.fault == "leaves once":
            members = list(dict.fromkeys(members))
        if self.fault in ("stops at a broken client", "forgets on reset"):
            with contextlib.suppress(OSError):
                for each in list(members):
                    await each({"type": "websocket.send", "text": text})
            return
        for each in members if self.fault == "walks the live list" else list(members):
            with contextlib.suppress(OSError):
                await each({"type": "websocket.send", "text": text})

    def remove(self, member: Any, topic: str | None = None, *, everybody: bool = False) -> None:
        """`member` has gone, or has left one topic."""
        for each, members in self.topics.items():
            if member in members and topic in (None, each):
                members[:] = [other for other in members if other is not member and not everybody]


def hub(fault: str = "") -> Any:
    """The adapter of an application with this fault."""
    return subwarden.AsgiHub(
        lambda: App(fault),
        path="/ws/{client}",
        subscribe=lambda topic: {"do": "join", "topic": topic},
        unsubscribe=lambda topic: {"do": "leave", "topic": topic},
        publish=lambda topic, message: {"do": "say", "topic": topic, "text": message},
    )

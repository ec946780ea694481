"""A chat room as one writes it first, with a race in it. `subwarden explore examples/chat.py:scenario` shows it; `fixed` holds."""

import asyncio


class Room:
    def __init__(self):
        self.members = {}

    def join(self, name):
        self.members[name] = asyncio.Queue(maxsize=1)

    def leave(self, name):
        del self.members[name]

    async def say(self, text):
        for inbox in self.members.values():
            await inbox.put(text)


class FixedRoom(Room):
    async def say(self, text):
        for inbox in list(self.members.values()):  # a copy: somebody may leave while an inbox is full
            await inbox.put(text)


async def visit(room):
    room.join("ann")
    room.join("bob")

    async def ann():
        inbox = room.members["ann"]
        return [await inbox.get(), await inbox.get()]

    async def bob():
        await room.members["bob"].get()
        room.leave("bob")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(room.say("hello"))
        tasks.create_task(room.say("anyone?"))
        tasks.create_task(ann())
        tasks.create_task(bob())


async def scenario():
    await visit(Room())


async def fixed():
    room = FixedRoom()
    await visit(room)
    assert list(room.members) == ["ann"]

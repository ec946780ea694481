"""More of the option in examples/options/presence.py: hubs that are right in another way, and planted defects."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "options"))
from presence import Adapter, Room


class SilentLeave(Room):
    """Nobody is told of a member whose connection ends."""

    def leave(self, client, room):
        members = self.members.get(room, [])
        if client in members:
            members.remove(client)
            return True
        return False


class Again(Room):
    """It tells the others before it looks whether the client is in already."""

    async def join(self, client, room):
        for each in self.members.setdefault(room, []):
            if each != client:
                self.tell(each, ("join", client, room))
        await self.push(client)
        await super().join(client, room)


class Joins(Room):
    """Who is there is told as joins, again to each client that comes back."""

    async def greet(self, client, room, state):
        for each in state:
            self.tell(client, ("join", each, room))
        await self.push(client)


class OneByOne(Adapter):
    room = Joins


class Silent(Adapter):
    room = SilentLeave


class Repeated(Adapter):
    room = Again

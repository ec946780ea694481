"""Chat rooms with one defect, for docs/bring-your-own.md: `join` checks the client, awaits, and does not check it again."""


class Rooms:
    def __init__(self, load):
        self.load = load  # of a room's history, from a store
        self.clients = set()
        self.members = {}

    async def join(self, client, room):
        if client not in self.clients:
            return False
        await self.load(room)
        self.members.setdefault(room, set()).add(client)
        return True

    async def quit(self, client):
        self.clients.discard(client)
        for members in self.members.values():
            members.discard(client)


class Adapter:
    def __init__(self, env):
        self.env = env
        self.quitters = set()
        self.rooms = Rooms(self.load)

    async def load(self, room):
        await self.env.park(f"store of {room}")

    async def connect(self, client):
        if client not in self.quitters:
            self.rooms.clients.add(client)

    async def subscribe(self, client, topic):
        return await self.rooms.join(client, topic)

    async def disconnect(self, client):
        self.quitters.add(client)
        await self.rooms.quit(client)

    def observe(self):
        return self.rooms.members

"""A chat whose model is made of ready parts (docs/adapters/models.md): who is there, and rooms with two places."""

from subwarden import parts


class Chat:
    """`greet(client, room)` is a coroutine function."""

    def __init__(self, greet):
        self.greet = greet
        self.clients, self.rooms = set(), {}

    def hello(self, client):
        new = client not in self.clients
        self.clients.add(client)
        return new

    def bye(self, client):
        known = client in self.clients
        self.clients.discard(client)
        for members in self.rooms.values():
            members.discard(client)
        return known

    async def join(self, client, room):
        members = self.rooms.setdefault(room, set())
        if client not in self.clients or client in members or len(members) >= 2:
            return False
        members.add(client)
        await self.greet(client, room)
        return True

    def leave(self, client, room):
        known = client in self.rooms.get(room, ())
        self.rooms.get(room, set()).discard(client)
        return known


class Polite(Chat):
    """It greets before it lets in."""

    async def join(self, client, room):
        members = self.rooms.setdefault(room, set())
        if client not in self.clients or client in members or len(members) >= 2:
            return False
        await self.greet(client, room)
        members.add(client)
        return True


class Adapter:
    model = parts.Together(
        clients=parts.Registry(enter="hello", leave="bye", check="join"),
        rooms=parts.Room(size=2, clear="bye"),
    )
    chat = Chat

    def __init__(self, env):
        self.env = env
        self.ours = self.chat(self.greet)
        self.hello, self.bye, self.join, self.leave = self.ours.hello, self.ours.bye, self.ours.join, self.ours.leave

    async def greet(self, client, room):
        await self.env.park(f"greet {client} in {room}")

    def observe(self):
        return {
            "clients": self.ours.clients,
            "rooms": {(client, room) for room, members in self.ours.rooms.items() for client in members},
        }


class Greeting(Adapter):
    chat = Polite

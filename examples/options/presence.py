"""Option `presence` (docs/adapters/options.md): whoever is in a room is told who is there, who joins and who leaves."""


class Room:
    """`push(client)`, a coroutine function, is the way of a whole state to the client; `tell(client, event)` sends one event at once."""

    def __init__(self, push, tell):
        self.push, self.tell = push, tell
        self.members = {}  # room -> its members

    async def join(self, client, room):
        members = self.members.setdefault(room, [])
        if client in members:
            return
        for each in members:
            self.tell(each, ("join", client, room))
        members.append(client)
        self.tell(client, ("state", room, list(members)))
        await self.push(client)

    def leave(self, client, room):
        members = self.members.get(room, [])
        if client in members:
            members.remove(client)
            for each in members:
                self.tell(each, ("leave", client, room))
            return True
        return False


class LateState(Room):
    """The state is read, and sent later: who has left meanwhile is in it."""

    async def join(self, client, room):
        members = self.members.setdefault(room, [])
        if client in members:
            return
        for each in members:
            self.tell(each, ("join", client, room))
        members.append(client)
        state = list(members)
        await self.push(client)
        self.tell(client, ("state", room, state))


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


class Adapter:
    presence = True
    room = Room

    def __init__(self, env):
        self.env = env
        self.ours = self.room(self.push, self.tell)
        self.clients, self.gone, self.events = set(), set(), {}

    async def push(self, client):
        await self.env.park(f"state to {client}")

    def tell(self, client, event):
        self.events.setdefault(client, []).append(event)

    def connect(self, client):
        if client not in self.gone:
            self.clients.add(client)

    async def subscribe(self, client, topic):
        if client not in self.clients:
            return False
        await self.ours.join(client, topic)
        return True

    def unsubscribe(self, client, topic):
        return self.ours.leave(client, topic)

    def disconnect(self, client):
        self.gone.add(client)
        self.clients.discard(client)
        for topic in list(self.ours.members):
            self.ours.leave(client, topic)

    def observe(self):
        return {(client, room) for room, members in self.ours.members.items() for client in members}

    def sees(self):
        return self.events


class Late(Adapter):
    room = LateState


class Silent(Adapter):
    room = SilentLeave


class Repeated(Adapter):
    room = Again

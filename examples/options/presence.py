"""Option `presence` (docs/adapters/options.md): whoever is in a room is told who is there, who joins and who leaves."""

import subwarden


class Room:
    """`push(client)`, a coroutine function, is the way of a whole state to the client; `tell(client, event)` sends one event at once."""

    def __init__(self, push, tell):
        self.push, self.tell = push, tell
        self.members = {}  # room -> its members

    async def join(self, client, room):
        members = self.members.setdefault(room, [])
        if client not in members:
            for each in members:
                self.tell(each, ("join", client, room))
            members.append(client)
            await self.greet(client, room, list(members))

    async def greet(self, client, room, state):
        self.tell(client, ("state", room, state))
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

    async def greet(self, client, room, state):
        await self.push(client)
        self.tell(client, ("state", room, state))


class Adapter(subwarden.Clients):
    presence = True
    room = Room

    def __init__(self, env):
        super().__init__(env)
        self.events = {}
        self.ours = self.room(self.push, self.tell)
        self.joins, self.unsubscribe = self.ours.join, self.ours.leave

    async def push(self, client):
        await self.env.park(f"state to {client}")

    def tell(self, client, event):
        self.events.setdefault(client, []).append(event)

    def ends(self, client):
        for topic in list(self.ours.members):
            self.ours.leave(client, topic)

    def observe(self):
        return {(client, room) for room, members in self.ours.members.items() for client in members}

    def sees(self):
        return self.events


class Late(Adapter):
    room = LateState

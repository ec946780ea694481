"""Option `shares` (docs/adapters/options.md): the subscribers of a topic share its messages, and each goes to exactly one of them."""

import subwarden


class Pool:
    """`send(client, message)` is a coroutine function."""

    def __init__(self, send):
        self.send = send
        self.members = {}  # topic -> its members, the next one first

    def subscribe(self, client, topic):
        members = self.members.setdefault(topic, [])
        if client not in members:
            members.append(client)

    def leave(self, client):
        for members in self.members.values():
            if client in members:
                members.remove(client)

    async def publish(self, topic, message):
        members = self.members.get(topic)
        if members:
            client = members.pop(0)
            members.append(client)
            await self.send(client, message)


class Peeking(Pool):
    """It looks who is next, sends, and gives the message to the next one, too, if that has changed meanwhile."""

    async def publish(self, topic, message):
        members = self.members.get(topic)
        if members:
            client = members[0]
            await self.send(client, message)
            if members and members[0] != client:
                await self.send(members[0], message)
            elif members:
                members.append(members.pop(0))


class Adapter(subwarden.Clients):
    shares = True
    pool = Pool

    def __init__(self, env):
        super().__init__(env)
        self.ours = self.pool(self.send)
        self.joins, self.publish, self.ends = self.ours.subscribe, self.ours.publish, self.ours.leave


class Twice(Adapter):
    pool = Peeking

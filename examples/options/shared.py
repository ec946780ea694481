"""Option `shares` (docs/adapters/options.md): the subscribers of a topic share its messages, and each goes to exactly one of them."""


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


class Busy(Pool):
    """A member is taken out while it gets a message; if all are busy, the message is dropped."""

    async def publish(self, topic, message):
        members = self.members.get(topic)
        if members:
            client = members.pop(0)
            await self.send(client, message)
            members.append(client)


class Adapter:
    shares = True
    pool = Pool

    def __init__(self, env):
        self.env = env
        self.ours = self.pool(self.send)
        self.clients, self.gone, self.inbox = set(), set(), {}
        self.publish = self.ours.publish

    async def send(self, client, message):
        await self.env.park(f"send to {client}")
        if client not in self.gone:
            self.inbox.setdefault(client, []).append(message)

    def connect(self, client):
        if client not in self.gone:
            self.clients.add(client)

    def subscribe(self, client, topic):
        if client not in self.clients:
            return False
        self.ours.subscribe(client, topic)
        return True

    def disconnect(self, client):
        self.gone.add(client)
        self.clients.discard(client)
        self.ours.leave(client)

    def delivered(self):
        return self.inbox


class Twice(Adapter):
    pool = Peeking


class Dropped(Adapter):
    pool = Busy

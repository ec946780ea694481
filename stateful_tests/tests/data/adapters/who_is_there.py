"""Who is in a room, as a viewer sees it: the whole state once, and joins and leaves as they happen; a leave may arrive before the state
(after phoenixframework/phoenix#2255, mended in #2763)."""

import asyncio


class Server:
    def __init__(self, push):
        self.push = push
        self.members, self.viewers = {}, {}

    async def come(self, who, room):
        if who in self.members.setdefault(room, set()):
            return False
        self.members[room].add(who)
        self.tell(room, "join", who)
        return True

    async def go(self, who, room):
        if who not in self.members.get(room, ()):
            return False
        self.members[room].discard(who)
        self.tell(room, "leave", who)
        return True

    def tell(self, room, what, who):
        for viewer in self.viewers.get(room, {}).values():
            viewer.diff(what, who)

    async def look(self, viewer, room):
        """Differences are sent at once; the state by the channel's own process, which is busy."""
        self.viewers.setdefault(room, {})[viewer.name] = viewer
        state = set(self.members.get(room, ()))
        await self.push(viewer)
        viewer.state(state)


class Viewer:
    def __init__(self, name):
        self.name = name
        self.sees = set()

    def diff(self, what, who):
        (self.sees.add if what == "join" else self.sees.discard)(who)

    def state(self, members):
        self.sees = members


class Patient(Viewer):
    def __init__(self, name):
        super().__init__(name)
        self.pending = []

    def diff(self, what, who):
        if self.pending is None:
            super().diff(what, who)
        else:
            self.pending.append((what, who))

    def state(self, members):
        pending, self.pending = self.pending, None
        self.sees = members
        for each in pending or ():
            super().diff(*each)


class Model:
    operations = {"come": ("client", "topic"), "go": ("client", "topic"), "look": ("client", "topic")}
    initial = (frozenset(), frozenset())  # who is where; who looks where

    def step(self, state, name, arguments):
        inside, lookers = state
        if name == "look":
            return None, (inside, lookers | {arguments})
        there = arguments in inside
        if name == "come":
            return not there, (inside | {arguments}, lookers)
        return there, (inside - {arguments}, lookers)

    def shown(self, state):
        inside, lookers = state
        return {(who, room): {c for c, t in inside if t == room} for who, room in lookers}


class Adapter:
    model = Model
    viewer = Viewer

    def __init__(self, env):
        self.env = env
        self.server = Server(self.push)
        self.come, self.go = self.server.come, self.server.go
        self.views = {}

    async def push(self, viewer):
        await self.env.park(f"state to {viewer.name}")

    async def look(self, client, topic):
        if (client, topic) in self.views:
            await self.views[client, topic][1].wait()
            return
        viewer, arrived = self.viewer(client), asyncio.Event()
        self.views[client, topic] = viewer, arrived
        await asyncio.shield(asyncio.ensure_future(self.follow(viewer, topic, arrived)))

    async def follow(self, viewer, topic, arrived):
        await self.server.look(viewer, topic)
        arrived.set()

    def observe(self):
        if any(not arrived.is_set() for _, arrived in self.views.values()):
            return None
        return {pair: set(viewer.sees) for pair, (viewer, _) in self.views.items()}


class Fixed(Adapter):
    viewer = Patient


class Core:
    """The same server, by the core model's option `presence`: whoever is in a room looks at it."""

    presence = True
    viewer = Viewer

    def __init__(self, env):
        self.env = env
        self.server = Server(self.push)
        self.clients, self.gone, self.views = set(), set(), {}

    async def push(self, viewer):
        await self.env.park(f"state to {viewer.name}")

    def connect(self, client):
        if client not in self.gone:
            self.clients.add(client)

    async def subscribe(self, client, topic):
        if client not in self.clients:
            return False
        if await self.server.come(client, topic):
            viewer = self.views[client, topic] = self.viewer(client)
            await self.server.look(viewer, topic)
        return True

    async def unsubscribe(self, client, topic):
        return await self.server.go(client, topic)

    async def disconnect(self, client):
        self.gone.add(client)
        self.clients.discard(client)
        for topic in list(self.server.members):
            await self.server.go(client, topic)

    def observe(self):
        return {(client, topic) for topic, clients in self.server.members.items() for client in clients}

    def sees(self):
        seen = {}
        for (client, topic), viewer in self.views.items():
            seen.setdefault(client, []).append(("state", topic, set(viewer.sees)))
        return seen


class CoreFixed(Core):
    viewer = Patient

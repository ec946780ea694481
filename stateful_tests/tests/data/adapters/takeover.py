"""A server's sockets by client id; a reconnect takes the place of the old socket, whose handler still runs and, when it ends,
removes the id (after Comfy-Org/ComfyUI#16010)."""


class Sockets:
    def __init__(self, hello):
        self.hello = hello
        self.sockets = {}  # client id -> the socket that messages go to

    async def opens(self, sid, socket):
        self.sockets.pop(sid, None)
        self.sockets[sid] = socket
        await self.hello(sid, socket)

    async def closes(self, sid, socket):
        """The handler of this socket ends."""
        self.sockets.pop(sid, None)


class Mended(Sockets):
    async def closes(self, sid, socket):
        if self.sockets.get(sid) is socket:
            self.sockets.pop(sid)


class Model:
    """The last opened socket of a client, if it is still open, is the one that messages go to."""

    operations = {"opens": ("client", ("first", "second")), "closes": ("client", ("first", "second")), "send": ("client",)}
    initial = ()  # (client, current or None, opened so far, closed so far)

    def step(self, state, name, arguments):
        client, *rest = arguments
        of = {c: (current, opened, closed) for c, current, opened, closed in state}
        current, opened, closed = of.get(client, (None, frozenset(), frozenset()))
        if name == "opens":
            if rest[0] in opened:
                return "again", state
            current, opened = rest[0], opened | {rest[0]}
            answer = None
        elif name == "closes":
            if rest[0] not in opened or rest[0] in closed:
                return "not open", state
            current, closed = None if current == rest[0] else current, closed | {rest[0]}
            answer = None
        else:
            return current, state
        of[client] = current, opened, closed
        return answer, tuple(sorted(((c, *each) for c, each in of.items()), key=lambda each: each[0]))

    def shown(self, state):
        return {client: current for client, current, *_ in state if current}


class Adapter:
    model = Model
    sockets = Sockets

    def __init__(self, env):
        self.env = env
        self.ours = self.sockets(self.hello)
        self.handlers, self.ended = {}, set()

    async def hello(self, sid, socket):
        await self.env.park(f"hello to {socket} of {sid}")

    async def opens(self, client, which):
        if (client, which) in self.handlers:
            return "again"
        self.handlers[client, which] = which
        await self.ours.opens(client, which)
        return None

    async def closes(self, client, which):
        if (client, which) not in self.handlers or (client, which) in self.ended:
            return "not open"
        self.ended.add((client, which))
        await self.ours.closes(client, which)
        return None

    async def send(self, client):
        return self.ours.sockets.get(client)

    def observe(self):
        return dict(self.ours.sockets)


class Fixed(Adapter):
    sockets = Mended


class Core:
    """The same server, by the core model's option `reconnects`."""

    reconnects = "takes over"
    sockets = Sockets

    def __init__(self, env):
        self.env = env
        self.ours = self.sockets(self.hello)
        self.topics = {}  # of each socket
        self.attach, self.detach = self.ours.opens, self.ours.closes

    async def hello(self, sid, socket):
        await self.env.park(f"hello to {socket} of {sid}")

    def subscribe(self, client, topic):
        if client not in self.ours.sockets:
            return False
        self.topics.setdefault(self.ours.sockets[client], set()).add(topic)
        return True

    def observe(self):
        return {(client, topic) for client, socket in self.ours.sockets.items() for topic in self.topics.get(socket, ())}


class CoreFixed(Core):
    sockets = Mended

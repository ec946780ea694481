"""Deliveries in flight with a model of its own (docs/adapters/recipes.md): what has been sent and has not arrived is not shown yet."""

import asyncio


class Model:
    """Everybody on the list has every message that came since."""

    operations = {"sign_up": ("client",), "post": ("message",)}
    initial = ()  # (client, its messages), in the order of signing up

    def step(self, state, name, arguments):
        if name == "sign_up":
            (client,) = arguments
            return (False, state) if client in dict(state) else (True, (*state, (client, ())))
        return None, tuple((client, (*messages, *arguments)) for client, messages in state)

    def shown(self, state):
        return {client: list(messages) for client, messages in state}


class List:
    """`send(client, message)`, a coroutine function, is given to a task for each client, which sends one message after another."""

    def __init__(self, send):
        self.send = send
        self.outboxes = {}

    def sign_up(self, client):
        if client in self.outboxes:
            return False
        self.outboxes[client] = asyncio.Queue()
        return True

    async def post(self, message):
        for client, outbox in self.outboxes.items():
            outbox.put_nowait(message)
            if outbox.qsize() == 1:
                self.start(client, outbox)

    def start(self, client, outbox):
        task = asyncio.create_task(self.work(client, outbox), name=f"outbox of {client}")
        outbox.task = task

    async def work(self, client, outbox):
        while not outbox.empty():
            await self.send(client, outbox._queue[0])
            outbox.get_nowait()


class Parallel(List):
    """Each message has a task of its own, so a later one may arrive first."""

    async def post(self, message):
        for client, outbox in self.outboxes.items():
            outbox.task = asyncio.create_task(self.send(client, message), name=f"{message} to {client}")


class Adapter:
    model = Model
    mailing = List

    def __init__(self, env):
        self.env = env
        self.ours = self.mailing(self.send)
        self.inboxes, self.in_flight = {}, 0

    def sign_up(self, client):
        self.inboxes.setdefault(client, [])
        return self.ours.sign_up(client)

    async def post(self, message):
        self.in_flight += len(self.inboxes)
        await self.ours.post(message)

    async def send(self, client, message):
        await self.env.park(f"send to {client}")
        self.inboxes[client].append(message)
        self.in_flight -= 1

    def observe(self):
        return None if self.in_flight else self.inboxes


class Overtaking(Adapter):
    mailing = Parallel

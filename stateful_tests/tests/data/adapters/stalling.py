"""An operation that the model lets wait for ever."""

import asyncio


class Model:
    operations = {"stall": ("client",), "greet": ("client",)}
    initial = 0

    def step(self, state, name, arguments):
        return [] if name == "stall" else ("hello", state)


class Adapter:
    model = Model

    async def stall(self, client):
        await asyncio.get_running_loop().create_future()

    async def greet(self, client):
        await asyncio.sleep(0)
        return "hello"

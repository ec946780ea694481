"""More of the option in examples/options/sessions.py: hubs that are right in another way, and planted defects."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "options"))
from sessions import Adapter, Evicting, Sockets


class Inheriting(Sockets):
    """The new socket gets the old one's topics, though it asked for none."""

    async def opens(self, client, socket):
        self.sockets[client] = socket
        self.topics.setdefault(client, set())
        await self.hello(client)


class Inherited(Adapter):
    sockets = Inheriting


class AtOnce(Adapter):
    """No call waits for anything: what comes between two calls of a handler is the end of its socket."""

    async def hello(self, client):
        pass


class EvictedAtOnce(AtOnce):
    sockets = Evicting

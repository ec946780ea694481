"""More of the option in examples/options/retained.py: hubs that are right in another way, and planted defects."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "options"))
from retained import Adapter, Log


class Overlap(Log):
    """It begins to listen, and then asks for what there is: what is published between comes twice."""

    async def subscribe(self, client, topic):
        self.listeners.setdefault(topic, {})[client] = None
        await self.fetch(topic)
        for message in self.log.get(topic, ()):
            self.send(client, message)


class Doubled(Adapter):
    log = Overlap


class LastValue(Log):
    """Keeps one message of each topic."""

    def publish(self, topic, message):
        super().publish(topic, message)
        self.log[topic] = [message]


class StaleValue(LastValue):
    """It sends what there was when it was asked after what came meanwhile."""

    async def subscribe(self, client, topic):
        there = list(self.log.get(topic, ()))
        self.listeners.setdefault(topic, {})[client] = None
        await self.fetch(topic)
        for message in there:
            self.send(client, message)


class Value(Adapter):
    retains = "last"
    log = LastValue


class Stale(Value):
    log = StaleValue

"""More of the option in examples/options/acknowledged.py: hubs that are right in another way, and planted defects."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "options"))
from acknowledged import Adapter, Queue


class Written(Queue):
    """An acknowledgement is written down before it counts, and the list that is written is the old one."""

    def __init__(self, send):
        super().__init__(send)
        self.acked = {}

    def ack(self, client, messages):
        self.acked[client] = list(messages)

    async def redeliver(self, client):
        messages = list(self.open.get(client, ()))
        for message in messages:
            await self.send(client, message)
        super().ack(client, self.acked.pop(client, ()))


class SentIsDone(Queue):
    """A message counts as acknowledged when it has been sent."""

    async def publish(self, topic, message):
        await super().publish(topic, message)
        for messages in self.open.values():
            if message in messages:
                messages.remove(message)


class SentAgainIsDone(Queue):
    """A message counts as acknowledged when it has been sent again."""

    async def redeliver(self, client):
        await super().redeliver(client)
        self.open[client] = []


class Once(Adapter):
    queue = SentAgainIsDone


class Repeats(Adapter):
    queue = Written


class Sent(Adapter):
    queue = SentIsDone


class Skipping(Queue):
    """It removes from the list that it walks along: of two messages that are acknowledged together, the second stays."""

    def ack(self, client, messages):
        for each in self.open.get(client, ()):
            if each in messages:
                self.open[client].remove(each)


class Emptied(Queue):
    """An acknowledgement empties the list, with the message that is still on its way."""

    def ack(self, client, messages):
        if any(each in messages for each in self.open.get(client, ())):
            self.open[client] = []


class Numbered(Queue):
    """An acknowledgement counts for all messages up to the last that has arrived, as if they arrived in their order."""

    def __init__(self, send):
        super().__init__(send)
        self.number = {}

    async def publish(self, topic, message):
        self.number[message] = len(self.number)
        await super().publish(topic, message)

    def ack(self, client, messages):
        last = max((self.number[each] for each in messages), default=-1)
        self.open[client] = [each for each in self.open.get(client, ()) if self.number[each] > last]


class Second(Adapter):
    queue = Skipping


class OnItsWay(Adapter):
    queue = Emptied


class Overtaken(Adapter):
    queue = Numbered

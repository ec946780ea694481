"""More of the option in examples/options/bounded.py: hubs that are right in another way, and planted defects."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "options"))
from bounded import Adapter, Hub


class Evicting(Hub):
    """It loses the new message instead of the client, and does so while there is room for one more."""

    room = 3

    def put(self, client, message):
        queue = self.queues[client]
        if queue.qsize() < queue.maxsize - 1:
            queue.put_nowait(message)


class Loses(Adapter):
    """There is room for three, and it loses the third."""

    bounded = 3
    hub = Evicting


class Oldest(Hub):
    """The oldest message makes room for the new one."""

    def put(self, client, message):
        if self.queues[client].full():
            self.queues[client].get_nowait()
        self.queues[client].put_nowait(message)


class Shedding(Adapter):
    hub = Oldest


class Strict(Hub):
    """A publish is refused if anybody's queue is full, and nobody gets the message."""

    def publish(self, topic, message):
        if any(self.queues[client].full() for client in self.topics.get(topic, ())):
            return False
        super().publish(topic, message)
        return True


class Refusing(Adapter):
    hub = Strict

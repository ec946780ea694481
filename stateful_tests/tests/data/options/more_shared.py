"""More of the option in examples/options/shared.py: hubs that are right in another way, and planted defects."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "options"))
from shared import Adapter, Pool


class Busy(Pool):
    """A member is taken out while it gets a message; if all are busy, the message is dropped."""

    async def publish(self, topic, message):
        members = self.members.get(topic)
        if members:
            client = members.pop(0)
            await self.send(client, message)
            members.append(client)


class Dropped(Adapter):
    pool = Busy

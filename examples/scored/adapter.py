"""Two checks of the rooms in hub.py, for docs/adapters/score.md: `Blind` only receives messages, `Adapter` looks at the rooms."""

from hub import Hub

import subwarden


class Blind(subwarden.Clients):
    breaks = ConnectionError
    reconnects = True

    def __init__(self, env):
        super().__init__(env)
        self.hub = Hub(self.load, self.send)
        self.connect, self.disconnect = self.hub.enter, self.hub.quit
        self.subscribe, self.publish = self.hub.join, self.hub.say

    async def load(self, room):
        await self.env.park(f"store of {room}")


class Adapter(Blind):
    def __init__(self, env):
        super().__init__(env)
        self.unsubscribe = self.hub.leave

    def observe(self):
        return self.hub.members

"""A program and an adapter that are as they should be, for rows in which something else is not."""

from subwarden.stateful_tests.tests.hostile.rows import Text

GOOD = "A connect(c1), then subscribe(c1, t1)\nB disconnect(c1)\n"
ADAPTER = """
class Good:
    def __init__(self, env): self.pairs, self.live, self.gone = set(), set(), set()
    async def connect(self, client):
        if client not in self.gone: self.live.add(client)
    async def subscribe(self, client, topic):
        if client in self.live: self.pairs.add((client, topic))
        return client in self.live
    async def disconnect(self, client):
        self.gone.add(client)
        self.live.discard(client)
        self.pairs = {pair for pair in self.pairs if pair[0] != client}
    def observe(self): return self.pairs
"""
MINE = ADAPTER.replace("Good", "Mine")
FILES: dict[str, Text] = {"good.py": ADAPTER}

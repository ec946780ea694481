"""A hub that never delivers a message: a finding of a property that only adapters have (D1)."""

from subwarden import Env


class Adapter:
    """Its publish does nothing."""

    def __init__(self, env: Env) -> None:
        self.live: set[str] = set()
        self.gone: set[str] = set()
        self.pairs: set[tuple[str, str]] = set()

    async def connect(self, client: str) -> None:
        if client not in self.gone:
            self.live.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        if client in self.live:
            self.pairs.add((client, topic))
        return client in self.live

    async def publish(self, topic: str, message: str) -> None:
        pass

    async def disconnect(self, client: str) -> None:
        self.gone.add(client)
        self.live.discard(client)
        self.pairs = {pair for pair in self.pairs if pair[0] != client}

    def observe(self) -> set[tuple[str, str]]:
        return self.pairs

    def delivered(self) -> dict[str, list[str]]:
        return {}

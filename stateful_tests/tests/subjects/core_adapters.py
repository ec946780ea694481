"""A small adapter at level core, to be changed by tests."""

from typing import Any

from subwarden.model.core.step import Connect, Subscribe

SUBSCRIBED = (Connect("c1"), Subscribe("c1", "t1"))


class Small:
    """Sound, and as small as an adapter can be."""

    def __init__(self) -> None:
        self.live: set[Any] = set()
        self.pairs: set[tuple[Any, Any]] = set()

    async def connect(self, client: Any) -> None:
        self.live.add(client)

    async def subscribe(self, client: Any, topic: Any) -> bool:
        if client not in self.live:
            return False
        self.pairs.add((client, topic))
        return True

    def observe(self) -> Any:
        return set(self.pairs)


class Sends(Small):
    """Delivers at once."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox: dict[Any, list[Any]] = {}

    async def publish(self, topic: Any, message: Any) -> None:
        for client, subscribed in sorted(self.pairs):
            if subscribed == topic:
                self.inbox.setdefault(client, []).append(message)

    def delivered(self) -> Any:
        return self.inbox

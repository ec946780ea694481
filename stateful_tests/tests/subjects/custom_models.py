"""Adapters of a user, each with a model of its own."""

import asyncio
from typing import Any


class Counting:
    """Counts the clients that have entered."""

    class model:  # named as adapters have it
        operations = {"enter": ("client",), "count": ()}
        initial: frozenset[str] = frozenset()

        @staticmethod
        def step(state: Any, name: str, arguments: Any) -> Any:
            return (None, state | {*arguments}) if name == "enter" else (len(state), state)

        @staticmethod
        def shown(state: Any) -> Any:
            return set(state)

    def __init__(self) -> None:
        self.here: set[Any] = set()

    async def enter(self, client: Any) -> None:
        self.here.add(client)

    async def count(self) -> int:
        return len(self.here)

    def observe(self) -> Any:
        return self.here  # the manager's own set, which goes on changing


class Room:
    """A room for one: `enter` waits until it is free."""

    class model:  # named as adapters have it
        operations = {"enter": (), "go": ()}
        initial = False

        @staticmethod
        def step(taken: Any, name: str, arguments: Any) -> Any:
            if name == "enter":
                return [] if taken else [(None, True)]
            return taken, False

        @staticmethod
        def shown(taken: Any) -> Any:
            return taken

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()
        self.taken = False

    async def enter(self) -> None:
        while self.taken:
            self.free.clear()
            await self.free.wait()
        self.taken = True

    async def go(self) -> bool:
        was, self.taken = self.taken, False
        self.free.set()
        return was

    def observe(self) -> Any:
        return self.taken

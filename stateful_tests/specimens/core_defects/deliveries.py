"""Defects of delivery: messages that are lost, doubled, out of order, or sent to the wrong client."""

import asyncio
from typing import Any

from subwarden.checking.core import causes as core_causes
from subwarden.model.core.step import Connect, Publish, Subscribe
from subwarden.stateful_tests.specimens.core_defects.maps import made
from subwarden.stateful_tests.specimens.core_defects.reference import PubSub
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.core.program import CoreProgram


class StaleCache(PubSub):  # type: ignore[misc]  # an example is not typed
    """A topic's list of receivers is cached, and only a subscribe invalidates it."""

    def __init__(self, send: Any) -> None:
        super().__init__(send)
        self._cache: dict[Any, list[Any]] = {}

    async def subscribe(self, client: Any, topic: Any) -> bool:
        done: bool = await super().subscribe(client, topic)
        self._cache.pop(topic, None)
        return done

    async def publish(self, topic: Any, message: Any) -> None:
        async with self._publishing.setdefault(topic, asyncio.Lock()):
            for client in self._cache.setdefault(topic, list(self._topics.get(topic, ()))):
                try:
                    await self._send(client, message)
                except ConnectionError:
                    continue


class FirstFailureEnds(PubSub):  # type: ignore[misc]  # an example is not typed
    """If one client's connection breaks, the clients after it miss the message."""

    async def publish(self, topic: Any, message: Any) -> None:
        try:
            for client in list(self._topics.get(topic, ())):
                await self._send(client, message)
        except ConnectionError:
            return


class SendsAgain(PubSub):  # type: ignore[misc]  # an example is not typed
    """A client that subscribes twice receives each message twice."""

    def __init__(self, send: Any) -> None:
        super().__init__(send)
        self._asked: list[tuple[Any, Any]] = []

    async def subscribe(self, client: Any, topic: Any) -> bool:
        done: bool = await super().subscribe(client, topic)
        if done:
            self._asked.append((client, topic))
        return done

    async def publish(self, topic: Any, message: Any) -> None:
        for client, asked in list(self._asked):
            if asked == topic and client in self._topics.get(topic, ()):
                try:
                    await self._send(client, message)
                except ConnectionError:
                    continue


class Overtaken(PubSub):  # type: ignore[misc]  # an example is not typed
    """Publishing only starts the sending, so a later message may overtake an earlier one."""

    async def publish(self, topic: Any, message: Any) -> None:
        for client in list(self._topics.get(topic, ())):
            self._sending = asyncio.create_task(self._quietly(client, message))

    async def _quietly(self, client: Any, message: Any) -> None:
        try:
            await self._send(client, message)
        except ConnectionError:
            return


TWO_HEAR = CoreProgram(
    ((Connect("c1"), Connect("c2"), Subscribe("c1", "t1"), Subscribe("c2", "t1"), Publish("t1")),)
)  # a drawn program rarely has two clients on a topic of which the first one's connection breaks
# drawn programs show these too, but take seconds instead of tenths of a second
ASKS_TWICE = CoreProgram(((Connect("c1"), Subscribe("c1", "t1"), Subscribe("c1", "t1"), Publish("t1")),))
SAYS_TWICE = CoreProgram(((Connect("c1"), Subscribe("c1", "t1")), (Publish("t1"), Publish("t1"))))

DEFECTS = (
    Defect(made(StaleCache), core_causes.STRAY, 5),
    Defect(made(FirstFailureEnds), core_causes.LOST, 5, program=TWO_HEAR),
    Defect(made(SendsAgain), core_causes.TWICE, 4, also=(core_causes.DISORDER,), program=ASKS_TWICE),
    Defect(made(Overtaken), core_causes.DISORDER, 4, program=SAYS_TWICE),
)

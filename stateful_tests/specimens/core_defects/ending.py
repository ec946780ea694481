"""Defects that show at an end: a cancellation half way, a task or a lock left behind, a deadlock."""

import asyncio
from typing import Any

from subwarden.checking import causes
from subwarden.checking.core import causes as core_causes
from subwarden.model.core.step import Connect, Subscribe
from subwarden.stateful_tests.specimens.core_defects.maps import made
from subwarden.stateful_tests.specimens.core_defects.reference import Adapter, PubSub
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.core.program import CoreProgram


class HalfSubscribed(PubSub):  # type: ignore[misc]  # an example is not typed
    """It updates one map, awaits, and updates the other map: a subscribe cancelled in between is half done."""

    async def subscribe(self, client: Any, topic: Any) -> bool:
        async with self._lock:
            if client not in self._clients:
                return False
            self._clients[client][topic] = None
            await asyncio.sleep(0)
            self._topics.setdefault(topic, {})[client] = None
            return True

    def _unlink(self, client: Any, topic: Any) -> None:
        self._clients[client].pop(topic, None)
        self._topics.get(topic, {}).pop(client, None)


class PumpLeft(PubSub):  # type: ignore[misc]  # an example is not typed
    """Each client has a task, which its disconnect does not end."""

    def __init__(self, send: Any) -> None:
        super().__init__(send)
        self._pumps: dict[Any, asyncio.Task[Any]] = {}

    async def connect(self, client: Any) -> None:
        await super().connect(client)
        if client not in self._pumps:
            self._pumps[client] = asyncio.create_task(asyncio.Event().wait())


class LockLeft(PubSub):  # type: ignore[misc]  # an example is not typed
    """A subscribe of an unknown client returns without releasing the lock."""

    async def subscribe(self, client: Any, topic: Any) -> bool:
        await self._lock.acquire()
        if client not in self._clients:
            return False
        self._clients[client][topic] = None
        self._topics.setdefault(topic, {})[client] = None
        self._lock.release()
        return True


class NobodyReads(PubSub):  # type: ignore[misc]  # an example is not typed
    """It sends in background tasks whose exceptions no task retrieves."""

    async def publish(self, topic: Any, message: Any) -> None:
        for client in list(self._topics.get(topic, ())):
            self._sending = asyncio.create_task(self._send(client, message))


class WaitsForItself(PubSub):  # type: ignore[misc]  # an example is not typed
    """A disconnect takes the lock, and unsubscribes by the public method, which takes it again."""

    async def disconnect(self, client: Any) -> None:
        async with self._lock:
            self._closed.add(client)
            for topic in list(self._clients.get(client, ())):
                await self.unsubscribe(client, topic)
            self._clients.pop(client, None)


class BothWays(PubSub):  # type: ignore[misc]  # an example is not typed
    """Publishing takes the topic's lock, then the manager's; a teardown takes them in the other order."""

    async def teardown(self, topic: Any) -> None:
        async with self._lock, self._publishing.setdefault(topic, asyncio.Lock()):
            for client in list(self._topics.get(topic, ())):
                self._unlink(client, topic)


class NotClosed(Adapter):  # type: ignore[misc]  # an example is not typed
    """Its close leaves a task behind, while a client is still connected."""

    async def connect_and_watch(self, client: Any) -> None:
        await self.pubsub.connect(client)
        self._watch = asyncio.create_task(asyncio.Event().wait())

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.connect = self.connect_and_watch

    async def close(self) -> None:
        await asyncio.sleep(0)


SUBSCRIBING = CoreProgram(((Connect("c1"),), (Subscribe("c1", "t1"),)), (1,))

DEFECTS = (
    Defect(made(HalfSubscribed), causes.MAPS_DISAGREE, 2, cancellation=True, program=SUBSCRIBING),
    Defect(made(PumpLeft), causes.LEAKED_TASK, 2),
    Defect(made(LockLeft), causes.LEAKED_LOCK, 1, also=(causes.DEADLOCK, causes.LOCK_CYCLE)),
    Defect(made(NobodyReads), causes.UNRETRIEVED, 3, also=(core_causes.DISORDER,)),
    Defect(made(WaitsForItself), causes.DEADLOCK, 3),
    Defect(made(BothWays), causes.LOCK_CYCLE, 2, also=(causes.DEADLOCK,)),
    Defect(NotClosed, causes.LEAKED_TASK, 1),
)

"""broadcaster: scripts of plain asyncio show its defects behind a slow backend, and a mended version has none of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from broadcaster import Broadcast
from broadcaster._base import Event, Subscriber

from subwarden.model.core.step import Connect, Publish, Subscribe, Unsubscribe
from subwarden.reports.script.core import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.script.run import SOUND, doubt
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.paths import module_of
from subwarden.stateful_tests.tests.subjects.held import example, shown, told

EXAMPLE = example("broadcaster_subscribe")
Memory: Any = EXAMPLE.Memory
Remote: Any = EXAMPLE.Remote
SUBJECT = "examples/broadcaster_subscribe.py:Remote"
THERE = (Connect("c1"), Subscribe("c1", "t1"))

TWO_AT_ONCE = CoreProgram((THERE, (Connect("c2"), Subscribe("c2", "t1"))))
CANCELLED = CoreProgram((THERE,), (0,))


class Mended(Broadcast):
    """The first subscriber takes its place before it awaits, and the others await with it; the last one to leave leaves alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.changing = asyncio.Lock()

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Subscriber]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        async with self.changing:
            if channel not in self._subscribers:
                await self._backend.subscribe(channel)
            self._subscribers.setdefault(channel, set()).add(queue)
        try:
            yield Subscriber(queue)
        finally:
            self._subscribers[channel].remove(queue)
            async with self.changing:
                if not self._subscribers.get(channel, {queue}):
                    del self._subscribers[channel]
                    await self._backend.unsubscribe(channel)


class MendedRemote(Remote):  # type: ignore[misc]  # an example is not typed
    def make(self, env: Any) -> Broadcast:
        return Mended(backend=EXAMPLE.RemoteBackend(env))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "causes", "cancellation"),
    [
        (TWO_AT_ONCE, {"P8-a-subscription-vanishes-that-no-open-call-ended", "P8-close-raises-keyerror"}, False),
        (CANCELLED, {"P8-subscribe-raises-keyerror"}, True),
    ],
)
def test_a_script_shows_the_finding_and_the_mended_version_lacks_it(program: CoreProgram, causes: set[str], cancellation: bool) -> None:
    found = {each.broad().slug(): finding for each, finding in shown(Remote, program).items()}
    assert causes <= found.keys()
    assert not shown(MendedRemote, program)
    for cause in causes:
        assert (found[cause].order, found[cause].cancellation) == (Order.FIFO, cancellation)
        record: Any = told(SUBJECT, found[cause])
        record["plain"]["subject"] = imports(f"{module_of(__file__)}:MendedRemote")
        assert str(doubt(write(record), "")).startswith(SOUND)


@pytest.mark.slow
def test_the_mended_version_holds() -> None:
    assert not shown(MendedRemote)


@pytest.mark.slow
def test_the_memory_backend_holds_with_one_property_switched_off() -> None:
    late = CoreProgram(((Connect("c1"), Publish("t1"), Subscribe("c1", "t1")),))
    assert not shown(Memory)
    assert not shown(Memory, TWO_AT_ONCE, CANCELLED, late)

    class Strict(Memory):  # type: ignore[misc]  # as above
        def __init__(self, env: Any) -> None:
            super().__init__(env)
            self.off: dict[str, str] = {}

    assert {each.broad().slug() for each in shown(Strict, late)} == {"P8-a-message-reaches-a-connection-that-was-not-subscribed"}


class LeavingForgets(Broadcast):
    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Subscriber]:
        async with super().subscribe(channel) as subscriber:
            yield subscriber
            self._subscribers[channel].add(asyncio.Queue())  # so that the last subscriber never leaves
        self._subscribers[channel].add(subscriber._queue)


class SendsTwice(Broadcast):
    async def publish(self, channel: str, message: Any) -> None:
        await super().publish(channel, message)
        await super().publish(channel, message)


class LosesWhileBusy(Broadcast):
    async def publish(self, channel: str, message: Any) -> None:
        if not getattr(self, "busy", False):
            self.busy = True
            await asyncio.sleep(0)
            await super().publish(channel, message)
            self.busy = False


@pytest.mark.parametrize(
    ("planted", "program", "cause"),
    [
        (LeavingForgets, CoreProgram(((*THERE, Unsubscribe("c1", "t1")),)), "P8-unsubscribe-does-what-the-model-does-not"),
        (SendsTwice, CoreProgram(((*THERE, Publish("t1")),)), "D1-a-message-reaches-a-subscriber-twice"),
        (LosesWhileBusy, CoreProgram((THERE, (Publish("t1"),), (Publish("t1"),))), "D1-a-message-does-not-reach-a-subscriber"),
    ],
)
def test_a_defect_planted_in_the_package_is_found(planted: Any, program: CoreProgram, cause: str) -> None:
    class Planted(Memory):  # type: ignore[misc]  # as above
        def make(self, env: Any) -> Broadcast:
            made: Broadcast = planted("memory://")
            return made

        def observe(self) -> set[tuple[str, str]]:
            subscribers = self.broadcast._subscribers.items()
            return {(self.owners[queue], topic) for topic, queues in subscribers for queue in queues if queue in self.owners}

    assert {each.broad().slug() for each in shown(Planted, program)} == {cause}

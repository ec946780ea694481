"""Django channels' in-memory layer: its groups hold; a channel with two receivers does not, and does in a mended version."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer  # type: ignore[import-untyped]  # it has no types

from subwarden.model.core.step import Connect, Disconnect, Publish, Subscribe, Unsubscribe
from subwarden.reports.script.core import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.script.run import SOUND, doubt
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.paths import module_of
from subwarden.stateful_tests.tests.subjects.held import example, shown, told

EXAMPLE = example("channels_groups")
THERE = (Connect("c1"), Subscribe("c1", "t1"))
LOST = "D1-a-message-does-not-reach-a-subscriber"
ONE_AFTER_THE_OTHER = CoreProgram((THERE, (Publish("t1"), Publish("t1"))))


class Mended(InMemoryChannelLayer):  # type: ignore[misc]  # the same
    """A channel exists as long as a task waits on it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: Counter[str] = Counter()

    async def receive(self, channel: str) -> Any:
        queue = self.channels.setdefault(channel, asyncio.Queue(maxsize=self.get_capacity(channel)))
        self.waiting[channel] += 1
        try:
            _, message = await queue.get()
        finally:
            self.waiting[channel] -= 1
            if queue.empty() and not self.waiting[channel]:
                del self.channels[channel]
        return message


class MendedShared(EXAMPLE.Shared):  # type: ignore[name-defined,misc]  # an example is not typed
    layer = Mended


def test_groups_hold() -> None:
    assert not shown(EXAMPLE.Adapter)


@pytest.mark.slow
def test_of_two_receivers_on_a_channel_one_is_forgotten() -> None:
    found = {each.broad().slug(): finding for each, finding in shown(EXAMPLE.Shared, ONE_AFTER_THE_OTHER).items()}
    assert list(found) == [LOST]
    assert (found[LOST].order, found[LOST].cancellation) == (Order.FIFO, False)
    record: Any = told("examples/channels_groups.py:Shared", found[LOST])
    assert not shown(MendedShared, ONE_AFTER_THE_OTHER)
    record["plain"]["subject"] = imports(f"{module_of(__file__)}:MendedShared")
    assert str(doubt(write(record), "")).startswith(SOUND)


@pytest.mark.slow
def test_the_mended_version_holds() -> None:
    assert not shown(MendedShared)


class DiscardForgets(InMemoryChannelLayer):  # type: ignore[misc]  # the same
    async def group_discard(self, group: str, channel: str) -> None:
        pass


class SendsToOne(InMemoryChannelLayer):  # type: ignore[misc]  # the same
    async def group_send(self, group: str, message: Any) -> None:
        for channel in list(self.groups.get(group, ()))[:1]:
            await self.send(channel, message)


class NoWaiting(InMemoryChannelLayer):  # type: ignore[misc]  # the same
    """It sends in tasks that it does not await, each with another delay."""

    async def group_send(self, group: str, message: Any) -> None:
        async def later(channels: list[str]) -> None:
            for _ in range(3 - self.sent):
                await asyncio.sleep(0)
            for channel in channels:
                await self.send(channel, message)

        self.sent = getattr(self, "sent", 0) + 1
        asyncio.get_running_loop().create_task(later(list(self.groups.get(group, ()))))


@pytest.mark.parametrize(
    ("layer", "program", "causes"),
    [
        (DiscardForgets, CoreProgram(((*THERE, Unsubscribe("c1", "t1")),)), {"P8-unsubscribe-does-what-the-model-does-not"}),
        (DiscardForgets, CoreProgram(((*THERE, Disconnect("c1")),)), {"P2-a-subscription-outlives-its-connection"}),
        (SendsToOne, CoreProgram((THERE, (Connect("c2"), Subscribe("c2", "t1"), Publish("t1")))), {LOST}),
        (NoWaiting, ONE_AFTER_THE_OTHER, {"D1-one-publisher-s-messages-arrive-in-another-order"}),
    ],
)
def test_a_defect_planted_in_the_package_is_found(layer: Any, program: CoreProgram, causes: set[str]) -> None:
    class Planted(EXAMPLE.Adapter):  # type: ignore[name-defined,misc]  # an example is not typed
        pass

    Planted.layer = layer
    assert {each.broad().slug() for each in shown(Planted, program)} == causes

"""Checked schedules per second of a trivial hub, through the core model and through a custom one. Bar: 0.40 of a bare loop.

Three tasks with three calls each, every call one section under the hub's lock; in all but stock asyncio acquiring a free lock suspends.
All contenders make the same calls. A subject's own work is small here, so this is the worst case for the judge.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, ClassVar

from subwarden.benchmarks.checked_speed import bare, checked, stock
from subwarden.benchmarks.interleaved import rates, table
from subwarden.checking.custom.model import CustomOperation
from subwarden.model.core import step as core
from subwarden.model.core.step import core_encode
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.runner import Runner, uncollected
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.custom.program import CustomProgram
from subwarden.stateful_tests.subjects.loading import in_hand

CHAINS: list[tuple[core.CoreOperation, ...]] = [
    (core.Connect("c1"), core.Subscribe("c1", "t1"), core.Disconnect("c1")),
    (core.Connect("c2"), core.Subscribe("c2", "t1"), core.Unsubscribe("c2", "t1")),
    (core.Subscribe("c1", "t2"), core.Unsubscribe("c1", "t1"), core.Teardown("t1")),
]
CALLS: list[list[tuple[Any, ...]]] = [[tuple(core_encode(operation)) for operation in chain] for chain in CHAINS]


class Hub:
    """Who is connected, and who listens to what."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.live: set[str] = set()
        self.gone: set[str] = set()
        self.topics: dict[str, set[str]] = {}

    async def connect(self, client: str) -> None:
        async with self.lock:
            if client not in self.gone:
                self.live.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        async with self.lock:
            if client not in self.live:
                return False
            self.topics.setdefault(topic, set()).add(client)
            return True

    async def unsubscribe(self, client: str, topic: str) -> bool:
        async with self.lock:
            members = self.topics.get(topic, set())
            there = client in members
            members.discard(client)
            return there

    async def disconnect(self, client: str) -> None:
        async with self.lock:
            self.live.discard(client)
            self.gone.add(client)
            for members in self.topics.values():
                members.discard(client)

    async def teardown(self, topic: str) -> None:
        async with self.lock:
            self.topics.pop(topic, None)

    def observe(self) -> set[tuple[str, str]]:
        return {(client, topic) for topic, members in self.topics.items() for client in members}


class Model:
    """The same as a custom model."""

    operations: ClassVar = {
        "connect": ("client",),
        "subscribe": ("client", "topic"),
        "unsubscribe": ("client", "topic"),
        "disconnect": ("client",),
        "teardown": ("topic",),
    }
    initial: Any = (frozenset(), frozenset(), frozenset())

    def step(self, state: Any, name: str, arguments: tuple[str, ...]) -> tuple[object, Any]:
        live, gone, pairs = state
        of = arguments[0]
        if name == "connect":
            return None, (live if of in gone else live | {of}, gone, pairs)
        if name == "disconnect":
            return None, (live - {of}, gone | {of}, frozenset(pair for pair in pairs if pair[0] != of))
        if name == "teardown":
            return None, (live, gone, frozenset(pair for pair in pairs if pair[1] != of))
        if name == "subscribe":
            return (True, (live, gone, pairs | {arguments})) if of in live else (False, state)
        return arguments in pairs, (live, gone, pairs - {arguments})

    def shown(self, state: Any) -> set[tuple[str, str]]:
        return set(state[2])


class Modelled(Hub):
    """The hub, with that model."""

    model = Model


async def _calls(hub: Hub, calls: list[tuple[Any, ...]], *, suspend: bool) -> None:
    for name, *arguments in calls:
        if suspend:
            await asyncio.sleep(0)
        await getattr(hub, name)(*arguments)


def _begun(suspend: bool) -> list[Coroutine[Any, Any, None]]:
    hub = Hub()
    return [_calls(hub, chain, suspend=suspend) for chain in CALLS]


def main() -> list[str]:
    """The table."""
    custom = CustomProgram(tuple(tuple(CustomOperation(name, tuple(rest)) for name, *rest in chain) for chain in CALLS))
    core_hub, custom_hub = in_hand("hub", Hub)[1], in_hand("hub", Modelled)[1]
    contenders = {
        "stock asyncio, fifo": partial(stock, _begun),
        "bare loop, random": partial(bare, _begun),
        "core model, every step checked": partial(checked, Runner(CORE_LEVEL, core_hub, Order.ANY), CoreProgram(tuple(CHAINS))),
        "custom model, every step checked": partial(checked, Runner(CUSTOM_LEVEL, custom_hub, Order.ANY), custom),
    }
    with uncollected():
        measured = rates(contenders)
    return ["a trivial hub: 3 tasks with 3 lock-guarded calls each", *table(measured, "bare loop, random", "schedules")]

"""redis-py: scripts of plain asyncio show the defects of its PubSub while it connects, and a mended version has none of them."""

import asyncio
import contextlib
from typing import Any

import pytest
from redis.asyncio.client import PubSub

from subwarden.model.core.step import Connect, Disconnect, Publish, Subscribe, Unsubscribe
from subwarden.reports.script.core import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.script.run import SOUND, doubt
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.paths import EXAMPLES, module_of
from subwarden.stateful_tests.tests.subjects.core_level import factory_of
from subwarden.stateful_tests.tests.subjects.held import example, saved, shown

EXAMPLE = example("redis_pubsub")
Own: Any = EXAMPLE.Own
Shared: Any = EXAMPLE.Shared
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # a run that is stuck closes nothing

THERE = (Connect("c1"), Subscribe("c1", "t1"))


class MendedConnection(EXAMPLE.Connection):  # type: ignore[misc, name-defined]  # an example is not typed
    """One task connects, the others wait for it, and no task ends another's connect."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.connecting = asyncio.Lock()
        self.by: asyncio.Task[Any] | None = None

    async def connect_check_health(self, *args: Any, **options: Any) -> None:
        if self.by is asyncio.current_task():  # it resubscribes
            await super().connect_check_health(*args, **options)
            return
        async with self.connecting:
            self.by = asyncio.current_task()
            try:
                await super().connect_check_health(*args, **options)
            finally:
                self.by = None

    async def disconnect(self, *args: Any, **options: Any) -> None:
        if self.by in (None, asyncio.current_task()):
            await super().disconnect(*args, **options)


class MendedPubSub(PubSub):
    """It takes one connection, and resubscribes to the channels that have not been unsubscribed from."""

    def __init__(self, pool: Any) -> None:
        super().__init__(pool)
        self.taking = asyncio.Lock()

    async def connect(self) -> None:
        async with contextlib.nullcontext() if self.connection else self.taking:  # type: ignore[redundant-expr]  # as below
            await super().connect()  # type: ignore[no-untyped-call]  # it has no types

    async def on_connect(self, connection: Any) -> None:
        for channel in self.pending_unsubscribe_channels:
            self.channels.pop(channel, None)
        await super().on_connect(connection)


class MendedOwn(Own):  # type: ignore[misc]  # as above
    connection = MendedConnection

    def pubsub(self) -> PubSub:
        return MendedPubSub(self.redis.connection_pool)


class MendedShared(Shared):  # type: ignore[misc]  # as above
    connection = MendedConnection
    pubsub = MendedOwn.pubsub


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cancellation", "mended"),
    [
        ("redis-message-lost", False, MendedShared),
        ("redis-two-connections", False, MendedShared),
        ("redis-unsubscribed-in-vain", True, MendedOwn),
        ("redis-both-connect", True, MendedShared),
    ],
)
def test_a_script_shows_the_finding_and_the_mended_version_lacks_it(name: str, cancellation: bool, mended: Any) -> None:
    replay, record = saved(name)
    assert (replay.order, bool(replay.program.faults)) == (Order.FIFO, cancellation)
    assert not shown(mended, replay.program)
    if replay.cause.startswith("D1"):  # with other steps, the mended version may publish before it has subscribed
        return
    record["plain"]["subject"] = imports(f"{module_of(__file__)}:{mended.__name__}")
    assert str(doubt(write(record), "")).startswith(SOUND)


def test_a_client_s_own_pubsub_holds_without_cancellations() -> None:
    others = (Unsubscribe("c1", "t1"), Disconnect("c1"))
    assert not shown(
        Own, CoreProgram((THERE, (Publish("t1"), Publish("t1")), others)), CoreProgram((THERE, (Connect("c2"), Subscribe("c2", "t1"))))
    )


def test_the_switch_hides_only_the_loss_while_it_reconnects() -> None:
    class Strict(Own):  # type: ignore[misc]  # as above
        def __init__(self, env: Any) -> None:
            super().__init__(env)
            self.off: dict[str, str] = {}

    lost = "D1-a-message-does-not-reach-a-subscriber"
    replay = read(str(EXAMPLES / "findings" / "redis-lost-while-away.txt"))
    for adapter, found in ((Strict, {lost}), (Own, set())):
        with running():
            result = Runner(CORE_LEVEL, factory_of(adapter), replay.order).follow(replay.program, replay.names)
        assert {each.broad().slug() for each in result.violations} == found


class ForgetsToTell(PubSub):
    def unsubscribe(self, *channels: Any) -> Any:
        for channel in channels:
            self.channels.pop(channel.encode(), None)
        return asyncio.sleep(0)


class KeepsChannel(PubSub):
    async def handle_message(self, response: Any, ignore_subscribe_messages: bool = False) -> Any:
        if response is not None and response[0] == b"unsubscribe":
            self.pending_unsubscribe_channels.discard(response[1])
        return await super().handle_message(response, ignore_subscribe_messages)  # type: ignore[no-untyped-call]  # as above


class DropsTheFirst(PubSub):
    async def parse_response(self, *args: Any, **options: Any) -> Any:
        response = await super().parse_response(*args, **options)
        while response[0] == b"message" and not getattr(self, "dropped", False):
            self.dropped = True
            response = await super().parse_response(*args, **options)
        return response


@pytest.mark.parametrize(
    ("planted", "program", "cause"),
    [
        (ForgetsToTell, CoreProgram(((*THERE, Unsubscribe("c1", "t1")),)), "P1-the-broker-s-subscriptions-are-not-the-manager-s"),
        (KeepsChannel, CoreProgram(((*THERE, Unsubscribe("c1", "t1")),)), "P8-a-subscription-appears-that-no-open-call-asked-for"),
        (DropsTheFirst, CoreProgram(((*THERE, Publish("t1")),)), "D1-a-message-does-not-reach-a-subscriber"),
    ],
)
def test_a_defect_planted_in_the_package_is_found(planted: Any, program: CoreProgram, cause: str) -> None:
    class Planted(Own):  # type: ignore[misc]  # as above
        def pubsub(self) -> Any:
            return planted(self.redis.connection_pool)

    assert cause in {each.broad().slug() for each in shown(Planted, program)}

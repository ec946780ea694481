"""nats-py: a flush that times out or is cancelled ends the read loop, and a flush may overtake the data; a mended version does neither."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from nats.aio.client import PING_PROTO, Client
from nats.errors import FlushTimeoutError

from subwarden.model.core.step import Connect, Publish, Subscribe, Unsubscribe
from subwarden.reports.script.core import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.record import script_record
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.script.run import SOUND, doubt
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import EXAMPLES
from subwarden.stateful_tests.tests.subjects.core_level import play, search_of
from subwarden.stateful_tests.tests.subjects.held import example

Adapter: Any = example("nats_client").Adapter
THERE = (Connect("c1"), Subscribe("c1", "t1"))


class Mended(Client):
    """A PING waits its turn, and a PONG without a waiting flush is ignored. A cancelled flush does not answer: `wait_for`
    swallows, before Python 3.12, a cancellation that comes together with the PONG."""

    async def flush(self, timeout: float = 10) -> None:  # noqa: ASYNC109 - the client's own signature
        future: asyncio.Future[Any] = asyncio.Future()
        try:
            async with asyncio.timeout(timeout):
                await self._send_ping(future)
                await future
        except TimeoutError:
            future.cancel()
            raise FlushTimeoutError from None

    async def _send_ping(self, future: "asyncio.Future[Any] | None" = None) -> None:
        self._pongs.append(future or asyncio.Future())
        await self._send_command(PING_PROTO)
        await self._flush_pending()

    async def _process_pong(self) -> None:
        if self._pongs and self._pongs[0].done():
            del self._pongs[0]
        else:
            await super()._process_pong()


class MendedAdapter(Adapter):  # type: ignore[misc]  # an example is not typed
    client = Mended


class Plain:
    """The environment on stock asyncio: every parked call waits until `go_on`."""

    def __init__(self) -> None:
        self.calls: list[asyncio.Future[None]] = []

    async def park(self, _: str) -> None:
        self.calls.append(asyncio.get_running_loop().create_future())
        await self.calls[-1]

    def closed(self, _: str) -> bool:
        return False

    async def go_on(self) -> None:
        """Let all parked calls go on, one after another."""
        for _ in range(20):
            await asyncio.sleep(0)
            for call in self.calls:
                if not call.done():
                    call.set_result(None)


async def connected(adapter: Any, env: Plain) -> Any:
    begins = asyncio.create_task(adapter.connect("c1"))
    await env.go_on()
    await begins
    return adapter.clients["c1"]


async def deaf_after_a_cancelled_flush(make: Callable[[Any], Any]) -> bool:
    client = await connected(make(env := Plain()), env)
    flush = asyncio.create_task(client.flush())
    await asyncio.sleep(0)
    flush.cancel()
    await env.go_on()
    deaf: bool = client._reading_task.done()
    await client.close()
    return deaf


async def overtaken(make: Callable[[Any], Any]) -> bool:
    client = await connected(make(env := Plain()), env)

    async def subscribes() -> None:
        await client.subscribe("t1")
        await client.flush()

    flush = asyncio.create_task(subscribes())
    for _ in range(5):
        await asyncio.sleep(0)
    first: bytes = client._transport.written[0]
    await env.go_on()
    await flush
    await client.close()
    return first.startswith(b"PING")


@pytest.mark.parametrize("shows", [deaf_after_a_cancelled_flush, overtaken])
def test_the_defect_shows_on_stock_asyncio_and_not_in_the_mended_version(shows: Callable[[Any], Awaitable[bool]]) -> None:
    async def main(make: Any) -> bool:
        return await shows(make)

    assert asyncio.run(main(Adapter))
    assert not asyncio.run(main(MendedAdapter))


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the run was recorded there; wait_for takes other steps elsewhere")
def test_a_client_whose_flush_has_timed_out_receives_nothing() -> None:
    replay = read(str(EXAMPLES / "findings" / "nats-deaf-after-a-timeout.txt"))
    with running():
        result = Runner(CORE_LEVEL, load(replay.subject, replay.level), replay.order).follow(replay.program, replay.names)
    (cause,) = result.violations
    assert cause.broad().slug() == "D1-a-message-does-not-reach-a-subscriber"
    made: Any = script_record(replay, cause)
    assert made["script_confirmed"], made["script_doubt"]
    record = {
        "property": "D1",
        "title": "",
        "mechanism": "",
        "said": "",
        "plain": {**made["plain"], "subject": imports(f"{__file__}:MendedAdapter")},
    }
    assert str(doubt(write(record), "")).startswith(SOUND)


@pytest.mark.parametrize("program", [CoreProgram((THERE, (Publish("t1"),))), CoreProgram(((*THERE, Unsubscribe("c1", "t1")),), (0,))])
def test_the_mended_version_holds(program: CoreProgram) -> None:
    with running():
        check = search_of(MendedAdapter, Order.FIFO, cancellation=bool(program.faults))
        check._drive_variant(program, 40)
    assert not check.outcome.findings
    assert not check.outcome.doubts


class ForgetsToTell(Mended):
    async def _send_unsubscribe(self, sid: int, limit: int = 0) -> None:
        pass


class KeepsItself(Mended):
    def _remove_sub(self, sid: int, max_msgs: int = 0) -> None:
        pass


class SendsTwice(Mended):
    async def publish(self, subject: str, payload: bytes = b"", *args: Any, **options: Any) -> None:
        await super().publish(subject, payload, *args, **options)
        await super().publish(subject, payload, *args, **options)


@pytest.mark.parametrize(
    ("planted", "last", "cause"),
    [
        (ForgetsToTell, Unsubscribe("c1", "t1"), "P1-the-broker-s-subscriptions-are-not-the-manager-s"),
        (KeepsItself, Unsubscribe("c1", "t1"), "P8-unsubscribe-does-what-the-model-does-not"),
        (SendsTwice, Publish("t1"), "D1-a-message-reaches-a-subscriber-twice"),
    ],
)
def test_a_defect_planted_in_the_package_is_found(planted: Any, last: Any, cause: str) -> None:
    class Planted(MendedAdapter):
        client = planted

    assert cause in {each.broad().slug() for each in play(Planted, CoreProgram(((*THERE, last),))).violations}

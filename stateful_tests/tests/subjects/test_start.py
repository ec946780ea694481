"""An adapter's `start()` is awaited before the first operation, and a parked call may say that it is faster than timers."""

import asyncio
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.model.core.step import Connect, Disconnect, Subscribe
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import in_hand
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.tests.subjects.core_adapters import SUBSCRIBED, Small
from subwarden.stateful_tests.tests.subjects.core_level import play, search_of
from subwarden.stateful_tests.tests.subjects.held import shown

PROGRAM = CoreProgram((SUBSCRIBED,))


class Starts(Small):
    """Its operations need what `start` makes."""

    def __init__(self, env: Any) -> None:
        super().__init__()
        self.env, self.ready = env, False
        self.reads = 0

    async def start(self) -> None:
        await self.env.park("dial", may_fail=ConnectionError)
        await asyncio.sleep(3)
        self.reader = asyncio.create_task(self.read())
        self.ready = True

    async def read(self) -> None:
        self.reads += 1
        await asyncio.get_running_loop().create_future()

    async def connect(self, client: Any) -> None:
        assert self.ready, self.reads
        await super().connect(client)

    def observe(self) -> Any:
        assert self.ready
        return super().observe()


@pytest.mark.parametrize("order", Order)
def test_it_has_returned_before_the_first_operation_and_the_first_look(order: Order) -> None:
    level, _ = in_hand("starts", Starts)
    assert level == "core"
    search = search_of(Starts, order, cancellation=True)
    search._drive_variant(PROGRAM, 50)
    assert not search.outcome.doubts
    assert {cause.broad() for cause in search.outcome.findings} <= {causes.LEAKED_TASK}  # it has no close()


def test_a_finding_after_it_replays() -> None:
    class Revives(Starts):
        async def disconnect(self, client: Any) -> None:
            self.pairs = {pair for pair in self.pairs if pair[0] != client}

    program = CoreProgram(((Connect("c1"), Disconnect("c1"), Subscribe("c1", "t1")),))
    assert causes.REVIVED in {cause.broad() for cause in shown(Revives, program)}


class Raises(Small):
    async def start(self) -> None:
        raise ConnectionError("no broker")


class Hangs(Small):
    async def start(self) -> None:
        await asyncio.get_running_loop().create_future()


class Refused(Small):
    async def start(self) -> None:
        await asyncio.create_subprocess_exec("true")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Raises, r"start\(\) raised ConnectionError: no broker; it is awaited before the first operation"),
        (Hangs, r"start\(\) does not return: it waits at .*test_start\.py:\d+"),
        (Refused, r"subprocess_exec brings an order that cannot be controlled"),
    ],
)
def test_one_that_fails_is_told_in_one_line(make: type, said: str) -> None:
    with pytest.raises(BadSubject, match=said):
        in_hand("starts", make)


def test_a_start_that_needs_arguments_is_a_helper_of_the_adapter() -> None:
    class Helps(Small):
        async def start(self, client: Any) -> None:
            raise AssertionError

    assert in_hand("helps", Helps)[0] == "core"
    assert not play(Helps, PROGRAM).violations


class Bounded(Small):
    """Its subscribe waits at most ten seconds for a store, which takes less than `seconds`."""

    seconds: float | None = 5

    def __init__(self, env: Any) -> None:
        super().__init__()
        self.env = env

    async def subscribe(self, client: Any, topic: Any) -> bool:
        async with asyncio.timeout(10):
            await self.env.park("store", within=self.seconds)
        return await super().subscribe(client, topic)


class Unbounded(Bounded):
    seconds = None


class AsSlow(Bounded):
    seconds = 10.5


@pytest.mark.parametrize(("make", "late"), [(Bounded, False), (Unbounded, True), (AsSlow, True)])
def test_a_parked_call_may_be_faster_than_timers(make: type, late: bool) -> None:
    assert bool(shown(make, PROGRAM)) is late


@pytest.mark.parametrize("seconds", [0, -1, True, "5", float("nan")])
def test_within_is_a_number_of_seconds(seconds: Any) -> None:
    class Wrong(Bounded):
        pass

    Wrong.seconds = seconds
    with pytest.raises(Exception, match="wants a number of seconds above 0"):
        play(Wrong, PROGRAM)

"""The ready fakes of adapters: who is connected, what arrives, a socket that takes its time, and clients that are served in turn."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import subwarden
from subwarden.stateful_tests.exploring.findings.where import where


class Outside:
    """An environment on stock asyncio: a parked call waits until `released`, and then fails if `breaks`."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.parked: list[str] = []
        self.released = asyncio.Event()
        self.breaks = False

    def closed(self, client: str) -> bool:
        return client in self.gone

    async def park(self, name: str, *, may_fail: type[Exception] | None = None, client: str | None = None) -> None:
        self.parked.append(name)
        await self.released.wait()
        if self.breaks and may_fail is not None:
            raise may_fail


class Noting(subwarden.Clients):
    """It writes down what it is asked, and takes its time to open."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.asked: list[tuple[str, ...]] = []

    async def opens(self, client: str) -> None:
        self.asked.append(("opens", client))
        await asyncio.sleep(0)

    def joins(self, client: str, topic: str) -> bool:
        self.asked.append(("joins", client, topic))
        return topic != "full"

    def ends(self, client: str) -> None:
        self.asked.append(("ends", client))


def test_a_client_opens_and_ends_once_and_joins_while_it_is_connected() -> None:
    async def main() -> None:
        adapter = Noting(env := Outside())
        assert not await adapter.subscribe("c1", "t1")
        await adapter.connect("c1")
        await adapter.connect("c1")
        assert await adapter.subscribe("c1", "t1")
        assert not await adapter.subscribe("c1", "full")
        env.gone.add("c1")
        await adapter.disconnect("c1")
        await adapter.disconnect("c1")
        await adapter.connect("c1")
        assert not await adapter.subscribe("c1", "t1")
        assert adapter.asked == [("opens", "c1"), ("joins", "c1", "t1"), ("joins", "c1", "full"), ("ends", "c1")]

    asyncio.run(main())


def test_a_client_that_leaves_while_it_opens_is_not_connected_afterwards() -> None:
    async def main() -> None:
        adapter = Noting(env := Outside())
        opening = asyncio.create_task(adapter.connect("c1"))
        await asyncio.sleep(0)
        env.gone.add("c1")
        await opening
        assert adapter.live == set()

    asyncio.run(main())


@pytest.mark.parametrize("breaks", [None, ConnectionError])
def test_a_socket_takes_its_time_and_what_comes_after_its_client_has_gone_is_lost_or_an_error(breaks: type[Exception] | None) -> None:
    async def main() -> None:
        adapter = Noting(env := Outside())
        adapter.breaks = breaks
        first, late = (asyncio.create_task(adapter.send(client, "mA")) for client in ("c1", "c2"))
        await asyncio.sleep(0)
        assert env.parked == ["send to c1", "send to c2"]
        assert adapter.delivered() == {}
        env.gone.add("c2")
        env.released.set()
        await first
        if breaks is None:
            await late
        else:
            with pytest.raises(breaks):
                await late
        assert adapter.delivered() == {"c1": ["mA"]}

    asyncio.run(main())


def test_a_socket_fails_only_where_it_may() -> None:
    async def main() -> None:
        adapter = Noting(env := Outside())
        env.released.set()
        env.breaks = True
        await adapter.send("c1", "mA")
        adapter.breaks = ConnectionError
        with pytest.raises(ConnectionError):
            await adapter.send("c1", "mB")
        assert adapter.delivered() == {"c1": ["mA"]}

    asyncio.run(main())


class Slow(subwarden.ClientsInTurn):
    """Each call takes until it is let go on, and says when it begins and ends."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.said: list[str] = []

    async def call(self, name: str) -> bool:
        self.said.append(f"{name} begins")
        await self.env.park(name)
        self.said.append(f"{name} ends")
        return True

    async def joins(self, client: str, topic: str) -> bool:
        return await self.call(f"join of {client}")

    async def leaves(self, client: str, topic: str) -> bool:
        return await self.call(f"leave of {client}")

    async def ends(self, client: str) -> None:
        await self.call(f"end of {client}")


def test_the_calls_of_one_client_are_served_in_turn_and_those_of_two_are_not() -> None:
    async def main() -> None:
        adapter = Slow(env := Outside())
        for client in ("c1", "c2"):
            await adapter.connect(client)
        calls = [adapter.subscribe("c1", "t1"), adapter.unsubscribe("c1", "t1"), adapter.disconnect("c1"), adapter.subscribe("c2", "t1")]
        tasks = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0)
        assert adapter.said == ["join of c1 begins", "join of c2 begins"]
        await asyncio.sleep(0)  # the end of c1 is a task of its own, and waits now
        late = asyncio.create_task(adapter.subscribe("c1", "t1"))
        env.released.set()
        assert await asyncio.gather(*tasks, late) == [True, True, None, True, False]
        mine = [each for each in adapter.said if "c1" in each]
        assert mine == [f"{call} of c1 {what}" for call in ("join", "leave", "end") for what in ("begins", "ends")]

    asyncio.run(main())


def test_a_disconnect_that_is_cancelled_is_completed_and_close_ends_those_who_are_left() -> None:
    async def main() -> None:
        adapter = Slow(env := Outside())
        for client in ("c1", "c2"):
            await adapter.connect(client)
        leaving = asyncio.create_task(adapter.disconnect("c1"))
        for _ in range(3):
            await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        env.released.set()
        await adapter.close()
        assert adapter.said == ["end of c1 begins", "end of c1 ends", "end of c2 begins", "end of c2 ends"]

    asyncio.run(main())


def test_a_call_is_told_to_wait_in_the_adapter_and_where_nothing_of_it_waits_in_the_fake() -> None:
    async def main() -> None:
        adapter = Slow(Outside())
        await adapter.connect("c1")
        first, second = (asyncio.create_task(adapter.subscribe("c1", "t1")) for _ in range(2))
        await asyncio.sleep(0)
        assert "tests/subjects/test_clients.py:" in str(where(first))
        assert "world/hubs/clients.py:" in str(where(second))
        for task in (first, second):
            task.cancel()

    asyncio.run(main())


def test_a_queue_is_followed_until_its_client_leaves() -> None:
    async def main() -> None:
        adapter, queue = Slow(Outside()), asyncio.Queue[str]()
        queue.put_nowait("m1")
        await adapter.follow("c1", "t1", queue)
        await asyncio.sleep(0)
        queue.put_nowait("m2")
        await asyncio.sleep(0)
        await adapter.unfollow("c1", "t1")
        queue.put_nowait("m3")
        await asyncio.sleep(0)
        await adapter.unfollow("c1", "t1")
        assert adapter.delivered() == {"c1": ["m1", "m2"]}
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_generator_has_begun_when_it_is_followed_and_ends_with_its_reader(cancelled: bool) -> None:
    said: list[str] = []

    async def source() -> AsyncIterator[str]:
        said.append("begins")
        try:
            yield "m1"
            await asyncio.Event().wait()
        finally:
            said.append("ends")

    async def main() -> None:
        adapter = Slow(Outside())
        following = asyncio.create_task(adapter.follow("c1", "t1", source()))
        await asyncio.sleep(0)
        assert not following.done(), "the generator has not begun"
        if cancelled:
            await asyncio.sleep(0)
            assert said == ["begins"]
            following.cancel()
            await asyncio.wait([following])
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        else:
            await following
            assert said == ["begins"]
            await adapter.unfollow("c1", "t1")
            assert adapter.delivered() == {"c1": ["m1"]}
        assert said == ["begins", "ends"]
        assert not adapter.readers

    asyncio.run(main())


def test_a_reader_whose_cancellation_is_lost_reads_no_more() -> None:
    """As in `wait_for` before Python 3.12, where it comes together with a message: `unfollow` waited for ever."""

    async def source() -> AsyncIterator[str]:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                yield "m1"

    async def main() -> None:
        adapter = Slow(Outside())
        await adapter.follow("c1", "t1", source())
        await asyncio.sleep(0)
        await asyncio.wait_for(adapter.unfollow("c1", "t1"), 1)
        assert adapter.delivered() == {"c1": ["m1"]}

    asyncio.run(main())

"""Waiting for the first of several sources: their order decides ties, a cancellation loses nothing, a spurious wake-up waits on."""

import asyncio

import pytest

from subwarden.impl.manager.oneshot import oneshot
from subwarden.impl.server.select import Source, first_ready


class Flag:
    """A source that becomes ready on demand."""

    def __init__(self, *, up: bool = False) -> None:
        self.up = up
        self.waiter: asyncio.Future[None] | None = None

    def ready(self) -> bool:
        return self.up

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        self.waiter = waiter

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def raise_(self) -> None:
        self.up = True
        self.wake()


async def waiting(*sources: Source) -> "asyncio.Task[int]":
    task = asyncio.get_running_loop().create_task(first_ready(*sources))
    await asyncio.sleep(0)
    return task


def test_of_several_ready_sources_the_first_in_order_wins() -> None:
    async def run() -> None:
        assert await first_ready(Flag(), Flag(up=True), Flag(up=True)) == 1
        a, b = Flag(), Flag()
        task = await waiting(a, b)
        b.raise_()  # b wakes it, but before it runs a is ready as well
        a.up = True
        assert await task == 0
        assert a.waiter is None
        assert b.waiter is None

    asyncio.run(run())


def test_it_does_not_suspend_if_a_source_is_ready() -> None:
    with pytest.raises(StopIteration) as stopped:
        first_ready(Flag(), Flag(up=True)).send(None)
    assert stopped.value.value == 1


def test_a_spuriously_woken_task_waits_on() -> None:
    async def run() -> None:
        a, b = Flag(), Flag()
        task = await waiting(a, b)
        a.wake()
        await asyncio.sleep(0)
        assert not task.done()
        b.raise_()
        assert await task == 1

    asyncio.run(run())


def test_a_cancelled_wait_takes_nothing_and_disarms_every_source() -> None:
    async def run() -> None:
        a, b = Flag(), Flag()
        task = await waiting(a, b)
        b.raise_()
        task.cancel()  # after it was woken
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (a.waiter, b.waiter) == (None, None)
        assert await first_ready(a, b) == 1  # the ready source still is

    asyncio.run(run())


def test_a_oneshot_receiver_is_a_source() -> None:
    async def run() -> None:
        (speaks, heard), (drops, gone) = oneshot(), oneshot()
        task = await waiting(heard, gone)
        drops.drop()
        assert await task == 1
        speaks.send()
        assert await first_ready(heard, gone) == 0

    asyncio.run(run())

"""asyncio's locks under control: where a free one suspends, and which tasks hold and wait.

Deadlock and lock-order findings read this bookkeeping, so it is compared, after every step of every order of small programs, with
the locks themselves. The patch is on a class that all code shares, so it must be gone when its last user has closed it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from subwarden.scheduling.locks import controlled_locks, held, waiting
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Ending, run
from subwarden.scheduling.schedule import fixed

STOCK = (asyncio.Lock.acquire, asyncio.Lock.release)
Body = Callable[[asyncio.Lock], Coroutine[Any, Any, object]]


async def take(lock: asyncio.Lock) -> None:
    async with lock:
        pass


def steps_of(body: Body, *, suspend: bool) -> int:
    """How many steps one task takes, alone with a free lock."""
    loop = ControlledLoop(suspend_free_locks=suspend)
    with controlled_locks(), loop.entered():
        task = loop.create_task(body(asyncio.Lock()))
        ending, _, steps = run(loop, Order.ANY if suspend else Order.FIFO, fixed([]), lambda: False)
    assert ending is Ending.QUIESCENT
    task.result()
    return steps


def test_a_free_lock_suspends_in_any_and_not_in_fifo() -> None:
    assert steps_of(take, suspend=False) == 1
    assert steps_of(take, suspend=True) == 2


def test_a_condition_and_a_nested_lock_suspend_once_each() -> None:
    async def both(lock: asyncio.Lock) -> None:
        async with lock, asyncio.Condition():
            pass

    assert steps_of(both, suspend=False) == 1
    assert steps_of(both, suspend=True) == 3


def test_another_task_can_overtake_right_before_a_free_lock() -> None:
    async def body(lock: asyncio.Lock, name: str, log: list[str]) -> None:
        log.append(f"{name} asks")
        async with lock:
            log.append(f"{name} in")

    def orders(*, suspend: bool) -> set[str]:
        found = set()
        for choices in ((a, b, c) for a in range(2) for b in range(2) for c in range(2)):
            loop, log = ControlledLoop(suspend_free_locks=suspend), list[str]()
            with controlled_locks(), loop.entered():
                lock = asyncio.Lock()
                for name in "ab":
                    loop.create_task(body(lock, name, log))
                run(loop, Order.ANY, fixed(choices), lambda: False)
            found.add(", ".join(log))
        return found

    overtaken = "a asks, b asks, b in, a in"
    assert overtaken in orders(suspend=True)
    assert overtaken not in orders(suspend=False)


def test_held_and_waiting_agree_with_the_locks() -> None:
    loop = ControlledLoop()
    seen: list[tuple[list[str], list[str]]] = []
    with controlled_locks(), loop.entered():
        lock = asyncio.Lock()

        async def body() -> None:
            async with lock:
                await asyncio.sleep(0)

        tasks = [loop.create_task(body(), name=name) for name in "abc"]

        def look() -> None:
            holders = [task.get_name() for task in tasks if held(loop).get(task)]
            assert bool(holders) == lock.locked()
            assert len(holders) <= 1
            seen.append((holders, [task.get_name() for task in tasks if waiting(loop).get(task) is lock]))

        run(loop, Order.FIFO, fixed([]), look)
    assert seen[2] == (["a"], ["b", "c"])
    assert ([], ["b", "c"]) in seen, "released, the head woken but not yet run: it waits still"
    assert seen[-1] == ([], [])


def test_a_newcomer_behind_a_woken_head_is_waiting() -> None:
    """The lock is free then, but not for the newcomer."""
    loop = ControlledLoop()
    with controlled_locks(), loop.entered():
        lock = asyncio.Lock()

        async def holder() -> None:
            await lock.acquire()
            await asyncio.sleep(0)
            lock.release()
            newcomer = loop.create_task(take(lock), name="newcomer")
            loop.ready.insert(0, loop.ready.pop())  # before the head runs, as the order `any` may choose
            await newcomer

        loop.create_task(holder())
        head = loop.create_task(take(lock), name="head")
        for _ in range(3):
            loop.run_step()
        assert not lock.locked()
        newcomer = loop.tasks[-1]
        loop.run_step()
        assert set(waiting(loop)) == {head, newcomer}
        run(loop, Order.FIFO, fixed([]), lambda: False)
        assert not waiting(loop)


@pytest.mark.parametrize("suspend", [False, True])
@pytest.mark.parametrize("when", range(6))
def test_a_cancellation_at_any_step_keeps_held_and_waiting_right(suspend: bool, when: int) -> None:
    loop = ControlledLoop(suspend_free_locks=suspend)
    steps = 0
    with controlled_locks(), loop.entered():
        lock = asyncio.Lock()

        async def body() -> None:
            async with lock:
                await asyncio.sleep(0)

        tasks = [loop.create_task(body()) for _ in range(3)]

        def look() -> None:
            nonlocal steps
            steps += 1
            if steps == when:
                tasks[1].cancel()
            assert sum(len(locks) for locks in held(loop).values()) == lock.locked()
            assert not any(task.done() for task in waiting(loop))

        run(loop, Order.FIFO, fixed([]), look)
    assert all(task.done() for task in tasks)
    assert not waiting(loop)
    assert not any(held(loop).values())
    assert not lock.locked()


def test_nested_pairs_are_recorded_when_asked_for() -> None:
    loop = ControlledLoop()
    with controlled_locks(), loop.entered():
        a, b, c = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()

        async def body() -> None:
            async with a, b, c:
                pass
            async with c, a:
                pass

        loop.create_task(body())
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert loop.nested == [(a, b), (a, c), (b, c), (c, a)]


def test_a_deadlock_shows_in_held_and_waiting() -> None:
    loop = ControlledLoop()
    with controlled_locks(), loop.entered():
        a, b = asyncio.Lock(), asyncio.Lock()

        async def body(first: asyncio.Lock, second: asyncio.Lock) -> None:
            async with first:
                await asyncio.sleep(0)
                async with second:
                    pass

        one, two = loop.create_task(body(a, b)), loop.create_task(body(b, a))
        ending, _, _ = run(loop, Order.FIFO, fixed([]), lambda: False)
        assert ending is Ending.QUIESCENT
        assert waiting(loop) == {one: b, two: a}
        assert held(loop) == {one: [a], two: [b]}
        loop.abandon()


def test_release_out_of_order_and_by_another_task() -> None:
    loop = ControlledLoop()
    with controlled_locks(), loop.entered():
        a, b = asyncio.Lock(), asyncio.Lock()

        async def taker() -> None:
            await a.acquire()
            await b.acquire()
            a.release()

        async def releaser() -> None:
            b.release()

        taking = loop.create_task(taker())
        loop.run_step()
        assert held(loop)[taking] == [b]
        loop.create_task(releaser())
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert held(loop).get(taking) is None


def test_a_listener_hears_of_takes_waits_and_releases_and_not_of_a_release_that_failed() -> None:
    loop = ControlledLoop()
    heard: list[tuple[str, asyncio.Lock]] = []
    loop.lock_listener = lambda verb, lock: heard.append((verb, lock))
    with controlled_locks(), loop.entered():
        lock = asyncio.Lock()

        async def body() -> None:
            async with lock:
                await asyncio.sleep(0)

        async def wrong() -> None:
            with pytest.raises(RuntimeError, match="not acquired"):
                lock.release()

        for coroutine in (wrong(), body(), body()):
            loop.create_task(coroutine)
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert [verb for verb, _ in heard] == ["takes", "waits for", "releases", "takes", "releases"]
    assert all(of is lock for _, of in heard)


def test_the_patch_is_gone_when_the_last_user_closes() -> None:
    assert (asyncio.Lock.acquire, asyncio.Lock.release) == STOCK
    with controlled_locks():
        patched = (asyncio.Lock.acquire, asyncio.Lock.release)
        assert patched != STOCK
        with pytest.raises(KeyError), controlled_locks():
            raise KeyError
        assert (asyncio.Lock.acquire, asyncio.Lock.release) == patched
    assert (asyncio.Lock.acquire, asyncio.Lock.release) == STOCK


def test_the_patch_does_nothing_on_another_loop() -> None:
    async def body() -> list[bool]:
        lock = asyncio.Lock()
        taken = [await lock.acquire()]
        lock.release()
        return [*taken, lock.locked()]

    with controlled_locks():
        assert asyncio.run(body()) == [True, False]

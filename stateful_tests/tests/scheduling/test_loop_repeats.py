"""The same choices make the same run, also when asyncio itself iterates over a set of tasks.

A set of objects hashed by address has another order each time. A task group cancels its children in the order of such a set, and subjects
keep sets of queues; if those orders were left to chance, a recorded schedule could not be followed. Futures that are no tasks, and objects
of the subject, keep their addresses.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import Recorder, fixed
from subwarden.stateful_tests.tests.scheduling.loop_programs import fail, turns


async def aborts_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(asyncio.sleep(1))
        group.create_task(fail(1))


async def cancels_what_wait_returns() -> None:
    tasks = [asyncio.create_task(asyncio.sleep(at % 2)) for at in range(8)]
    _, pending = await asyncio.wait(tasks, timeout=0.5)
    for task in pending:
        task.cancel()
    await asyncio.wait(tasks)


async def cancels_all_tasks() -> None:
    for _ in range(6):
        asyncio.create_task(asyncio.sleep(1))
    await turns(1)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def fans_out_to_a_set_of_queues() -> None:
    queues: set[asyncio.Queue[str]] = set()

    async def reader() -> None:
        queue: asyncio.Queue[str] = asyncio.Queue()
        queues.add(queue)
        await queue.get()

    for _ in range(6):
        asyncio.create_task(reader())
    await turns(1)
    for queue in queues:
        queue.put_nowait("message")


async def sets_a_set_of_events() -> None:
    waits = {asyncio.Event(): asyncio.Event() for _ in range(6)}
    for event in waits:
        asyncio.create_task(event.wait())
    await turns(1)
    for event in set(waits):
        event.set()


@pytest.mark.parametrize(
    "program", [aborts_a_group, cancels_what_wait_returns, cancels_all_tasks, fans_out_to_a_set_of_queues, sets_a_set_of_events]
)
@pytest.mark.parametrize("eager", [False, True])
def test_the_same_choices_make_the_same_run(program: Callable[[], Awaitable[None]], eager: bool) -> None:
    async def main() -> None:
        await program()

    schedules = set()
    kept = []  # so that no run finds the addresses of the last
    for size in range(50):
        kept.append([object() for _ in range(size % 7)])
        loop = ControlledLoop()
        kept.append([loop])
        with controlled_locks(), loop.entered():
            if eager:
                loop.set_task_factory(getattr(asyncio, "eager_task_factory", None))  # None, before 3.12, is the usual one
            loop.create_task(main())
            recorder = Recorder(LoopCandidates(loop, Order.FIFO), fixed([]))
            run(loop, Order.FIFO, recorder, lambda: False, every_choice=True)
        loop.abandon()
        schedules.add(tuple(recorder.names))
    assert len(schedules) == 1


def test_queues_are_numbered_on_a_controlled_loop_only_and_a_hash_never_changes() -> None:
    outside: asyncio.Queue[str] = asyncio.Queue()
    assert hash(outside) == object.__hash__(outside)
    with controlled_locks(), ControlledLoop().entered():
        inside: asyncio.Queue[str] = asyncio.Queue()
        kept = {outside, inside}
        assert [hash(outside), hash(inside), hash(asyncio.Event())] == [object.__hash__(outside), 1, 2]
    assert {outside, inside} == kept
    assert hash(after := asyncio.Event()) == object.__hash__(after)

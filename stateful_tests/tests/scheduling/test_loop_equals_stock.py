"""The controlled loop, left to choice 0, is stock asyncio as far as a program can tell.

Every claim of the order `fifo` ("it happens on stock asyncio") rests on this. The corpus is in `loop_programs`; each program runs on
the stock loop with real delays and on ours with virtual ones, and their logs must be equal. Orders are compared, never durations.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import nullcontext

import pytest

from subwarden.scheduling.locks import controlled_locks, held, waiting
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Ending, run
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.tests.scheduling.loop_programs import PROGRAMS, Log, Program

# The stock loop sleeps for real. A machine that stalls for longer than a TICK may wake two sleepers at once, which is chance of the
# machine and no difference of the loops, so the stock side (only) may show its order again.
ATTEMPTS = 3


async def _waited(awaitable: Awaitable[None]) -> None:
    await awaitable


def on_stock(program: Program) -> Log:
    log: Log = []
    with asyncio.Runner() as runner:
        runner.run(_waited(program(log)))
    return log


def on_controlled(program: Program, *, patched: bool) -> Log:
    log: Log = []
    loop = ControlledLoop()
    with controlled_locks() if patched else nullcontext(), loop.entered():
        main = loop.create_task(_waited(program(log)), name="main")
        ending, choices, _ = run(loop, Order.FIFO, fixed([]), lambda: False)
        loop.report_unretrieved()
    assert ending is Ending.QUIESCENT
    assert not choices, "a program without outside events leaves nothing to choose in fifo"
    main.result()
    assert all(task.done() for task in loop.tasks), "a program of the corpus leaves nothing running"
    assert not waiting(loop)
    assert not any(held(loop).values())
    assert not loop.unhandled
    return log


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_log_as_stock(name: str) -> None:
    program = PROGRAMS[name]
    controlled = on_controlled(program, patched=False)
    assert controlled, "a program that observes nothing proves nothing"
    stock: Log = []
    for _ in range(ATTEMPTS):
        stock = on_stock(program)
        if stock == controlled:
            break
    assert controlled == stock


@pytest.mark.parametrize("name", PROGRAMS)
def test_controlled_locks_change_nothing_in_fifo(name: str) -> None:
    program = PROGRAMS[name]
    assert on_controlled(program, patched=True) == on_controlled(program, patched=False)


def test_the_corpus_is_not_small() -> None:
    assert len(PROGRAMS) >= 90

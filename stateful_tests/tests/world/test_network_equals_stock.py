"""The simulated network is asyncio on a real loopback socket, as far as an end of a connection can tell.

Each program of `network_programs` runs on the stock loop with real sockets and on ours with simulated ones, in many schedules; what each
end saw must be equal. Every claim that a failure "happens on stock asyncio, with this timing of the network" rests on this.
"""

import asyncio
from collections import defaultdict
from random import Random

import pytest

from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Choose, Ending, run
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.tests.world import network_programs_more
from subwarden.stateful_tests.tests.world.network_programs import PROGRAMS, Logs, Program
from subwarden.world.loop import WorldLoop

SCHEDULES = 30
assert network_programs_more.__doc__  # importing it adds its programs


def on_stock(program: Program) -> Logs:
    logs: Logs = defaultdict(list)

    async def main() -> None:
        await program(logs)

    with asyncio.Runner() as runner:
        runner.run(main())
    return logs


def on_simulated(program: Program, order: Order, walk: RandomWalk | None) -> Logs:
    logs: Logs = defaultdict(list)
    loop = WorldLoop(suspend_free_locks=order is Order.ANY, early_timers=False)
    choose: Choose | None = fixed([]) if walk is None else walk.begin(LoopCandidates(loop, order))
    assert choose is not None

    async def main() -> None:
        await program(logs)

    with loop.entered():
        task = loop.create_task(main(), name="main")
        ending, choices, steps = run(loop, order, choose, None)
        assert ending is Ending.QUIESCENT
        assert task.done(), "the program waits for ever"
        task.result()
        loop.report_unretrieved()
    assert not loop.unhandled
    assert not loop.uncontrolled
    assert not loop.connections(), "what it opened is closed"
    if walk is not None:
        walk.end(choices, steps)
    loop.abandon()
    return logs


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_end_sees_what_it_sees_on_real_sockets(name: str) -> None:
    program = PROGRAMS[name]
    stock = on_stock(program)
    assert stock, "a program that observes nothing proves nothing"
    assert on_simulated(program, Order.FIFO, None) == stock
    walk = RandomWalk(Random(name))
    for _ in range(SCHEDULES):
        assert on_simulated(program, Order.FIFO, walk) == stock


def test_the_programs_are_not_few() -> None:
    assert len(PROGRAMS) >= 28

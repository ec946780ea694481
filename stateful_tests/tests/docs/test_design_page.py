"""docs/design.md states rules about locks: they hold in runs of the server."""

from random import Random

import pytest

from subwarden.impl.subjects import SUBJECTS
from subwarden.model.server import requests as rq
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order, loop_for
from subwarden.scheduling.run import run
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.play import PreparedRequests
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram

WALKS = 60  # of each program
BEGIN = (rq.Initialize(1), rq.Initialize(2), rq.Resume(1, 1), rq.Resume(2, 1))
REQUESTS = (
    (*BEGIN, rq.TurnStart(1, 1, True), rq.Unsubscribe(1, 1), rq.Resume(1, 1), rq.Unsubscribe(2, 1)),
    (*BEGIN, rq.TurnStart(2, 1, False), rq.Archive(1, 1), rq.TurnInterrupt(2, 1), rq.Close(1)),
    (*BEGIN, rq.AddListener(1, 1, 1, True), rq.Start(1, 3, False), rq.RemoveListener(1, 1), rq.Rollback(2, 1)),
)
PROGRAMS = [ServerProgram(tuple((request,) for request in requests), (ServerFault(FaultKind.ENDS, 2),)) for requests in REQUESTS]


def test_locks_are_taken_in_the_order_that_the_page_says() -> None:
    """Rule 3: G, then M; or G, then T. Never M and T together, never two gates."""
    server = SUBJECTS["manager"].server
    assert server is not None
    with running():
        runner = Runner(SERVER_LEVEL, server, Order.ANY)
        for program in PROGRAMS:
            walk = RandomWalk(Random(1))
            for _ in range(WALKS):
                runner.run_strategy(program, walk)
    assert set(runner.nested) == {("G", "M"), ("G", "T")}


@pytest.mark.parametrize(("order", "contended"), [(Order.FIFO, False), (Order.ANY, True)])
def test_in_fifo_no_lock_is_contended(order: Order, contended: bool) -> None:
    """Rule 4: nothing that suspends there is awaited under a lock. In `any` a free lock's acquire suspends, so somebody waits."""
    server = SUBJECTS["manager"].server
    assert server is not None
    waited = 0
    for program in PROGRAMS:
        walk, prepared = RandomWalk(Random(1)), SERVER_LEVEL.prepare(program)
        for _ in range(WALKS):
            waited += _waits(loop_for(order), order, prepared, walk)
    assert bool(waited) is contended


def _waits(loop: ControlledLoop, order: Order, prepared: PreparedRequests, walk: RandomWalk) -> int:
    """How often somebody has to wait for a lock in one run."""
    server = SUBJECTS["manager"].server
    assert server is not None
    heard: list[str] = []
    loop.lock_listener = lambda verb, _lock: heard.append(verb)
    with controlled_locks(), loop.entered():
        play = SERVER_LEVEL.play(server, prepared, loop, SERVER_LEVEL.new_graph(), set())
        run(loop, order, walk.begin(LoopCandidates(loop, order)), play.judge.stepped)
        play.finish()
    loop.abandon()
    return heard.count("waits for")

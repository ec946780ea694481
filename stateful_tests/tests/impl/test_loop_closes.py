"""The loop is closed in the middle of everything, as `asyncio.run` does when its main task ends: all tasks are cancelled at once.

On the stock loop, after each move of each scene: every task ends, none is started, and no exception is left. In which order the tasks hear
of it depends on their addresses, so any must do.
"""

import asyncio
from collections.abc import Sequence

import pytest

from subwarden.impl.server.environment import Environment
from subwarden.impl.server.transcript import Transcript
from subwarden.model.server.requests import Request
from subwarden.stateful_tests.subjects.server.scenes import SCENES
from subwarden.stateful_tests.tests.subjects.server_play import server

MOST = 200  # moves of a run
PATIENCE = 5.0  # seconds for tasks that should end at once


class Left:
    """What is left of one run. `handled`: requests that were being handled. `whole`: the run was over before the loop closed."""

    def __init__(self, requests: Sequence[Request], moves: int, pause: int) -> None:
        self.handled = 0
        self.tasks: list[str] = []
        self.errors: list[object] = []
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda _, context: self.errors.append(context))
        try:
            self.whole = not loop.run_until_complete(self._moves(requests, moves, pause))
            cancelled = asyncio.all_tasks(loop)
            for task in cancelled:
                task.cancel()
            if cancelled:
                loop.run_until_complete(asyncio.wait(cancelled, timeout=PATIENCE))
            self.errors += [task.exception() for task in cancelled if task.done() and not task.cancelled() and task.exception()]
            self.tasks = sorted(task.get_name() for task in asyncio.all_tasks(loop))
        finally:
            loop.close()

    async def _moves(self, requests: Sequence[Request], moves: int, pause: int) -> bool:
        """Whether something is still to happen after so many moves. The server's tasks run after each `pause`-th."""
        environment = Environment()
        served = server("manager")(environment.engine)
        environment.serve(served, Transcript())
        to_come = [(f"r{place}", request) for place, request in enumerate(requests)]
        for move in range(moves):
            if not environment.something_happens():
                if not to_come:
                    return False
                environment.arrives(*to_come.pop(0))
            if move % pause == 0:
                await asyncio.sleep(0)
        self.handled = len(served.handlers)
        return True


@pytest.mark.parametrize("requests", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize("pause", [1, 2])
def test_a_loop_that_is_closed_in_the_middle_leaves_no_task(requests: Sequence[Request], pause: int) -> None:
    handled = 0
    for moves in range(MOST):
        left = Left(requests, moves, pause)
        assert not left.tasks, f"after {moves} moves"
        assert not left.errors, f"after {moves} moves"
        handled += left.handled
        if left.whole:
            break
    else:
        raise AssertionError("the run never ends")
    assert moves > len(requests)
    assert handled, "no request was under way when the loop closed"

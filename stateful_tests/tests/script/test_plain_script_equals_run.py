"""A script of plain asyncio plays the controlled run on the stock loop, step by step.

Hundreds of random fifo runs, with subjects that suspend in every way, are played by their scripts and observed alike.
"""

import asyncio
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.impl.manager.split_lock import SplitLockManager
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager.operations import MANAGER_OPERATIONS
from subwarden.reports.script.manager import write
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Choose
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.script.server_findings import let_go
from subwarden.stateful_tests.tests.subjects.manager_programs import random_program

RUNS = 250  # of each subject
LOG: list[tuple[object, ...]] = []


class Busy(SourceManager):
    """Suspends in other ways than at locks: its own tasks, futures' callbacks, bare yields, an event, a queue."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: asyncio.Queue[int] = asyncio.Queue(1)
        self.asked = asyncio.Event()

    async def connection_initialized(self, connection_id: int) -> None:
        await asyncio.shield(asyncio.ensure_future(super().connection_initialized(connection_id)))

    async def has_subscribers(self, thread_id: int) -> bool:
        self.asked.set()
        found = await asyncio.gather(super().has_subscribers(thread_id), super().has_subscribers(thread_id + 1))
        self.asked.clear()
        return found[0]

    async def thread_state(self, thread_id: int) -> ThreadState:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return await super().thread_state(thread_id)

    async def remove_connection(self, connection_id: int) -> None:
        await self.queue.put(connection_id)
        await super().remove_connection(connection_id)
        await self.queue.get()

    async def remove_listener(self, subscription_id: int) -> int | None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
            removed = group.create_task(super().remove_listener(subscription_id))
        return removed.result()

    async def remove_thread_state(self, thread_id: int) -> None:
        waiter = asyncio.ensure_future(self.asked.wait())
        done, _ = await asyncio.wait([waiter, asyncio.ensure_future(super().remove_thread_state(thread_id))], return_when="FIRST_COMPLETED")
        waiter.cancel()
        await asyncio.wait(done)


def name_of_task() -> str:
    task = asyncio.current_task()
    name = "none" if task is None else task.get_name()
    return name if len(name) == 1 else "its own"  # the loops number unnamed tasks differently


class Logged:
    """A manager, and a log of all that is called and answered, in order: what a caller could observe. Up to three steps lie between a
    call and the manager, so that there is something to come between."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self.show, self.locks = manager.show, manager.locks
        for operation in MANAGER_OPERATIONS:
            setattr(self, operation.name, self._logged(operation.name))

    def _logged(self, name: str) -> Any:
        async def called(*arguments: object, **flags: object) -> object:
            given = (*arguments, *flags.values())
            LOG.append((name_of_task(), "calls", name, given))
            try:
                for at in range(len(name) % 4):
                    await asyncio.sleep(0)
                    LOG.append((name_of_task(), "steps", name, at))
                answer = await getattr(self._manager, name)(*given)
            except BaseException as error:
                LOG.append((name_of_task(), "raises", name, type(error).__name__))
                raise
            LOG.append((name_of_task(), "answers", name, "a state" if isinstance(answer, ThreadState) else answer))
            if isinstance(answer, ThreadState) and "set_listener" not in vars(answer):
                for method in ("set_listener", "clear_listener", "listener_matches", "track_current_turn_event"):
                    setattr(answer, method, _on_state(answer, method))
            return answer

        return called


def _on_state(state: ThreadState, name: str) -> Any:
    method = getattr(state, name)

    def called(*arguments: object) -> object:
        answer = method(*arguments)
        LOG.append((name_of_task(), name, state.shown(), answer if isinstance(answer, bool) else None))
        return answer

    return called


SUBJECTS: dict[str, Any] = {"seed": SourceManager, "split-lock": SplitLockManager, "manager": Manager, "busy": Busy}


def played(script: str, make: Any) -> list[tuple[object, ...]]:
    """What a script logs, played in this process on the stock loop."""
    LOG.clear()
    space: dict[str, Any] = {"make": make, "__name__": "script"}
    try:
        exec(compile(script, "script", "exec"), space)
    except SystemExit as end:
        assert end.code is None
    log = LOG.copy()
    let_go(space)
    return log


def controlled(make: Any, program: ManagerProgram, random: Random) -> tuple[list[str], list[int], list[tuple[object, ...]]]:
    """A random fifo run: its schedule, the numbers of steps after which nothing could move, and what was logged."""
    walk = RandomWalk(random)
    names: list[str] = []
    rests: list[int] = []

    def begin(candidates: LoopCandidates) -> Choose:
        choose = walk.begin(candidates)
        assert choose is not None

        def noting(n: int) -> int:
            pick = choose(n) if n > 1 else 0
            if not candidates.loop.ready:
                rests.append(sum(not name.startswith("+") for name in names))
            names.append(candidates.names()[pick])
            return pick

        return noting

    LOG.clear()
    Runner(MANAGER_LEVEL, make, Order.FIFO).run(program, begin, every_choice=True)
    return names, rests, [entry for entry in LOG if entry[-1] != "GeneratorExit"]  # not what was abandoned at the end


def one_step_late(script: str) -> Iterator[str]:
    """The script with each of its waits in turn one step longer."""
    for found in re.finditer(r"yield (\d+)  # step", script):
        yield f"{script[: found.start()]}yield {int(found[1]) + 1}  # step{script[found.end() :]}"


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_script_plays_the_controlled_run_on_the_stock_loop(name: str) -> None:
    def make() -> Any:
        return Logged(SUBJECTS[name]())

    runs = []
    with running():
        for number in range(RUNS):
            random = Random(f"{name} {number}")
            program = random_program(random)
            runs.append((program, *controlled(make, program, random)))
    logged = between = noticed = 0
    for program, schedule, rests, log in runs:
        plain = {
            "subject": {"modules": [], "setup": [], "imports": [], "make": "make"},
            "program": program.encode(),
            "schedule": schedule,
            "rests": rests,
            "coroutines": True,
            "claim": {"kind": "nothing", "steps": None},
        }
        told = {"property": "P", "title": "", "said": "", "tasks": [{"name": task_name(at)} for at in range(len(program.tasks))]}
        counting = write({**told, "plain": {**plain, "rests": []}})
        assert "class Loop" in counting
        assert played(counting, make) == log, counting
        logged += len(log)
        noticed += any(played(late, make) != log for late in one_step_late(counting))
        resting = write({**told, "plain": plain})
        if "class Loop" in resting:
            between += 1
        else:
            again = played(resting, make)
            assert again[: len(log)] == log, resting
            assert all(entry[-1] == "CancelledError" for entry in again[len(log) :])  # asyncio.run cancels what waits for ever
    assert logged > RUNS * 10, "the runs have something to observe"
    assert between > RUNS // 2, "and much of it comes between two steps"
    assert noticed > RUNS // 3, "so that one step more or less would show"

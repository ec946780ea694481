"""Defects of P12: tasks, locks and exceptions that are left behind."""

import asyncio

from subwarden.checking import causes
from subwarden.impl.manager.manager import Manager
from subwarden.model.manager.operations import ThreadState
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


async def _forever() -> None:
    await asyncio.get_running_loop().create_future()


async def _fail() -> None:
    raise ValueError("nobody listens")


class TaskLeftBehind(Manager):
    """A close starts a task that waits forever."""

    async def remove_connection(self, connection_id: int) -> None:
        await super().remove_connection(connection_id)
        asyncio.get_running_loop().create_task(_forever(), name="forever")


class LockNeverReleased(Manager):
    """The first caller that asks for a state takes its lock and keeps it."""

    async def thread_state(self, thread_id: int):  # type: ignore[no-untyped-def]
        state = await super().thread_state(thread_id)
        if state is not None and not state.lock.locked():
            await state.lock.acquire()
        return state


class ExceptionNobodyRetrieves(Manager):
    """A background task of the manager fails, and its exception is never retrieved."""

    async def has_subscribers(self, thread_id: int) -> bool:
        asyncio.get_running_loop().create_task(_fail(), name="failing")
        return await super().has_subscribers(thread_id)


DEFECTS = (
    Defect(TaskLeftBehind, causes.LEAKED_TASK, 1),
    Defect(
        LockNeverReleased, causes.LEAKED_LOCK, 1, also=(causes.DEADLOCK, causes.LOCK_CYCLE), program=ManagerProgram(((ThreadState(1),),))
    ),
    Defect(ExceptionNobodyRetrieves, causes.UNRETRIEVED, 1),
)

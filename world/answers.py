"""Mocks that take time. An `AsyncMock` answers at once, so no other task can move while it does, and a race beside the call stays hidden.
What it stands for, a database or a socket, lets the others move.
"""

import functools
import inspect
from collections.abc import Callable
from threading import get_ident
from typing import Any, TypeVar
from unittest.mock import AsyncMock, NonCallableMock

from subwarden.scheduling.loop import ENTERED
from subwarden.world.decisions import Unstarted
from subwarden.world.jobs import JobLoop

T = TypeVar("T", bound=Callable[..., Any])


def answers_later(called: T) -> T:
    """Let the calls of `called` take as long as the scheduler says: each answers as an outside event, between any two batches of steps.

    `called`: a mock, whose asynchronous calls and those of all mocks that it leads to answer later, and which is returned; or an
    `async def` function, such as a fake of a database, for which another is returned. Outside a run nothing changes. Raises TypeError for
    anything else.
    """
    if isinstance(called, NonCallableMock):
        _mark(called)
        return called
    if not inspect.iscoroutinefunction(called):
        raise TypeError(f"answers_later() needs a mock or an async function, not {called!r}")
    name = getattr(called, "__qualname__", repr(called))

    @functools.wraps(called)
    async def later(*arguments: Any, **keywords: Any) -> Any:
        return await _answered_later(name, Unstarted(called(*arguments, **keywords)))

    return later  # type: ignore[return-value]  # it is called as the other is


async def _answered_later(name: str, answer: Unstarted) -> Any:
    loop = ENTERED.get(get_ident())
    if isinstance(loop, JobLoop):
        await loop.offer_job(f"{name} answers", lambda: None)
    return await answer.take()


def _mark(mock: Any) -> None:
    """Change the class of `mock`, which every mock has for itself, and those of the mocks that it has and will have."""
    kind = type(mock)
    if "_answers_later" in vars(kind):
        return
    kind._answers_later = True
    child_of = kind._get_child_mock

    def child(self: Any, /, **keywords: Any) -> Any:
        made = child_of(self, **keywords)
        _mark(made)
        return made

    kind._get_child_mock = child
    if isinstance(mock, AsyncMock):
        call = kind.__call__

        def later(self: Any, *arguments: Any, **keywords: Any) -> Any:
            return _answered_later(self._extract_mock_name(), Unstarted(call(self, *arguments, **keywords)))

        kind.__call__ = later
    for made in list(vars(mock)["_mock_children"].values()):
        if isinstance(made, NonCallableMock):
            _mark(made)

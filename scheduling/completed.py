"""asyncio's `as_completed` without chance: it makes tasks of coroutines in the order of a set, which hashes them by address.

Made into tasks before, they are hashed by number (`scheduling.handles.NumberedTask`). Code that has imported the function by its own
name, `from asyncio import as_completed`, keeps the stock one.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from subwarden.scheduling.loop import ENTERED

_stock: Any = asyncio.as_completed


def _as_completed(fs: Iterable[Any], **options: Any) -> Any:
    if ENTERED.get(get_ident()) is not None and not asyncio.isfuture(fs) and not asyncio.iscoroutine(fs):
        fs = [asyncio.ensure_future(each) for each in dict.fromkeys(fs)]
    return _stock(fs, **options)


@contextmanager
def numbered_completion() -> Iterator[None]:
    """While open, `asyncio.as_completed` on a controlled loop does the same in every run."""
    before = asyncio.as_completed
    asyncio.as_completed = asyncio.tasks.as_completed = _as_completed
    try:
        yield
    finally:
        asyncio.as_completed = asyncio.tasks.as_completed = before

"""Waits for the first of several sources without a task for each, as `select!` does in the source document's language.

It refuses to choose at random where several are ready: the first in the caller's order counts.
"""

import asyncio
from typing import Protocol


class Source(Protocol):
    """A source of wake-ups, with one waiter at a time."""

    def ready(self) -> bool:
        """Whether waiting would return at once."""

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        """Resolve `waiter` when the source becomes ready; None: no task waits any more."""


async def first_ready(*sources: Source) -> int:
    """Wait until a source is ready; returns the place of the first that is. If it is cancelled, it has taken nothing."""
    while True:
        for at, source in enumerate(sources):
            if source.ready():
                return at
        waiter = asyncio.get_running_loop().create_future()
        for source in sources:
            source.arm(waiter)
        try:
            await waiter
        finally:
            for source in sources:
                source.arm(None)

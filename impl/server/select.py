"""Waiting for the first of several sources without a task for each: what `select!` is in the source document's language.

It refuses to choose by chance where several are ready: the first of them counts, so that callers say their order.
"""

import asyncio
from typing import Protocol


class Source(Protocol):
    """Something that can be waited for. One waiter at a time."""

    def ready(self) -> bool:
        """Whether waiting would return at once."""

    def arm(self, waiter: "asyncio.Future[None] | None") -> None:
        """Have `waiter` resolved when that changes; None: nobody waits any more."""


async def first_ready(*sources: Source) -> int:
    """Wait until a source is ready; the place of the first that is. Cancelled, it has taken nothing."""
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

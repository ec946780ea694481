"""asyncio's queues and events hashed by number, as tasks are (`scheduling.handles.NumberedTask`), on a controlled loop.

Code that fans out messages often keeps a set of its subscribers' queues. By address, such a set has another order in every run, and the
same choices would wake the readers in another order. Objects of the subject's own classes, and bare futures, keep their addresses.
"""

import asyncio
from threading import get_ident
from typing import Any

from subwarden.scheduling.loop import ENTERED

CLASSES: tuple[Any, ...] = (asyncio.Queue, asyncio.Event)
NUMBER = "_subwarden_number"


def _hash(self: Any) -> int:
    number: int | None = self.__dict__.get(NUMBER)
    if number is None:
        loop = ENTERED.get(get_ident())
        number = object.__hash__(self) if loop is None else loop.number_of_next()
        self.__dict__[NUMBER] = number  # the same wherever it is hashed next
    return number


def number_queues() -> None:
    """Hash them by number for good: an object hashed in a run may be looked up after it, and a hash must never change."""
    for each in CLASSES:
        each.__hash__ = _hash

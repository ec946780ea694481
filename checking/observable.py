"""The interface through which a judge observes a manager, and a comparison that copies as little as it can."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from subwarden.model.manager.projection import Shown


class Observable(Protocol):
    """A manager at the manager level, observed from outside."""

    def show(self) -> Shown | None:
        """A copy of the maps, or None while they may be mid-change."""

    def locks(self) -> dict[str, asyncio.Lock]:
        """The manager's locks by name; the manager lock is called M."""

    # optional: starts_as, the model's state before the first operation, for subjects that do not start empty
    # optional: shows(shown) -> bool, whether show() would return `shown`, for subjects that can compare without copying


def shows_of(subject: Any) -> Callable[[Shown | None], bool]:
    """A function that compares its argument with `subject.show()`; False for None."""
    if _has_shows(type(subject)):  # type: ignore[arg-type]  # every class is hashable
        shows: Callable[[Shown | None], bool] = subject.shows
        return shows
    return lambda shown: shown is not None and subject.show() == shown


@cache
def _has_shows(kind: type) -> bool:
    """Whether `kind` can compare without copying. Not if a subclass overrides `show` below the class that defines `shows`."""
    for base in kind.__mro__:
        if "shows" in vars(base):
            return True
        if "show" in vars(base):
            return False
    return False

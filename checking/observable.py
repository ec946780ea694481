"""What a judge looks at, and how it asks whether something shows without copying more than it must."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from subwarden.model.manager.projection import Shown


class Observable(Protocol):
    """A manager of level manager, seen from outside."""

    def show(self) -> Shown | None:
        """A copy of the maps, or None while they may be mid-change."""

    def locks(self) -> dict[str, asyncio.Lock]:
        """The manager's locks by name; the manager lock is called M."""

    # optional: starts_as, the model's state before the first operation, for subjects that are not empty then
    # optional: shows(shown) -> bool, whether show() would return just that, for subjects that can tell without copying


def shows_of(subject: Any) -> Callable[[Shown | None], bool]:
    """A function that tells whether `subject.show()` would return just that; False for None."""
    if _has_shows(type(subject)):  # type: ignore[arg-type]  # every class is hashable
        shows: Callable[[Shown | None], bool] = subject.shows
        return shows
    return lambda shown: shown is not None and subject.show() == shown


@cache
def _has_shows(kind: type) -> bool:
    """Whether `kind` can tell without copying; not if a subclass has since changed what is shown."""
    for base in kind.__mro__:
        if "shows" in vars(base):
            return True
        if "show" in vars(base):
            return False
    return False

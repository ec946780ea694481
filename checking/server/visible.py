"""The visible part of a server: the maps of its manager and the registry beside it. Copied only when they have changed.

It refuses to judge: it says which changes there are since the last look, in the order in which the model is told of them.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, Protocol

from subwarden.checking.observable import Observable, shows_of
from subwarden.checking.server.changes import in_order, of_maps, of_registry
from subwarden.model.manager.projection import Shown
from subwarden.model.server.state import Change, ChangeKind


class Serving(Protocol):
    """A server, seen from outside."""

    @property
    def manager(self) -> Observable:
        """Its maps are shown as at level manager."""

    @property
    def loaded(self) -> Mapping[int, Any]:
        """Thread -> conversation, which has a `number`."""

    @property
    def unloading(self) -> AbstractSet[int]:
        """Threads that are loaded, and will not be for long."""

    @property
    def listeners(self) -> Mapping[Any, tuple[int, int]]:
        """Thread and conversation of each listener that runs."""


class Seen(NamedTuple):
    """The result of a look. `before`: the maps before they changed; None: they have not."""

    changes: list[Change]
    before: Shown | None = None
    raised: Exception | None = None  # by the subject when it was to show its maps


HIDDEN = Seen([])  # the maps are in the middle of a change


class Visible:
    """Of one run. `shown`: the maps at the last look; `torn_down`: the threads that were unloaded, or began to be, and not loaded since."""

    def __init__(self, server: Serving) -> None:
        self.server = server
        self.shown: Shown = server.manager.show() or Shown(frozenset(), {}, {}, {}, frozenset(), {})
        self.torn_down: set[int] = set()
        self._shows = shows_of(server.manager)
        self._loaded: dict[int, Any] = {}
        self._unloading: set[int] = set()

    def look(self) -> Seen | None:
        """The changes since the last look; None: nothing has changed. The judge asks after every step."""
        server = self.server
        try:
            maps_changed = not self._shows(self.shown)
        except Exception as error:  # not a finding: a subject must be able to show its maps at any time
            return Seen([], raised=error)
        registry_changed = server.loaded != self._loaded or server.unloading != self._unloading
        if not maps_changed and not registry_changed:
            return None
        changes: list[Change] = []
        before = None
        if maps_changed:
            shown = server.manager.show()
            if shown is None:
                return HIDDEN
            before, self.shown = self.shown, shown
            changes += of_maps(before, shown)
        if registry_changed:
            changes += self._registry_changes()
        return Seen(in_order(changes), before)

    def _registry_changes(self) -> list[Change]:
        loaded, unloading = dict(self.server.loaded), set(self.server.unloading)
        changes = of_registry((self._loaded, self._unloading), (loaded, unloading))
        self._loaded, self._unloading = loaded, unloading
        for change in in_order(changes):
            if change.kind is ChangeKind.LOADED:
                self.torn_down.discard(change.thread)
            else:
                self.torn_down.add(change.thread)
        return changes

    def threads(self) -> tuple[int, ...]:
        """The threads that are loaded now."""
        return tuple(sorted(self.server.loaded))

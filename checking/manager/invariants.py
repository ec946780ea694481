"""The properties that need no model state, only what a manager shows and which connections have closed: P1 and P2.

They are judged after every change, also in runs in which the model can no longer be followed.
"""

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.model.manager.projection import Shown, disagreements


class Invariants:
    """Judges one run."""

    _closed: frozenset[int] = frozenset()

    def connection_closed(self, connection: int, shown: Shown | None) -> list[Cause]:
        """The close of `connection` has returned: what does not hold now."""
        self._closed |= {connection}
        if shown is None:
            return []
        if shown.live is not None:  # then `broken` has seen it when the connection ceased to be live
            return [causes.REVIVED] if connection in shown.live else []
        return [causes.OUTLIVES] if any(connection in connections for connections in shown.subscribers.values()) else []

    def broken(self, before: Shown | None, shown: Shown) -> list[Cause]:
        """What has stopped to hold with the change from `before` to `shown`."""
        found: list[Cause] = []
        if disagreements(shown):
            found.append(causes.MAPS_DISAGREE)
        if shown.live is not None and not self._closed.isdisjoint(shown.live):
            found.append(causes.REVIVED)
        for thread, connections in shown.subscribers.items():
            if not connections:
                continue
            dead = self._closed.intersection(connections) if shown.live is None else connections - shown.live
            for connection in dead:
                if before is None or connection not in before.subscribers.get(thread, ()):
                    found.append(causes.SUBSCRIBED_DEAD)
                elif before.live is not None and connection in before.live:
                    found.append(causes.OUTLIVES)
        return found

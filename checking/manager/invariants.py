"""P1 and P2 at the manager level: they need no model state, only the observed maps and the set of closed connections.

They are judged after every change, also in runs that have left the model.
"""

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.model.manager.projection import Shown, disagreements


class Invariants:
    """Judges one run."""

    closed: frozenset[int] = frozenset()  # the connections whose close has returned

    def connection_closed(self, connection: int, shown: Shown | None) -> list[Cause]:
        """Record that the close of `connection` has returned. Returns the causes that this reveals."""
        self.closed |= {connection}
        if shown is None:
            return []
        if shown.live is not None:  # then `broken` judged its subscriptions when it ceased to be live
            return [causes.REVIVED] if connection in shown.live else []
        return [causes.OUTLIVES] if any(connection in connections for connections in shown.subscribers.values()) else []

    def broken(self, before: Shown | None, shown: Shown) -> list[Cause]:
        """The causes that the change from `before` to `shown` reveals."""
        found: list[Cause] = []
        if disagreements(shown):
            found.append(causes.MAPS_DISAGREE)
        if shown.live is not None and not self.closed.isdisjoint(shown.live):
            found.append(causes.REVIVED)
        for thread, connections in shown.subscribers.items():
            if not connections:
                continue
            dead = self.closed.intersection(connections) if shown.live is None else connections - shown.live
            for connection in dead:
                if before is None or connection not in before.subscribers.get(thread, ()):
                    found.append(causes.SUBSCRIBED_DEAD)
                elif before.live is not None and connection in before.live:
                    found.append(causes.OUTLIVES)
        return found

"""P1 and P2 at the core level: they need no model state, only the observed maps and the set of closed connections.

The counterpart of `checking.manager.invariants`. Pure: the same function judges a manager in this process and one in another.
"""

from collections.abc import Set

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.model.core.relation import Relation
from subwarden.model.core.step import Id


def broken(before: Relation | None, shown: Relation, closed: Set[Id]) -> list[Cause]:
    """The causes that hold in `shown`. `before`: the previous observation; `closed`: the connections whose disconnect has returned."""
    found: list[Cause] = []
    if shown.subscriptions is not None and shown.subscriptions != shown.subscribers:
        found.append(causes.MAPS_DISAGREE)
    if shown.live is not None and not closed.isdisjoint(shown.live):
        found.append(causes.REVIVED)
    dead = {
        (topic, connection)
        for topic, connection in shown.subscribers
        if (connection in closed if shown.live is None else connection not in shown.live)
    }
    if dead:
        outlives = before is not None and not dead.isdisjoint(before.subscribers)
        found.append(causes.OUTLIVES if outlives else causes.SUBSCRIBED_DEAD)
    return found

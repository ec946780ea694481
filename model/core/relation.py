"""What a manager shows of the core model's state: who is live, and who is subscribed to what, in each map that it keeps.

It refuses to know the state itself: a manager may keep no record of who is live, or the relation in one map only.
"""

from typing import NamedTuple

from subwarden.model.core.step import Id

Pair = tuple[Id, Id]  # (topic, connection)


class Relation(NamedTuple):
    """What shows at one moment. `live` and `subscriptions` are None where no such record is kept.

    `subscribers` is the relation as the topics have it, `subscriptions` the same as the connections have it.
    """

    live: frozenset[Id] | None
    subscribers: frozenset[Pair]
    subscriptions: frozenset[Pair] | None = None

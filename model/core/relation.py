"""The observed state of a manager at the core level: live connections and subscriptions, as each of its maps has them.

It is not the model's state: a manager may keep no record of live connections, or the relation in one map only.
"""

from typing import NamedTuple

from subwarden.model.core.step import Id

Pair = tuple[Id, Id]  # (topic, connection)


class Relation(NamedTuple):
    """The maps at one moment. `live` and `subscriptions` are None where the manager keeps no such record.

    `subscribers` is the relation as the topics' map has it, `subscriptions` as the connections' map has it.
    """

    live: frozenset[Id] | None
    subscribers: frozenset[Pair]
    subscriptions: frozenset[Pair] | None = None

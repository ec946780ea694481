"""Reads the maps that an adapter's `observe()` returned: one relation of clients and topics, or several by name.

A relation is written as managers keep it: as (client, topic) pairs, or as a table, a dict that has for each client its topics or for each
topic its clients. Which of the two is known by the names of the program.
"""

from collections.abc import Collection, Iterable, Mapping

from subwarden.checking.core.connection_states import UNNAMED, Maps, Pair
from subwarden.model.core.step import Id

Names = Collection[Id]


def maps_of(shown: object, clients: Names, topics: Names) -> Maps:
    """The maps by name, as (client, topic) pairs, that an adapter's `observe()` returned as `shown`. `clients` and `topics`: those that the
    program names. Raises ValueError for another shape.
    """
    if not isinstance(shown, Mapping) or is_table(shown, clients, topics):
        return {UNNAMED: pairs_of(shown, UNNAMED, clients)}
    return {str(name): pairs_of(pairs, f"observe()[{name!r}]", clients) for name, pairs in shown.items()}


def is_table(shown: object, clients: Names, topics: Names) -> bool:
    """Whether `shown` is one table, and not several maps by name."""
    return isinstance(shown, Mapping) and (not shown or any(key in clients or key in topics for key in shown))


def has_tables(shown: object, clients: Names, topics: Names) -> bool:
    """Whether `shown` is a table, or has one."""
    return is_table(shown, clients, topics) or (isinstance(shown, Mapping) and any(isinstance(each, Mapping) for each in shown.values()))


def pairs_of(shown: object, where: str, clients: Names) -> frozenset[Pair]:
    """The pairs in `shown`, a relation that `where` names. Raises ValueError for another shape."""
    if isinstance(shown, Mapping):
        return frozenset(
            (key, other) if key in clients else (other, key) for key, others in shown.items() for other in _members(others, where, key)
        )
    if not isinstance(shown, set) and (isinstance(shown, str | bytes) or not isinstance(shown, Iterable)):
        raise ValueError(f"{where} must be (client, topic) pairs, or a dict with a set for each client or topic, not {shown!r:.80}")
    pairs = frozenset(shown if isinstance(shown, set | frozenset) else (tuple(pair) if isinstance(pair, list) else pair for pair in shown))
    for pair in pairs:
        if type(pair) is not tuple or len(pair) != 2:
            raise ValueError(f"{where} has {pair!r:.80}, which is no (client, topic) pair")
    return pairs


def _members(others: object, where: str, key: object) -> Iterable[Id]:
    if isinstance(others, str | bytes) or not isinstance(others, Iterable):
        raise ValueError(f"{where} has {others!r:.80} for {key!r}; it must have a set of names")
    return others

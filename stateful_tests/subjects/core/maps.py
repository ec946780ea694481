"""Reads the maps that an adapter's `observe()` returned: one relation of (client, topic) pairs, or several by name."""

from collections.abc import Iterable, Mapping

from subwarden.checking.core.connection_states import UNNAMED, Maps, Pair


def maps_of(shown: object) -> Maps:
    """The maps by name, as (client, topic) pairs, that an adapter's `observe()` returned as `shown`. Raises ValueError for another
    shape.
    """
    if isinstance(shown, Mapping):
        return {str(name): pairs_of(pairs, f"observe()[{name!r}]") for name, pairs in shown.items()}
    return {UNNAMED: pairs_of(shown, UNNAMED)}


def pairs_of(shown: object, where: str) -> frozenset[Pair]:
    """The pairs in `shown`, which `where` names. Raises ValueError for another shape."""
    if not isinstance(shown, set) and (isinstance(shown, str | bytes) or not isinstance(shown, Iterable)):
        raise ValueError(f"{where} must be (client, topic) pairs, not {shown!r:.80}")
    pairs = frozenset(shown if isinstance(shown, set | frozenset) else (tuple(pair) if isinstance(pair, list) else pair for pair in shown))
    for pair in pairs:
        if type(pair) is not tuple or len(pair) != 2:
            raise ValueError(f"{where} has {pair!r:.80}, which is no (client, topic) pair")
    return pairs

"""The engine's work that is still to come, read from the outside events that a run offers (P14)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from subwarden.model.server.waits import Work, WorkKind
from subwarden.scheduling.events import Event

BRINGS = {kind.value: kind for kind in (WorkKind.STARTS, WorkKind.FORKS, WorkKind.LOADS)}


def work_left(events: Iterable[Event], thread_of: Mapping[int, int]) -> tuple[list[Work], set[int]]:
    """The work among `events`, and the clients that have messages to read. `thread_of`: the thread of each conversation."""
    left, readers = [], set[int]()
    for event in events:
        known = _parsed(event.label)
        if known is None:
            continue
        kind, number = known
        if kind is None:
            readers.add(number)
        else:
            left.append(Work(kind, thread_of[number] if kind in (WorkKind.SHUTS_DOWN, WorkKind.TURNS) else number))
    return left, readers


@lru_cache(maxsize=1_000)
def _parsed(label: str) -> tuple[WorkKind | None, int] | None:
    """The kind of work that an event is, and the number of its thread or conversation. Without a kind: a client reads, and
    its number. None: neither."""
    first, _, rest = label.partition(" ")
    if first == "engine":
        verb, _, thread = rest.partition(" ")
        return BRINGS[verb], int(thread[1:])
    if first[:1] == "v" and first[1:].isdigit():
        return WorkKind.SHUTS_DOWN if rest == WorkKind.SHUTS_DOWN.value else WorkKind.TURNS, int(first[1:])
    return (None, int(first[1:])) if rest == "reads" else None

"""Projects a manager's observed maps onto the model's state: several maps in, one relation out, or the places where they disagree (P1)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from subwarden.model.manager.state import State


class ShownEntry(NamedTuple):
    """The observed state of one thread."""

    generation: int = 0  # how many listeners it has had
    conversation: int | None = None  # the conversation that the running listener follows
    turn: int | None = None  # how many items the active turn has


class Shown(NamedTuple):
    """A copy of a manager's maps at one moment, as they are, in plain containers that compare fast."""

    live: AbstractSet[int] | None  # None: the manager keeps no such record
    subscribers: Mapping[int, AbstractSet[int]]  # thread -> connections, one key for each entry
    threads_of: Mapping[int, AbstractSet[int]]  # connection -> threads
    ids: Mapping[int, tuple[int, int]]  # subscription id -> (thread, connection)
    raw: AbstractSet[tuple[int, int]]  # (thread, connection) pairs that would be sent raw events
    entries: Mapping[int, ShownEntry]


class View(NamedTuple):
    """The observable part of a state. A manager cannot show `State.closed`, implicit grants or incarnation numbers: they are left out."""

    live: frozenset[int] | None
    entries: tuple[tuple[int, ShownEntry], ...]
    links: frozenset[tuple[int, int]]
    ids: frozenset[tuple[int, tuple[int, int]]]
    raw: frozenset[tuple[int, int]]


def view(state: State) -> View:
    """The observable part of `state`."""
    return View(
        state.live,
        tuple((t, ShownEntry(e.generation, e.conversation, e.turn)) for t, e in state.entries),
        state.links(),
        frozenset(state.ids().items()),
        state.raw,
    )


def project(shown: Shown) -> View:
    """The view that `shown` describes, by the entries' subscribers; meaningful only where `disagreements` is empty."""
    return View(
        None if shown.live is None else frozenset(shown.live),
        tuple(sorted(shown.entries.items())),
        frozenset((t, c) for t, cs in shown.subscribers.items() for c in cs),
        frozenset(shown.ids.items()),
        frozenset(shown.raw),
    )


def disagreements(shown: Shown) -> list[str]:
    """One sentence for each place where the maps describe different relations, in a fixed order. Empty when P1 holds."""
    found: list[str] = []
    forward = {(t, c) for t, cs in shown.subscribers.items() for c in cs}
    backward = {(t, c) for c, ts in shown.threads_of.items() for t in ts}
    found += [f"c{c} is a subscriber of t{t}, but t{t} is not among c{c}'s threads" for t, c in sorted(forward - backward)]
    found += [f"t{t} is among c{c}'s threads, but c{c} is not a subscriber of t{t}" for t, c in sorted(backward - forward)]
    found += [f"s{s} names c{pair[1]} on t{pair[0]}, which are not linked" for s, pair in sorted(shown.ids.items()) if pair not in forward]
    found += [f"c{c} keeps an empty set of threads" for c, ts in sorted(shown.threads_of.items()) if not ts]
    if shown.subscribers.keys() != shown.entries.keys():
        found.append("the entries' subscribers and their states have different threads")
    return found

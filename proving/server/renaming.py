"""Symmetry at level server: connections, threads and ids are names, and renaming them turns runs into runs.

A renaming works part by part: what it makes of a part's value is worked out once. Conversations move with their thread. Requests in flight
keep their order, which the model looks at. `proving.symmetry.renaming` tries every renaming, and has the sources.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from itertools import permutations, product
from typing import Any

from subwarden.model.server.requests import Request
from subwarden.model.server.state import InFlight
from subwarden.proving.look_up import LookUp
from subwarden.proving.server.encoding import ServerEncoding, Value
from subwarden.proving.transition_system import Symmetry

OF_CONNECTIONS = ("live", "asked", "gone", "closed")
OF_PAIRS = ("owed", "barred")
OF_CONVERSATIONS = ("dead", "past")
SEGMENT = 30  # bits: a look-up for as many parts as can be, of which few thousand values occur


class ServerRenaming:
    """One renaming: old name -> new name of each connection, thread and id. 0 stands for no name."""

    def __init__(self, encoding: ServerEncoding, connections: tuple[int, ...], threads: tuple[int, ...], ids: tuple[int, ...]) -> None:
        self._encoding = encoding
        self._connection, self._thread, self._id = (0, *connections), (0, *threads), (0, *ids)
        self._to = [self._place(place) for place in range(len(encoding.parts))]
        self._tables: dict[str, dict[int, int]] = {part.name: {} for part in encoding.parts}
        self._segments = [(mask, LookUp(partial(self._parts, places))) for mask, places in _segments(encoding)]
        self._beside_flight = [(mask, segment) for mask, segment in self._segments if mask & (1 << encoding.flight_start) - 1]

    def _place(self, place: int) -> int:
        """Where the part at `place` stands under its new name."""
        kind, _, thread = self._encoding.parts[place].name.partition(" ")
        return place if kind != "loaded" else place - int(thread) + self._thread[int(thread)]

    def __call__(self, state: int) -> int:
        """The state under its new names."""
        found = 0
        for mask, segment in self._segments:
            found |= segment[state & mask]
        return found

    def beside_flight(self, state: int) -> int:
        """The same for a state in which nothing is in flight."""
        found = 0
        for mask, segment in self._beside_flight:
            found |= segment[state & mask]
        return found

    def _parts(self, places: Sequence[int], state: int) -> int:
        """Some neighbouring parts, renamed together."""
        return sum(self.part(place, state) for place in places)

    def part(self, place: int, state: int) -> int:
        """The part of the state at `place`, under its new names, where it stands then."""
        start, mask = self._encoding.slices[place]
        code, table = state >> start & mask, self._tables[self._encoding.parts[place].name]
        if code not in table:
            value = self._encoding.decode_part(place, code)
            table[code] = self._encoding.encode_part(self._to[place], self.renamed(self._encoding.parts[place].name, value))
        return table[code] << self._encoding.starts[self._to[place]]

    def renamed(self, part: str, value: Value) -> Value:  # noqa: PLR0911 - one case a kind of part
        """The value of a part under its new names."""
        c, t = self._connection, self._thread
        if part in OF_CONNECTIONS:
            return frozenset(c[each] for each in value)
        if part == "stored":
            return frozenset(t[each] for each in value)
        if part in OF_PAIRS:
            return frozenset((t[thread], c[connection]) for thread, connection in value)
        if part == "grants":
            return frozenset((t[thread], c[connection], self._id[s]) for thread, connection, s in value)
        if part in OF_CONVERSATIONS:
            return frozenset(self._conversation(each) for each in value)
        if part == "flight":
            return None if value is None else self._request_in_flight(value)
        if part == "overlapped":  # places in the order of arrival, not names
            return value
        return None if value is None else value._replace(conversation=self._conversation(value.conversation))

    def _request_in_flight(self, known: InFlight) -> InFlight:
        replied = None if known.replied is None else self._conversation(known.replied)
        return known._replace(request=self.request(known.request), replied=replied)

    def request(self, request: Request) -> Request:
        """The request under its new names."""
        names = {"connection": self._connection, "thread": self._thread, "fork": self._thread, "subscription": self._id}
        changed: dict[str, Any] = {f.name: names[f.name][getattr(request, f.name)] for f in fields(request) if f.name in names}
        return replace(request, **changed)

    def _conversation(self, conversation: int) -> int:
        """A conversation moves with its thread and keeps its place there."""
        thread, second = divmod(conversation - 1, 2)
        return 2 * self._thread[thread + 1] - 1 + second


def _segments(encoding: ServerEncoding) -> list[tuple[int, list[int]]]:
    """The masks of neighbouring parts that are few bits together, and the places of the parts."""
    found: list[tuple[int, list[int]]] = []
    for place, (start, mask) in enumerate(encoding.slices):
        if found and (found[-1][0] | mask << start).bit_count() <= SEGMENT:
            found[-1] = found[-1][0] | mask << start, [*found[-1][1], place]
        else:
            found.append((mask << start, [place]))
    return found


def server_renamings(encoding: ServerEncoding) -> Iterator[ServerRenaming]:
    """Every renaming of the scope, the identity first."""
    scope = encoding.scope
    orders = (permutations(range(1, number + 1)) for number in (scope.connections, scope.threads, scope.subscriptions))
    return (ServerRenaming(encoding, *names) for names in product(*orders))


class ServerOrbits(Symmetry):
    """The symmetry of level server, as `proving.symmetry.renaming` defines it: the smallest state of an orbit represents it.

    The requests in flight stay in their places, which are the highest of a state. So the renamings that make them smallest are the only
    ones that can make the state smallest, and only those that keep them can keep the state. Both are looked up.
    """

    def __init__(self, encoding: ServerEncoding) -> None:
        self._renamings = list(server_renamings(encoding))
        self._beside = (1 << encoding.flight_start) - 1
        self._flight = (1 << encoding.width) - 1 ^ self._beside
        self._least = LookUp(self._find_least)  # requests in flight -> the least, and who makes them that; None: only themselves
        self._keeping = LookUp(self._find_keeping)  # requests in flight -> who keeps them; None: only the identity

    def canonical(self, state: int) -> int:
        """See `proving.transition_system.Symmetry`."""
        known = self._least[state & self._flight]
        return state if known is None else self._renamed(state & self._beside, *known)

    def representatives(self, states: Iterable[int]) -> set[int]:
        """See `proving.transition_system.Symmetry`."""
        least, in_flight, beside, renamed = self._least, self._flight, self._beside, self._renamed
        return {state if (known := least[state & in_flight]) is None else renamed(state & beside, *known) for state in states}

    @staticmethod
    def _renamed(beside: int, least: int, renamings: Sequence[ServerRenaming]) -> int:
        if len(renamings) == 1:
            return least | renamings[0].beside_flight(beside)
        return least | min([renaming.beside_flight(beside) for renaming in renamings])

    def _find_least(self, flight: int) -> tuple[int, list[ServerRenaming]] | None:
        renamed = [renaming(flight) for renaming in self._renamings]
        least = min(renamed)
        found = [renaming for renaming, other in zip(self._renamings, renamed, strict=True) if other == least]
        return None if found == self._renamings[:1] else (least, found)

    def orbit_size(self, state: int) -> int:
        """See `proving.transition_system.Symmetry`: the number of renamings, divided by that of those that keep the state."""
        keeping = self._keeping[state & self._flight]
        return len(self._renamings) if keeping is None else self._size(state & self._beside, keeping)

    def orbit_sizes(self, states: Iterable[int]) -> list[int]:
        """See `proving.transition_system.Symmetry`."""
        keeping, in_flight, beside, most, size = self._keeping, self._flight, self._beside, len(self._renamings), self._size
        return [most if (known := keeping[state & in_flight]) is None else size(state & beside, known) for state in states]

    def _size(self, beside: int, keeping: Sequence[ServerRenaming]) -> int:
        return len(self._renamings) // sum([renaming.beside_flight(beside) == beside for renaming in keeping])

    def _find_keeping(self, flight: int) -> list[ServerRenaming] | None:
        found = [renaming for renaming in self._renamings if renaming(flight) == flight]
        return None if len(found) == 1 else found

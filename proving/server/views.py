"""A configuration of level server as it is read from an integer, field by field, and the change that a step makes of it.

The configuration that a `View` gives looks to the model's functions like any other (`proving.recorded`). What requests in flight may be
answered by (`model.server.transitions.settle`) is left open as long as nobody asks: it looks at most of a state, but at each request in
flight by itself. It refuses to know what a step does.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from operator import is_
from typing import Any, NamedTuple

from subwarden.model.server.requests import Reply
from subwarden.model.server.state import InFlight, Loaded, ServerState
from subwarden.proving.recorded import Elements, Reader, RecordedSet, Slot, slots, value, with_slots
from subwarden.proving.server.encoding import REPLIES, Field, Part, ServerEncoding
from subwarden.proving.server.steps import ServerConfiguration

REQUEST, MAY, FOUND = (InFlight._fields.index(name) for name in ("request", "may", "found"))
FLIGHT = ServerState._fields.index("flight")  # the last one
SETTLES = (MAY, FOUND)  # the fields of a request in flight that settling a state changes
Settled = Callable[[ServerState, InFlight], InFlight]


class Change(NamedTuple):
    """The integer after a step is `state & keep | (state & moved) >> width | new`, `width` being that of a request in flight; then, with
    `settled`, each request in flight is settled by it. What is written over need not have been read."""

    keep: int
    moved: int  # of the requests in flight that move up, into the place of one that has gone
    new: int
    settled: Settled | None


class _Settling:
    """A request in flight that is settled when somebody asks for the fields that this changes."""

    def __init__(self, settled: Settled, state: ServerState, known: InFlight) -> None:
        self.settled, self.state, self.known = settled, state, known
        self._after: tuple[Any, ...] | None = None

    def may(self, _: object) -> Any:
        """`may`, after settling."""
        return value(self._done()[MAY])

    def found(self, _: object) -> Any:
        """`found`, after settling."""
        return value(self._done()[FOUND])

    def _done(self) -> tuple[Any, ...]:
        if self._after is None:
            self._after, before = slots(self.settled(self.state, self.known)), slots(self.known)
            if any(one is not two for at, (one, two) in enumerate(zip(self._after, before, strict=True)) if at not in SETTLES):
                raise AssertionError("settling a request has changed more than its answers; this is a fault of the search")
        return self._after


class _State(ServerState):
    """A state that is read field by field: it changes requests in flight when somebody asks for them."""

    __slots__ = ()

    def each_in_flight(self, change: Settled) -> "_State":
        """See `ServerState`."""
        return self._replace(flight=tuple([(n, _settling(change, self, known)) for n, known in self.flight]))


class _InFlight(InFlight):
    """A request in flight that is read field by field: what is added to it need not be read first."""

    __slots__ = ()

    def also(self, right: AbstractSet[Reply], *, found: bool) -> "_InFlight":
        """See `InFlight`."""
        known = self._replace(may=self.may | right)
        return known._replace(found=True) if found else known


def _settling(settled: Settled, state: ServerState, known: InFlight) -> InFlight:
    work, fields = _Settling(settled, state, known), list(slots(known))
    fields[MAY], fields[FOUND] = Slot(work.may, work), Slot(work.found, work)
    found: InFlight = with_slots(_InFlight, fields)
    return found


def _work(known: InFlight) -> _Settling | None:
    """What is left to do to settle the request; None if there is nothing, or if it has changed since."""
    may, found = (slots(known)[at] for at in SETTLES)
    if not isinstance(may, Slot) or not isinstance(found, Slot) or may.about is not found.about:
        return None
    return may.about if isinstance(may.about, _Settling) else None


def _unsettled(known: InFlight, work: _Settling) -> InFlight:
    fields, before = list(slots(known)), slots(work.known)
    for at in SETTLES:
        fields[at] = before[at]
    found: InFlight = with_slots(_InFlight, fields)
    return found


class _Place(NamedTuple):
    """Where a field of a record stands in the state."""

    record: int  # the lowest bit of its record
    mask: int
    start: int
    field: Field
    elements: Elements | None  # of a set


class Views:
    """Makes the views of a scope's integers."""

    def __init__(self, encoding: ServerEncoding) -> None:
        parts = list(zip(encoding.parts, encoding.starts, strict=True))
        self.sets = {p.name: Elements({each: 1 << start + n for n, each in enumerate(p.among)}) for p, start in parts if p.among}
        self.loaded = [(part, start) for part, start in parts if part.name.startswith("loaded")]
        self.flight = [(part, start) for part, start in parts if part.name == "flight"]
        self.everything = (1 << encoding.width) - 1
        self.places = {start: _places(Loaded, part, start) for part, start in self.loaded}
        self.places |= {start: _places(InFlight, part, start) for part, start in self.flight}
        self.requests = sum((1 | part.fields["request"].mask) << start for part, start in self.flight)  # which are in flight

    def view(self, reader: Reader) -> "View":
        """A view of the reader's state."""
        return View(self, reader)


def _places(kind: type[Any], part: Part, start: int) -> list[_Place]:
    found = []
    for name in kind._fields:
        field = part.fields[name]
        at = start + field.start
        elements = Elements({reply: 1 << at + n for n, reply in enumerate(REPLIES)}) if name == "may" else None
        found.append(_Place(start, field.mask << start, at, field, elements))
    return found


class View:
    """`configuration`: the reader's state. Each field is made of the bits once, so that a field that was handed on is known again."""

    def __init__(self, views: Views, reader: Reader) -> None:
        self._views, self.reader = views, reader
        make, sets = self._set, views.sets
        self._given: dict[str, Any] = {name: Slot(make, elements) for name, elements in sets.items()}
        self._given["loaded"], self._given["flight"] = Slot(self._loaded, None), Slot(self._flight, None)
        self._records: dict[int, Any] = {}  # by their lowest bits
        self._state: ServerState = with_slots(_State, [self._given[name] for name in ServerState._fields])
        fields = [self._state, *[self._given[name] for name in ServerConfiguration._fields[1:]]]
        self.configuration: ServerConfiguration = with_slots(ServerConfiguration, fields)

    def close(self) -> None:
        """Let go of the configuration, whose fields hold this view: so no garbage needs to be collected."""
        self._given, self._records = {}, {}
        del self.configuration, self._state

    def _set(self, elements: Elements) -> RecordedSet:
        return RecordedSet(self.reader, elements)

    def _loaded(self, _: object) -> tuple[tuple[int, Loaded], ...]:
        found = [(t, self._record(Loaded, start)) for t, (_, start) in enumerate(self._views.loaded, start=1)]
        return tuple([(t, record) for t, record in found if record is not None])

    def _flight(self, _: object) -> tuple[tuple[int, InFlight], ...]:
        found: list[tuple[int, InFlight]] = []
        for number, (_, start) in enumerate(self._views.flight, start=1):
            record = self._record(_InFlight, start)
            if record is None:
                break
            found.append((number, record))
        return tuple(found)

    def _record(self, kind: type[Any], start: int) -> Any:
        if not self.reader.read(1 << start):
            return None
        make = self._field
        self._records[start] = with_slots(kind, [Slot(make, place) for place in self._views.places[start]])
        return self._records[start]

    def _field(self, place: _Place) -> Any:
        if place.elements is not None:
            return RecordedSet(self.reader, place.elements)
        return place.field.decode(self.reader.read(place.mask) >> place.start)

    def settling(self, settled: Settled, place: int) -> int:
        """The bits that are added when the request in flight at `place` is settled; 0 if there is none."""
        flight, start = self._state.flight, self._views.flight[place][1]
        if place >= len(flight):
            return 0
        written, new = self._written(start, settled(self._state, flight[place][1]))
        if self.reader.read(written & ~new):
            raise AssertionError("settling a request took an answer away; this is a fault of the search")
        return new

    # --- the change

    def change(self, after: ServerConfiguration) -> Change:
        """What a step to `after` has changed."""
        written = new = 0
        state, *sets = slots(after)
        flight: Sequence[tuple[int, InFlight]] = state.flight
        named = [*zip(ServerConfiguration._fields[1:], sets, strict=True), *zip(ServerState._fields, slots(state), strict=True)]
        for name, given in named:
            if given is self._given[name] or name == "flight":
                continue
            more = self._registry(dict(value(given))) if name == "loaded" else _written_set(self._views.sets[name], value(given))
            written, new = written | more[0], new | more[1]
        works = self._left_open(state, flight)
        settled = works[0].settled if works else None
        requests = [known for _, known in flight]
        if works:
            requests = [_unsettled(known, work) for known, work in zip(requests, works, strict=True)]
        return self._with_flight(written, new, requests, settled)

    def _registry(self, after: dict[int, Loaded]) -> tuple[int, int]:
        written = new = 0
        for t, (part, start) in enumerate(self._views.loaded, start=1):
            known, now = self._records.get(start), after.get(t)
            if known is None or now is None:
                more = (1 << part.width) - 1 << start, part.encode(now) << start
            else:
                more = self._written(start, now)
            written, new = written | more[0], new | more[1]
        return written, new

    def _written(self, start: int, after: Any) -> tuple[int, int]:
        """The bits of the record at `start` that are written over, and those that are set then."""
        known = self._records[start]
        if after is known:
            return 0, 0
        written = new = 0
        for place, one, two in zip(self._views.places[start], slots(after), slots(known), strict=True):
            if one is two:
                continue
            if place.elements is not None:
                more = _written_set(place.elements, value(one))
            else:
                more = place.mask, place.field.encode(value(one)) << place.start
            written, new = written | more[0], new | more[1]
        return written, new

    def _left_open(self, after: ServerState, flight: Sequence[tuple[int, InFlight]]) -> list[_Settling]:
        """What is left to do to settle the requests in flight of `after`; nothing, if that is not the state that was to be settled."""
        works = [work for _, known in flight if (work := _work(known)) is not None]
        if not works or len(works) < len(flight):
            return []
        state, settled = works[0].state, works[0].settled
        if not _same(slots(after)[:FLIGHT], slots(state)[:FLIGHT]) or len(state.flight) != len(works):
            return []
        for work, (_, known), (_, was) in zip(works, flight, state.flight, strict=True):
            if work.state is not state or work.settled is not settled or work.known is not was or not _same(_others(known), _others(was)):
                return []
        return works

    def _with_flight(self, written: int, new: int, requests: Sequence[InFlight], settled: Settled | None) -> Change:
        starts, width = [start for _, start in self._views.flight], self._views.flight[0][0].width
        before = [start for start in starts if start in self._records]
        sources = [_source(known) for known in requests]
        stayed = [source for source in sources if source is not None]
        gone = next((place for place, start in enumerate(before) if start not in stayed), None)
        expected = before if gone is None else before[:gone] + before[gone + 1 :]
        if stayed != expected or stayed != sources[: len(stayed)] or (gone is not None and len(stayed) < len(sources)):
            raise AssertionError("more than one request came or went in one step; this is a fault of the search")
        full, moved = (1 << width) - 1, 0
        for known, source, (part, start) in zip(requests, sources, self._views.flight, strict=False):
            if source is None:
                written, new = written | full << start, new | part.encode(known) << start
                continue
            more = self._written(source, known)
            if source == start:
                written, new = written | more[0], new | more[1]
            else:
                moved, new = moved | full << source & ~more[0], new | more[1] >> width
        if gone is not None:
            written |= sum(full << start for start in starts[gone:])
        return Change(self._views.everything & ~written, moved, new, settled)


def _others(known: InFlight) -> tuple[Any, ...]:
    """The fields of a request in flight that settling a state does not change."""
    fields = slots(known)
    return (*fields[:MAY], *fields[MAY + 1 : FOUND], *fields[FOUND + 1 :])


def _same(one: tuple[Any, ...], two: tuple[Any, ...]) -> bool:
    return all(map(is_, one, two)) or all(a is b or value(a) == value(b) for a, b in zip(one, two, strict=True))


def _written_set(elements: Elements, given: Any) -> tuple[int, int]:
    if isinstance(given, RecordedSet) and given.elements is elements:
        return given.known, given.value
    return elements.everything, elements.code(given)


def _source(known: InFlight) -> int | None:
    """Where a request in flight stood before the step; None: it has come by it."""
    request = slots(known)[REQUEST]
    return request.about.record if isinstance(request, Slot) else None

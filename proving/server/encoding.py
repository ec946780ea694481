"""A configuration of level server as one integer: a field of bits for every part that a scope can name (as `proving.manager.encoding`).

The integer depends on nothing but scope and configuration, so that it means the same in every process and after a restart. A part has few
values, which are converted once and looked up from then on. It refuses to know what a step does.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import InFlight, Loaded, ServerState
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.steps import ServerConfiguration

Value = Any  # of a part: a set of names, the registry, or one request in flight
REPLIES = tuple(Reply)
FLAGS = ("done", "ended", "failed", "found", "cancelled")  # of a request in flight


class Field(NamedTuple):
    """A field of a record: `width` bits from the part's bit `start` on, and how its values are written in them."""

    start: int
    width: int
    encode: Callable[[Value], int]
    decode: Callable[[int], Value]

    @property
    def mask(self) -> int:
        """Its bits in the part."""
        return (1 << self.width) - 1 << self.start


class Part(NamedTuple):
    """`width` bits of the integer, and how its values are written in them."""

    name: str
    width: int
    encode: Callable[[Value], int]
    decode: Callable[[int], Value]
    fields: Mapping[str, Field] = MappingProxyType({})  # of a record; its lowest bit says that there is one
    among: Sequence[Value] = ()  # the possible elements of a set, a bit each


class ServerEncoding:
    """Converts configurations of one scope to integers and back. A configuration outside the scope raises KeyError or ValueError."""

    def __init__(self, scope: ServerScope) -> None:
        self.scope = scope
        connections, threads = range(1, scope.connections + 1), range(1, scope.threads + 1)
        pairs = [(t, c) for t in threads for c in connections]
        conversations = range(1, 2 * scope.threads + 1)
        sets: list[tuple[str, Sequence[Value]]] = [
            *((name, connections) for name in ("live", "asked", "gone", "closed")),
            ("stored", threads),
            ("grants", [(t, c, s) for t, c in pairs for s in range(scope.subscriptions + 1)]),
            ("dead", conversations),
            ("owed", pairs),
            ("barred", pairs),
            ("overlapped", range(1, scope.in_flight + 1)),
            ("past", conversations),
        ]
        flight = _flight(list(scope.requests()), [None, *conversations])
        self.parts: list[Part] = [
            *(_subset(name, among) for name, among in sets),
            *(_loaded(t, scope.in_flight) for t in threads),
            *(flight for _ in range(scope.in_flight)),
        ]
        self.starts: list[int] = []
        start = 0
        for part in self.parts:
            self.starts.append(start)
            start += part.width
        self.width = start
        self.flight_start = start - scope.in_flight * flight.width  # requests in flight have the highest bits
        masks = [(1 << part.width) - 1 for part in self.parts]
        self.slices = list(zip(self.starts, masks, strict=True))
        # requests in flight are written alike at every place, and so share what is known of them
        tables: dict[str, tuple[dict[Value, int], dict[int, Value]]] = {part.name: ({}, {}) for part in self.parts}
        self._codes = [tables[part.name][0] for part in self.parts]
        self._values = [tables[part.name][1] for part in self.parts]

    # --- the whole

    def split(self, configuration: ServerConfiguration) -> list[Value]:
        """The value of each part."""
        state = configuration.state
        registry = dict(state.loaded)
        flight = [f for _, f in state.flight]
        return [
            *(state.live, state.asked, state.gone, state.closed, state.stored, state.grants, state.dead, state.owed),
            *(configuration.barred, configuration.overlapped, configuration.past),
            *(registry.get(t) for t in range(1, self.scope.threads + 1)),
            *flight,
            *[None] * (self.scope.in_flight - len(flight)),
        ]

    def join(self, values: Sequence[Value]) -> ServerConfiguration:
        """The configuration with these parts."""
        live, asked, gone, closed, stored, grants, dead, owed, barred, overlapped, past, *rest = values
        loaded = tuple((t, known) for t, known in enumerate(rest[: self.scope.threads], start=1) if known is not None)
        requests = [known for known in rest[self.scope.threads :] if known is not None]
        state = ServerState(live, asked, gone, closed, stored, loaded, grants, dead, owed, tuple(enumerate(requests, start=1)))
        return ServerConfiguration(state, barred, overlapped, past)

    def encode(self, configuration: ServerConfiguration) -> int:
        """The integer of `configuration`."""
        values = self.split(configuration)
        try:
            codes = [table[value] for table, value in zip(self._codes, values, strict=True)]
        except KeyError:
            codes = [self.encode_part(place, value) for place, value in enumerate(values)]
        found = 0
        for code, start in zip(codes, self.starts, strict=True):
            found |= code << start
        return found

    def decode(self, state: int) -> ServerConfiguration:
        """The configuration of the integer `state`."""
        codes = [state >> start & mask for start, mask in self.slices]
        try:
            return self.join([table[code] for table, code in zip(self._values, codes, strict=True)])
        except KeyError:
            return self.join([self.decode_part(place, code) for place, code in enumerate(codes)])

    # --- parts

    def encode_part(self, place: int, value: Value) -> int:
        """The bits of the part at `place`, at the integer's lower end."""
        table = self._codes[place]
        if value not in table:
            code = table[value] = self.parts[place].encode(value)
            self._values[place][code] = value
        return table[value]

    def decode_part(self, place: int, code: int) -> Value:
        """The value whose bits are `code`."""
        table = self._values[place]
        if code not in table:
            self.encode_part(place, self.parts[place].decode(code))
        return table[code]


def _loaded(thread: int, in_flight: int) -> Part:
    """A thread in the registry."""

    def rollbacks(done: int) -> int:
        if done > in_flight:
            raise ValueError(f"{done} rollbacks are done, and {in_flight} requests may wait for them")
        return done

    conversations = (2 * thread - 1, 2 * thread)
    flags = [_choice(flag, (False, True)) for flag in ("closing", "turn", "dead", "left")]
    counted = Part("rolled_back", in_flight.bit_length(), rollbacks, int)
    return _record(f"loaded {thread}", Loaded, [_choice("conversation", conversations), *flags, counted])


def _flight(requests: list[Request], conversations: list[int | None]) -> Part:
    """A request in flight."""
    choices = [_choice("request", requests), _choice("replied", conversations)]
    return _record("flight", InFlight, [*choices, *(_choice(flag, (False, True)) for flag in FLAGS), _subset("may", REPLIES)])


def _choice(name: str, among: Sequence[Value]) -> Part:
    """A part whose value is one of `among`."""
    return Part(name, (len(among) - 1).bit_length(), {value: n for n, value in enumerate(among)}.__getitem__, among.__getitem__)


def _record(name: str, kind: type[Value], parts: Sequence[Part]) -> Part:
    """A part whose value is a record of `kind` with a field for each of the parts, or None."""
    start, fields = 1, dict[str, Field]()
    for part in parts:
        fields[part.name] = Field(start, part.width, part.encode, part.decode)
        start += part.width

    def encode(record: Value) -> int:
        if record is None:
            return 0
        return 1 | sum(field.encode(getattr(record, name)) << field.start for name, field in fields.items())

    def decode(code: int) -> Value:
        return kind(**{name: field.decode((code & field.mask) >> field.start) for name, field in fields.items()}) if code & 1 else None

    return Part(name, start, encode, decode, fields)


def _subset(name: str, among: Sequence[Value]) -> Part:
    """A part whose values are sets of `among`."""
    bit = {value: 1 << at for at, value in enumerate(among)}
    return Part(
        name,
        len(among),
        lambda value: sum(bit[each] for each in value),
        lambda code: frozenset(value for value, one in bit.items() if code & one),
        among=among,
    )

"""A configuration of level server as one integer: a field of bits for every part that a scope can name (as `proving.manager.encoding`).

The integer depends on nothing but scope and configuration, so that it means the same in every process and after a restart. A part has few
values, which are converted once and looked up from then on. It refuses to know what a step does.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import InFlight, Loaded, ServerState
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.steps import ServerConfiguration

Value = Any  # of a part: a set of names, the registry, or one request in flight
REPLIES = tuple(Reply)
FLAGS = ("done", "ended", "failed", "found", "cancelled")  # of a request in flight


class Part(NamedTuple):
    """`width` bits of the integer, and how its values are written in them."""

    name: str
    width: int
    encode: Callable[[Value], int]
    decode: Callable[[int], Value]


class ServerEncoding:
    """Converts configurations of one scope to integers and back. A configuration outside the scope raises KeyError or ValueError."""

    def __init__(self, scope: ServerScope) -> None:
        self.scope = scope
        connections, threads = range(1, scope.connections + 1), range(1, scope.threads + 1)
        pairs = [(t, c) for t in threads for c in connections]
        conversations = range(1, 2 * scope.threads + 1)
        self._requests: list[Request | None] = [None, *scope.requests()]
        self._number = {request: n for n, request in enumerate(self._requests)}
        self._conversations = [None, *conversations]
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
        flight = Part("flight", self._width_of_flight(), self._encode_flight, self._decode_flight)
        self.parts: list[Part] = [
            *(_subset(name, among) for name, among in sets),
            *(Part(f"loaded {t}", self._width_of_loaded(), self._encode_loaded, self._decode_loaded(t)) for t in threads),
            *(flight for _ in range(scope.in_flight)),
        ]
        self.starts: list[int] = []
        start = 0
        for part in self.parts:
            self.starts.append(start)
            start += part.width
        self.width = start
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

    def _width_of_loaded(self) -> int:
        return 6 + self.scope.in_flight.bit_length()  # it is there, its conversation, closing, turn, dead, left, rollbacks done

    def _encode_loaded(self, known: Loaded | None) -> int:
        if known is None:
            return 0
        flags = [True, known.conversation % 2 == 0, known.closing, known.turn, known.dead, known.left]
        if known.rolled_back > self.scope.in_flight:
            raise ValueError(f"{known.rolled_back} rollbacks are done, and {self.scope.in_flight} requests may wait for them")
        return _bits(flags) | known.rolled_back << len(flags)

    def _decode_loaded(self, thread: int) -> Callable[[int], Loaded | None]:
        def decode(code: int) -> Loaded | None:
            there, second, closing, turn, dead, left = (bool(code >> at & 1) for at in range(6))
            return Loaded(2 * thread - 1 + second, closing, turn, dead, left, code >> 6) if there else None

        return decode

    def _width_of_flight(self) -> int:
        return sum(self._flight_widths())

    def _flight_widths(self) -> tuple[int, ...]:
        choices = (len(self._requests) - 1).bit_length(), (len(self._conversations) - 1).bit_length()
        return (*choices, len(FLAGS), len(REPLIES))

    def _encode_flight(self, known: InFlight | None) -> int:
        if known is None:
            return 0
        fields = (
            self._number[known.request],
            self._conversations.index(known.replied),
            _bits(getattr(known, flag) for flag in FLAGS),
            _bits(reply in known.may for reply in REPLIES),
        )
        found, at = 0, 0
        for field, width in zip(fields, self._flight_widths(), strict=True):
            found |= field << at
            at += width
        return found

    def _decode_flight(self, code: int) -> InFlight | None:
        fields = []
        for width in self._flight_widths():
            fields.append(code & (1 << width) - 1)
            code >>= width
        number, replied, flags, may = fields
        request = self._requests[number]
        if request is None:
            return None
        said = {flag: bool(flags >> at & 1) for at, flag in enumerate(FLAGS)}
        return InFlight(
            request,
            frozenset(reply for at, reply in enumerate(REPLIES) if may >> at & 1),
            replied=self._conversations[replied],
            **said,
        )


def _bits(flags: Iterable[bool]) -> int:
    return sum(1 << at for at, flag in enumerate(flags) if flag)


def _subset(name: str, among: Sequence[Value]) -> Part:
    """A part whose values are sets of `among`."""
    bit = {value: 1 << at for at, value in enumerate(among)}
    return Part(
        name,
        len(among),
        lambda value: sum(bit[each] for each in value),
        lambda code: frozenset(value for value, one in bit.items() if code & one),
    )

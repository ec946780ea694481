"""A configuration as one integer: one bit for every fact that can hold within a scope.

With facts as bits, the footprint of an operation, the footprint of a property and the effect of a renaming are masks. Generations are
dropped, and incarnations are kept by rank (in the map, or stale): the model compares nothing else. This file does not know the effect
of an operation.
"""

from collections.abc import Callable
from dataclasses import replace

from subwarden.model.manager.state import Entry, Grant, State
from subwarden.model.manager.step import Call
from subwarden.proving.manager.open_calls import Answered, ManagerConfiguration, OpenCall
from subwarden.proving.manager.scope import Request, Scope

Fact = tuple[object, ...]
STALE = 0  # the incarnation of a call whose entry is gone; a thread's own entry is decoded as incarnation `thread`


class Encoding:
    """Converts configurations of one scope to integers and back, and makes the masks of footprints."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.requests = scope.requests()
        self.facts: list[Fact] = [*self._connection_facts(), *self._thread_facts(), *self._caller_facts()]
        self.bit: dict[Fact, int] = {fact: 1 << i for i, fact in enumerate(self.facts)}
        self._by_bit = {bit: fact for fact, bit in self.bit.items()}

    def _connection_facts(self) -> list[Fact]:
        found: list[Fact] = []
        for c in range(1, self.scope.connections + 1):
            found += [("live", c), ("closed", c)]
            for t in range(1, self.scope.threads + 1):
                found += [("raw", t, c), *(("grant", t, c, s) for s in range(self.scope.subscriptions + 1))]  # s 0: implicit
        return found

    def _thread_facts(self) -> list[Fact]:
        found: list[Fact] = []
        for t in range(1, self.scope.threads + 1):
            found += [("entry", t), *(("follows", t, k) for k in self.scope.conversations_of(t))]
            found += [("turn", t, n) for n in range(0 if self.scope.items is None else self.scope.items + 1)]
        return found

    def _caller_facts(self) -> list[Fact]:
        found: list[Fact] = []
        for k in range(self.scope.in_flight):
            found += [("answered", k), *(("call", k, request) for request in self.requests)]
            for t in range(1, self.scope.threads + 1):
                found += [("bound", k, t), ("stale", k, t)]
        return found

    def mask(self, wanted: Callable[[Fact], bool]) -> int:
        """The bits of the facts for which `wanted` holds."""
        return sum(bit for fact, bit in self.bit.items() if wanted(fact))

    def status(self, connection: int) -> int:
        """The mask of a connection's status: live, closed."""
        return self.bit["live", connection] | self.bit["closed", connection]

    def cell(self, thread: int, connection: int) -> int:
        """The mask of a pair's grants and raw choice."""
        return self.mask(lambda f: f[0] in ("raw", "grant") and f[1:3] == (thread, connection))

    def subscription(self, subscription: int) -> int:
        """The mask of the grants of an explicit id."""
        return self.mask(lambda f: f[0] == "grant" and f[3] == subscription)

    def thread(self, thread: int) -> int:
        """The mask of a thread's entry, its listener and turn, without its subscribers."""
        return self.mask(lambda f: f[0] in ("entry", "follows", "turn") and f[1] == thread)

    def caller(self, caller: int) -> int:
        """The mask of a caller's open call."""
        return self.mask(lambda f: f[0] in ("answered", "call", "bound", "stale") and f[1] == caller)

    def calls_on(self, thread: int) -> int:
        """The mask of all open calls on a thread."""

        def wanted(fact: Fact) -> bool:
            if fact[0] == "call":
                request = fact[2]
                return isinstance(request, Request) and request.on_thread() == thread
            return fact[0] in ("bound", "stale") and fact[2] == thread

        return self.mask(wanted)

    def encode(self, configuration: ManagerConfiguration) -> int:
        """The integer of `configuration`. Items beyond the scope's count as its last. Raises KeyError for a fact outside the scope."""
        state, bit = configuration.state, self.bit
        code = sum(bit["live", c] for c in state.live) + sum(bit["closed", c] for c in state.closed)
        code += sum(bit["grant", g.thread, g.connection, g.subscription or 0] for g in state.grants)
        code += sum(bit["raw", t, c] for t, c in state.raw)
        for t, entry in state.entries:
            code += bit["entry", t]
            if entry.conversation is not None:
                code += bit["follows", t, entry.conversation]
            if entry.turn is not None and self.scope.items is not None:
                code += bit["turn", t, min(entry.turn, self.scope.items)]
        for k, held in enumerate(configuration.callers):
            code += self._encode_caller(state, k, held)
        return code

    def _encode_caller(self, state: State, k: int, held: OpenCall) -> int:
        if held is None:
            return 0
        if isinstance(held, Answered):
            return self.bit["answered", k]
        request = Request(held.operation, held.thread)
        code, thread = self.bit["call", k, request], request.on_thread()
        if held.incarnation is not None and thread is not None:
            entry = state.entry(thread)
            bound = entry is not None and entry.incarnation == held.incarnation
            code += self.bit["bound" if bound else "stale", k, thread]
        return code

    def decode(self, code: int) -> ManagerConfiguration:  # noqa: PLR0912 - one case a kind of fact
        """A configuration whose integer is `code`. From part of a code (a footprint) it decodes that part, and the rest is empty."""
        live, closed, grants, raw = set(), set(), set(), set()
        entries: dict[int, Entry] = {}
        calls: dict[int, OpenCall] = {}
        bindings: dict[int, int] = {}
        for fact in self._facts_of(code):
            match fact:
                case ("live", int(c)):
                    live.add(c)
                case ("closed", int(c)):
                    closed.add(c)
                case ("grant", int(t), int(c), int(s)):
                    grants.add(Grant(t, c, s or None))
                case ("raw", int(t), int(c)):
                    raw.add((t, c))
                case ("entry", int(t)):
                    entries[t] = Entry(t)
                case ("follows", int(t), int(conversation)) if t in entries:
                    entries[t] = entries[t]._replace(conversation=conversation)
                case ("turn", int(t), int(n)) if t in entries:
                    entries[t] = entries[t]._replace(turn=n)
                case ("answered", int(k)):
                    calls[k] = Answered.ANSWERED
                case ("call", int(k), Request() as request):
                    calls[k] = Call(request.operation, None, request.thread)
                case ("bound" | "stale" as how, int(k), int(t)):
                    bindings[k] = t if how == "bound" else STALE
        for k, incarnation in bindings.items():
            held = calls.get(k)
            if isinstance(held, Call):
                calls[k] = replace(held, incarnation=incarnation)
        state = State(
            frozenset(live), frozenset(closed), tuple(sorted(entries.items())), frozenset(grants), frozenset(raw), self.scope.threads
        )
        return ManagerConfiguration(state, tuple(calls.get(k) for k in range(self.scope.in_flight)))

    def _facts_of(self, code: int) -> list[Fact]:
        found: list[Fact] = []
        while code:
            bit = code & -code
            found.append(self._by_bit[bit])
            code ^= bit
        return found

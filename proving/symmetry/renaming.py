"""Symmetry by definition: every renaming of connections, threads and ids, tried one by one.

Connections, threads and ids are names: renaming them consistently turns runs into runs, so one state of each orbit is enough (Clarke,
Enders, Filkorn, Jha 1996; Emerson, Sistla 1996). This file is slow and obviously right: `proving.symmetry.column_order` is tested against
it, and scopes with calls in flight use it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from itertools import permutations, product
from typing import Any

from subwarden.model.manager import operations as op
from subwarden.proving.manager.encoding import Encoding, Fact
from subwarden.proving.manager.scope import Request
from subwarden.proving.transition_system import Symmetry

CHUNK_BITS = 10  # a renaming of that many bits at once is one look-up


class Renaming:
    """One renaming: old name -> new name of each connection, thread and id. Callers keep their names."""

    def __init__(self, encoding: Encoding, connections: tuple[int, ...], threads: tuple[int, ...], subscriptions: tuple[int, ...]) -> None:
        self._encoding = encoding
        self._names = {"connection": (0, *connections), "thread": (0, *threads), "subscription": (0, *subscriptions)}
        self._to = [encoding.bit[self.fact(fact)] for fact in encoding.facts]
        self._chunks = [(i, self._table(i)) for i in range(0, len(self._to), CHUNK_BITS)]

    def fact(self, fact: Fact) -> Fact:
        """The fact under its new names."""
        c, t, s = self._names["connection"], self._names["thread"], self._names["subscription"]
        found: Fact
        match fact:
            case ("live" | "closed" as word, int(connection)):
                found = (word, c[connection])
            case ("raw", int(thread), int(connection)):
                found = ("raw", t[thread], c[connection])
            case ("grant", int(thread), int(connection), int(subscription)):
                found = ("grant", t[thread], c[connection], s[subscription])
            case ("entry", int(thread)):
                found = ("entry", t[thread])
            case ("follows", int(thread), int(conversation)):
                found = ("follows", t[thread], self._conversation(conversation))
            case ("turn", int(thread), n):
                found = ("turn", t[thread], n)
            case ("call", k, Request() as request):
                found = ("call", k, self.request(request))
            case ("bound" | "stale" as word, k, int(thread)):
                found = (word, k, t[thread])
            case _:
                found = fact
        return found

    def request(self, request: Request) -> Request:
        """The request under its new names."""
        changed: dict[str, Any] = {
            f.name: self._conversation(getattr(request.operation, f.name))
            if f.name == "conversation"
            else self._names[f.name][getattr(request.operation, f.name)]
            for f in fields(request.operation)
            if f.name in self._names or f.name == "conversation"
        }
        operation: op.Operation = replace(request.operation, **changed)
        return Request(operation, None if request.thread is None else self._names["thread"][request.thread])

    def _conversation(self, conversation: int) -> int:
        """The new name of a conversation: it moves with its thread and keeps its place there."""
        thread, which = divmod(conversation - 1, self._encoding.scope.conversations)
        return (self._names["thread"][thread + 1] - 1) * self._encoding.scope.conversations + which + 1

    def _table(self, start: int) -> list[int]:
        table = [0]
        for to in self._to[start : start + CHUNK_BITS]:
            table += [value | to for value in table]
        return table

    def __call__(self, state: int) -> int:
        """The state under its new names."""
        found, last = 0, (1 << CHUNK_BITS) - 1
        for start, table in self._chunks:
            found |= table[state >> start & last]
        return found


def renamings(encoding: Encoding) -> Iterator[Renaming]:
    """Every renaming of the scope, the identity first."""
    scope = encoding.scope
    orders = (permutations(range(1, number + 1)) for number in (scope.connections, scope.threads, scope.subscriptions))
    return (Renaming(encoding, *names) for names in product(*orders))


class EveryRenaming(Symmetry):
    """The symmetry by definition: the smallest state of an orbit represents it. `renamings`: all of them, the identity first."""

    def __init__(self, renamings: Iterable[Callable[[int], int]]) -> None:
        _identity, *self._others = renamings

    def orbit(self, state: int) -> set[int]:
        """All renamings of the state."""
        return {state, *(renaming(state) for renaming in self._others)}

    def canonical(self, state: int) -> int:
        """The smallest state of the orbit."""
        least = state
        for renaming in self._others:
            other = renaming(state)
            least = min(least, other)
        return least

    def orbit_size(self, state: int) -> int:
        """The number of states in the orbit."""
        return len(self.orbit(state))

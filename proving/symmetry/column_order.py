"""Symmetry fast enough for large scopes: sort by signature, permute only ties.

A connection is a column of bits (its status, its grants and raw choices on each thread). Renaming connections permutes columns, so the
columns are sorted. Renaming ids changes only the id of a grant, and an id is in one place, so it suffices to know how many ids each pair
of a column has. Threads remain: a thread's signature is its own bits and a sum over its pairs that does not depend on their connections;
threads are sorted by signature, and only threads with equal signatures are tried in every order. An orbit's size follows by counting. A
test compares the orbits with those of `proving.symmetry.renaming`.

It raises ValueError for a scope with calls in flight (they would tie columns together). A state in which an id is in two places, which
only a defective model reaches, is left to `proving.symmetry.renaming`.
"""

from collections import Counter
from itertools import permutations
from math import factorial

from subwarden.proving.manager.encoding import Encoding
from subwarden.proving.symmetry.renaming import EveryRenaming, renamings
from subwarden.proving.transition_system import Symmetry

Blocks = tuple[int, ...]


class ColumnOrder(Symmetry):
    """The symmetry of the manager level without calls in flight."""

    def __init__(self, encoding: Encoding) -> None:
        scope = encoding.scope
        if scope.in_flight:
            raise ValueError("columns can be sorted only while no call is in flight; use EveryRenaming")
        self._threads, self._connections, self._ids = scope.threads, scope.connections, scope.subscriptions
        self._cell = 2 + scope.subscriptions  # raw, implicit, ids
        self._column = 2 + self._threads * self._cell
        self._block = encoding.thread(1).bit_count()
        self._entries_at = self._connections * self._column
        self._column_mask, self._block_mask = (1 << self._column) - 1, (1 << self._block) - 1
        self._starts = range(0, self._entries_at, self._column)
        self._where = [encoding.subscription(s) for s in range(1, self._ids + 1)]
        self._by_definition = EveryRenaming(renamings(encoding))
        self._orders = list(permutations(range(self._threads)))
        # thread order -> column -> the column in that order, with its ids only counted; filled as columns occur
        self._nameless: dict[Blocks, dict[int, int]] = {order: {} for order in self._orders}
        self._signature: dict[int, int] = {}  # column -> its contribution to the threads' signatures
        self._field = 24  # bits of one thread's sum of pairs
        self._best: dict[int, tuple[int, list[dict[int, int]]]] = {}  # signatures -> the threads' bits in order, the orders to try
        self._named: dict[tuple[int, int], tuple[int, int]] = {}  # (nameless column, ids used so far) -> (column, ids used then)

    def canonical(self, state: int) -> int:
        """See `proving.transition_system.Symmetry`."""
        for where in self._where:
            named = state & where
            if named & (named - 1):
                return self._by_definition.canonical(state)
        mask, signature = self._column_mask, self._signature
        columns = [state >> start & mask for start in self._starts]
        try:
            signed = sum([signature[column] for column in columns])
        except KeyError:
            signed = sum(self._sign(column) for column in columns)
        signed |= state >> self._entries_at << self._field * self._threads
        best = self._best.get(signed)
        if best is None:
            best = self._best[signed] = self._orders_to_try(signed)
        least: list[int] | None = None
        for table in best[1]:
            try:
                key = [table[column] for column in columns]
            except KeyError:
                key = [self._look(table, column) for column in columns]
            key.sort()
            if least is None or key < least:
                least = key
        assert least is not None, "there is at least one order of threads"
        return self._name(least) | best[0] << self._entries_at

    def _sign(self, column: int) -> int:
        """The column's contribution to each thread's sum: a hash of each nameless pair, so that sums seldom coincide."""
        if column not in self._signature:
            nameless, found = self._forget_names(column, self._orders[0]), 0
            for t in range(self._threads):
                pair = (nameless & 3) << self._cell | nameless >> 2 + t * self._cell & (1 << self._cell) - 1
                found |= (pair * 2654435761 >> 7 & (1 << self._field - self._connections.bit_length()) - 1) << t * self._field
            self._signature[column] = found
        return self._signature[column]

    def _orders_to_try(self, signed: int) -> tuple[int, list[dict[int, int]]]:
        """The thread orders that sort the signatures; several if threads share a signature, which few do without being equal."""
        entries, sums = signed >> self._field * self._threads, signed & (1 << self._field * self._threads) - 1
        sum_mask = (1 << self._field) - 1
        keys = [(entries >> t * self._block & self._block_mask, sums >> t * self._field & sum_mask) for t in range(self._threads)]
        least = sorted(keys)
        orders = [order for order in self._orders if [keys[t] for t in order] == least]
        return self._reorder_entries(entries, orders[0]), [self._nameless[order] for order in orders]

    def _reorder_entries(self, entries: int, order: Blocks) -> int:
        blocks = [entries >> t * self._block & self._block_mask for t in order]
        return sum(block << i * self._block for i, block in enumerate(blocks))

    def _look(self, table: dict[int, int], column: int) -> int:
        if column not in table:
            order = next(o for o, t in self._nameless.items() if t is table)
            table[column] = self._forget_names(column, order)
        return table[column]

    def _forget_names(self, column: int, order: Blocks) -> int:
        """The column with its pairs in this order, and ids 1 to n for a pair that has n ids."""
        found = column & 3
        for i, t in enumerate(order):
            cell = column >> 2 + t * self._cell & (1 << self._cell) - 1
            ids = (cell >> 2).bit_count()
            found |= (cell & 3 | (1 << ids) - 1 << 2) << 2 + i * self._cell
        return found

    def _name(self, columns: list[int]) -> int:
        """The state in which ids are numbered in order, column by column."""
        state, used = 0, 0
        for start, column in zip(self._starts, columns, strict=True):
            named = self._named.get((column, used))
            if named is None:
                named = self._named[column, used] = self._name_column(column, used)
            state |= named[0] << start
            used = named[1]
        return state

    def _name_column(self, column: int, used: int) -> tuple[int, int]:
        found = column & 3
        for t in range(self._threads):
            at = 2 + t * self._cell
            cell = column >> at & (1 << self._cell) - 1
            ids = (cell >> 2).bit_count()
            found |= (cell & 3 | (1 << ids) - 1 << used << 2) << at
            used += ids
        return found, used

    def orbit_size(self, state: int) -> int:
        """See `proving.transition_system.Symmetry`: distinct thread orders, times column orders, times ways to name the ids."""
        if any((state & where) & ((state & where) - 1) for where in self._where):
            return self._by_definition.orbit_size(state)
        columns = [state >> start & self._column_mask for start in self._starts]
        entries = state >> self._entries_at
        seen = set()
        for order in self._orders:
            key = sorted(self._look(self._nameless[order], column) for column in columns)
            seen.add((self._reorder_entries(entries, order), *key))
        size = len(seen) * factorial(self._connections)
        for same in Counter(next(iter(seen))[1:]).values():
            size //= factorial(same)
        return size * self._namings(columns)

    def _namings(self, columns: list[int]) -> int:
        """The number of ways to assign the ids to the pairs, keeping each pair's number of ids."""
        ways, left = factorial(self._ids), self._ids
        for column in columns:
            for t in range(self._threads):
                ids = (column >> 4 + t * self._cell & (1 << self._ids) - 1).bit_count()
                ways //= factorial(ids)
                left -= ids
        return ways // factorial(left)

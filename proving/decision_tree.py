"""A function of states that was run on few of them, and is looked up for the others: a tree of the bits that it reads.

A function that reads a state bit by bit (`proving.recorded`) gives the same result for all states that agree in the bits it has read. A
branch of the tree sorts states by the bits that its first state had the function read; a leaf has the result. What a transition reads is
found while it runs, not declared: the "read, write" matrices by which LTSmin caches the steps of a model (Blom, van de Pol, Weber 2010:
LTSmin: Distributed and Symbolic Reachability; Meijer, Kant, Blom, van de Pol 2014: Read, Write and Copy Dependencies for Symbolic Model
Checking) are per transition, these are also per state.

Many states go down the tree together: the work for each is a mask and a dictionary. It refuses to know what a result means.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from subwarden.proving.recorded import Outside, Reader

R = TypeVar("R")
FEW = 2048  # values of the bits that a function reads
SELDOM = 20  # of so many states that are sorted at once, one may have values that did not occur before


class _Leaf(Generic[R]):
    """`read`: all bits that were read on the way to the result. `states`: those that are being sorted and have it."""

    __slots__ = ("read", "result", "states")

    def __init__(self, result: R, read: int) -> None:
        self.result, self.read = result, read
        self.states: list[int] = []


class _Branch(Generic[R]):
    """`read`: all bits that were read on the way to its children."""

    __slots__ = ("children", "mask", "read")

    def __init__(self, mask: int, read: int) -> None:
        self.mask, self.read = mask, read
        self.children: dict[int, _Leaf[R] | _Branch[R]] = {}


class Runs(Generic[R]):
    """The results of `function`, which is given a reader of a state: a tree of what it reads, one read after the other.

    It is run as seldom as can be; but the tree is deep, so that to look a state up is slow beside the trees below.
    """

    def __init__(self, function: Callable[[Reader], R]) -> None:
        self._function = function
        self._root: _Leaf[R] | _Branch[R] | None = None
        self._made: list[tuple[R, int, list[int]]] = []  # each result, the state that it was found on, and what it needs of that
        self.times = 0

    def find(self, state: int, missing: int = 0) -> _Leaf[R]:
        """The result for a state of which some bits are `missing`. Raises Outside where they are needed."""
        node = self._root
        while isinstance(node, _Branch):
            mask = node.mask
            if mask & missing:
                raise Outside(mask)
            node = node.children.get(state & mask)
        return self._run(Reader(state, missing)) if node is None else node

    def forget_watched(self) -> None:
        """From now on, tell states apart only by what the results need, not by what was read beside that (`Reader.watch`)."""
        made, self._made, self._root = self._made, [], None
        for result, state, masks in made:
            self._add(result, state, masks)

    def _run(self, reader: Reader) -> _Leaf[R]:
        result = self._function(reader)
        self.times += 1
        self._made.append((result, reader.state, reader.needed))
        return self._add(result, reader.state, reader.masks)

    def _add(self, result: R, state: int, masks: Sequence[int]) -> _Leaf[R]:
        """Add the result that a run gave which read these bits of `state`, in this order."""
        node, parent, part, known = self._root, None, 0, 0
        for mask in masks:
            more = mask & ~known
            if more:
                known |= more
                if node is None:
                    node = _Branch(more, known)
                    self._hang(parent, part, node)
                assert isinstance(node, _Branch), "a function reads the same of states that agree in all it has read"
                parent, part = node, state & more
                node = parent.children.get(part)
        leaf = _Leaf(result, known)
        self._hang(parent, part, leaf)
        return leaf

    def _hang(self, parent: _Branch[R] | None, part: int, node: _Leaf[R] | _Branch[R]) -> None:
        if parent is None:
            self._root = node
        else:
            parent.children[part] = node


class DecisionTree(Generic[R]):
    """The results for single states, or for many at a time: a branch sorts states by all that the function has read of one of them.

    While the bits that the function has ever read have few values, many states are sorted by these at once.
    """

    def __init__(self, function: Callable[[Reader], R]) -> None:
        self.runs = Runs(function)
        self._begin()

    def _begin(self) -> None:
        self._root: _Leaf[R] | _Branch[R] | None = None
        self._leaves: dict[_Leaf[R], None] = {}  # those that `_at_once` knows
        self._at_once: Table[list[int]] | None = Table(self._states_of)
        self._sorted = 0  # states, by `_at_once`

    def forget_watched(self) -> None:
        """See `Runs`."""
        self.runs.forget_watched()
        self._begin()

    def find(self, state: int, missing: int = 0) -> R:
        """The result for a state of which some bits are `missing`. Raises Outside where they are needed."""
        return self._leaf(state, missing).result

    def _leaf(self, state: int, missing: int) -> _Leaf[R]:
        if self._root is None:
            self._root = self._grow(state, 0, missing)
        node = self._root
        while isinstance(node, _Branch):
            mask = node.mask
            if mask & missing:
                raise Outside(mask)
            child = node.children.get(state & mask)
            if child is None:
                child = node.children[state & mask] = self._grow(state, node.read, missing)
            node = child
        return node

    def _grow(self, state: int, read: int, missing: int = 0) -> _Leaf[R] | _Branch[R]:
        """The subtree for states that agree with `state` in the bits `read`: a branch on all that the function reads more of this one."""
        leaf = self.runs.find(state, missing)
        more = leaf.read & ~read
        if not more:
            return leaf
        branch: _Branch[R] = _Branch(more, read | more)
        branch.children[state & more] = leaf
        return branch

    def sort(self, states: Sequence[int]) -> Iterator[tuple[R, Sequence[int]]]:
        """The states by their results: each of them in one leaf. A leaf can come several times; the next one ends its sequence."""
        if not states:
            return iter(())
        return self._down(states) if self._at_once is None else self._sort_at_once(states, self._at_once)

    def _sort_at_once(self, states: Sequence[int], table: "Table[list[int]]") -> Iterator[tuple[R, Sequence[int]]]:
        sorted_by = None
        while sorted_by is not table.results:
            sorted_by = table.results
            mask = sorted_by.mask
            try:
                for state in states:
                    sorted_by[state & mask].append(state)
            except Outside:
                for leaf in self._leaves:
                    leaf.states.clear()
        for leaf in self._leaves:
            if leaf.states:
                yield leaf.result, leaf.states
                leaf.states.clear()
        self._sorted += len(states)
        if len(sorted_by) > max(FEW, self._sorted // SELDOM):
            self._at_once, self._leaves = None, {}

    def _states_of(self, state: int, missing: int) -> list[int]:
        leaf = self._leaf(state, missing)
        self._leaves[leaf] = None
        return leaf.states

    def _down(self, states: Sequence[int]) -> Iterator[tuple[R, Sequence[int]]]:
        if self._root is None:
            self._root = self._grow(states[0], 0)
        todo: list[tuple[_Leaf[R] | _Branch[R], Sequence[int]]] = [(self._root, states)]
        while todo:
            node, some = todo.pop()
            if isinstance(node, _Leaf):
                yield node.result, some
                continue
            mask, children = node.mask, node.children
            parts: defaultdict[int, list[int]] = defaultdict(list)
            for state in some:
                parts[state & mask].append(state)
            for part, of_part in parts.items():
                child = children.get(part)
                if child is None:
                    child = children[part] = self._grow(of_part[0], node.read)
                if isinstance(child, _Leaf):
                    yield child.result, of_part
                else:
                    todo.append((child, of_part))


class Table(Generic[R]):
    """Look-ups by one mask: all bits that were ever needed. For functions that read much the same bits of every state.

    `find` gives the result for a state of which some bits are missing, and raises Outside where these are needed.
    """

    def __init__(self, find: Callable[[int, int], R], mask: int = 0) -> None:
        self._find = find
        self.results: Results[R] = Results(self, mask)

    @property
    def mask(self) -> int:
        """The bits that are needed, as far as it is known."""
        return self.results.mask

    def of(self, states: Sequence[int]) -> list[R]:
        """The result of each state."""
        while True:
            results = self.results
            mask = results.mask
            try:
                return [results[state & mask] for state in states]
            except Outside:  # they were replaced
                continue

    def find(self, results: "Results[R]", part: int) -> R:
        """What `results` miss. Raises Outside if more bits are needed; then `results` are others, with a larger mask."""
        try:
            return self._find(part, ~results.mask)
        except Outside as more:
            self.results = Results(self, results.mask | more.bits)
            raise


class Results(dict[int, R]):
    """The results by the part of a state under `mask`. Computes a missing one, and its look-ups stay in C."""

    def __init__(self, table: Table[R], mask: int) -> None:
        super().__init__()
        self._table, self.mask = table, mask

    def __missing__(self, part: int) -> R:
        result = self[part] = self._table.find(self, part)
        return result

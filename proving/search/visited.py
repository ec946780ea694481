"""The states that one owner has visited, in as much memory as it may take; beyond that, on disk.

Memory holds a set of states that were met before. While it holds all of them, a state that is not in it is new. When it is full, the states
found since are written to a sorted file, less those that the files have already, and memory begins anew: duplicates are found late, by
reading the files from end to end once for many states (Stern and Dill 1998, "Using Magnetic Disk Instead of Main Memory in the Murphi
Verifier"). The set then only spares work, so nothing that is counted depends on the memory.
"""

import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from heapq import merge
from pathlib import Path

from subwarden.proving.search.state_file import Layer, Packing, Part, Record, StateFile, StatesInMemory, keeping

BESIDE = 112  # bytes for each state beside its integer: its slot in a set that may just be growing, and in the list of its layer
LEAST = 500  # states in memory, however little there is


def capacity_of(memory: int | None, width: int) -> int | None:
    """How many states of `width` bits fit into so many bytes; None: no bound."""
    if memory is None:
        return None
    return max(LEAST, memory // ((sys.getsizeof((1 << width) - 1) + 15) // 16 * 16 + BESIDE))


class Ceiling:
    """Tells when this process takes more than `size` bytes, as `used` counts them: the model remembers its steps, too, and nobody knows how
    many. Memory that is let go is taken again by the next states, but seldom given back to the system. So what was told once is told
    again only when the process has grown."""

    def __init__(self, size: int, used: Callable[[], int]) -> None:
        self._step = size // 50
        self._most, self._used = size - 3 * self._step, used

    def reached(self) -> bool:
        """Whether it is time to let states go."""
        now = self._used()
        if now <= self._most:
            return False
        self._most = now + self._step
        return True


class Place:
    """Where an owner's files are: a folder that is kept, or one for the time that the states are needed, made when it is."""

    def __init__(self, kept: Path | None, owner: int = 0, owners: int = 1, *, safe: bool = True) -> None:
        self.kept = kept
        self.safe = safe and kept is not None  # files outlive the machine's crash
        self._temporary: Path | None = None
        self._name = f"{owner + 1}of{owners}"

    def file(self, depth: int, run: int | None = None) -> Path:
        """The file of the owner's states of a layer, or of some of them."""
        return self._folder() / f"{depth:05}-{self._name}{'' if run is None else f'-{run}'}.states"

    def _folder(self) -> Path:
        if self.kept is not None:
            return self.kept
        if self._temporary is None:
            with keeping(Path(tempfile.gettempdir())):
                self._temporary = Path(tempfile.mkdtemp(prefix="subwarden-prove-"))
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary


class Visited:
    """`known` are states in memory that need no second look. `judge` is told the new states of a layer, each once, in order, and gives the
    sizes of their orbits (None: 1 each). `mine`: whether a state is this owner's; None if all are. `ceiling` ends memory before
    `capacity` does."""

    def __init__(
        self,
        packing: Packing,
        place: Place,
        capacity: int | None,
        judge: Callable[[Sequence[int]], list[int] | None],
        mine: Callable[[int], bool] | None = None,
        ceiling: Ceiling | None = None,
    ) -> None:
        self._ceiling = ceiling
        self._packing, self._place, self._capacity, self._judge, self._mine = packing, place, capacity, judge, mine
        self.known: set[int] = set()
        self.layers: list[Layer] = []
        self._complete = True  # every state visited is in `known`
        self._new: list[int] = []  # of the next layer, since the last run
        self._runs: list[StateFile] = []  # of the next layer

    @property
    def found(self) -> int:
        """The states of the next layer that are known to be new."""
        return sum(map(len, self._runs)) + (len(self._new) if self._complete else 0)

    @property
    def on_disk(self) -> int:
        """The states in files."""
        return sum(len(layer) - layer.in_memory for layer in self.layers) + sum(map(len, self._runs))

    def add(self, states: Collection[int]) -> None:
        """States of this owner's that are not known: of the next layer, unless they were visited before."""
        self.known.update(states)
        self._new += states

    def resume(self, layers: Sequence[Layer]) -> None:
        """Begin with these layers, in files, which may hold states of other owners, too."""
        self.layers = [*layers]
        for layer in reversed(layers):
            for block in layer.blocks():
                self.known.update(block if self._mine is None else filter(self._mine, block))
                if self._capacity is not None and len(self.known) >= self._capacity // 2:
                    self._complete = False
                    return

    def make_room(self) -> None:
        """Write states to disk if memory is full."""
        if self._ceiling is not None and len(self.known) > LEAST and self._ceiling.reached():
            self._capacity = max(LEAST, len(self.known) * 3 // 4)
        if self._capacity is None or len(self.known) < self._capacity:
            return
        if self._mine is not None and self._complete:  # states of others, which were sent to them, go first
            mine = self._mine
            self.known.difference_update([state for state in self.known if not mine(state)])
            if len(self.known) < self._capacity * 3 // 4:
                return
        self._leave_memory()

    def _leave_memory(self) -> None:
        for depth, layer in enumerate(self.layers):
            if layer.in_memory:
                layer.move(self._place.file(depth), self._packing)
        self.known.clear()  # before another set is made; what is new is in a list, too
        self._write_run()
        self._complete = False

    def _write_run(self) -> None:
        new, self._new = self._new, []
        if not self._complete:
            new = self._unvisited(new)
        new.sort()
        path = self._place.file(len(self.layers), len(self._runs))
        self._runs.append(StateFile.write(path, self._packing, self._judged(new), safe=self._place.safe))

    def _unvisited(self, states: list[int]) -> list[int]:
        """Those of `states` that no file has, each once."""
        left = set(states)
        parts: list[Part] = [*self._runs, *reversed(self.layers)]
        for part in parts:
            for block in part.blocks():
                left.difference_update(block)
            if not left:
                break
        return list(left)

    def _judged(self, states: Sequence[int], at_once: int = 4096) -> Iterator[Record]:
        for start in range(0, len(states), at_once):
            some = states[start : start + at_once]
            yield from StatesInMemory(list(some), self._judge(some)).records()

    def finish(self) -> Layer:
        """The states of the next layer, which becomes the last one."""
        if self._complete and self._place.kept is None:
            self._new.sort()
            part: Part = StatesInMemory(self._new, self._judge(self._new))
            self._new = []
        else:
            part = self._finish_on_disk()
        self.layers.append(Layer([part]))
        return self.layers[-1]

    def _finish_on_disk(self) -> StateFile:
        if self._new or not self._runs:
            self._write_run()
        runs, self._runs = self._runs, []
        path = self._place.file(len(self.layers))
        with keeping(path):
            if len(runs) == 1:
                runs[0].path.replace(path)
                layer = StateFile(path, self._packing)
            else:
                records = merge(*(run.records() for run in runs))
                layer = StateFile.write(path, self._packing, records, safe=self._place.safe)
                for run in runs:
                    run.path.unlink()
        if not self._complete:
            few = self._capacity is None or len(layer) <= self._capacity // 2
            self.known.clear()
            self.known.update(layer if few else ())
        return layer

"""States on disk: files of records of one size, sorted, so that files are merged, scanned and searched without being read into memory.

A record is the state, most significant byte first, and the size of its orbit. Sorted files make one order of any number of them: a search
finds the same counterexample however its states were divided.
"""

import os
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from heapq import merge
from itertools import islice, repeat
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Protocol
from zlib import crc32

Record = tuple[int, int]  # a state, and the size of its orbit
RESUME = "a search begun with --dir then continues with --resume"
MEND = f"free some disk space; {RESUME}"
BLOCK = 4096  # records that are read or written at once
AT_ONCE = 1 << 20  # bytes that a checksum reads at once


class CannotKeep(Exception):
    """The states of a search cannot be kept, or those kept are not of this search; the message is the line to show."""


@contextmanager
def keeping(path: Path) -> Iterator[None]:
    """What is done inside writes `path`: an OSError is told as CannotKeep."""
    try:
        yield
    except OSError as error:
        raise CannotKeep(f"cannot write {path}: {error.strerror}; {MEND}") from None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """As `keeping`, where nothing is written: more room on the disk would mend nothing."""
    try:
        yield
    except OSError as error:
        raise CannotKeep(f"cannot read {path}: {error.strerror}; begin anew with --dir") from None


def checksum(path: Path) -> int:
    """Of what the file at `path` has."""
    summed = 0
    with reading(path), path.open("rb") as file:
        while block := file.read(AT_ONCE):
            summed = crc32(block, summed)
    return summed


class Packing:
    """Writes states of at most `width` bits."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._bytes = max(1, (width + 7) // 8)
        self._record = Struct(f">{self._bytes}sQ")
        self._state = Struct(f">{self._bytes}s8x")
        self.size = self._record.size  # bytes of a record

    def __reduce__(self) -> "tuple[type[Packing], tuple[int]]":
        return Packing, (self._width,)

    def pack(self, records: Iterable[Record]) -> bytes:
        """The records as bytes."""
        size, pack = self._bytes, self._record.pack
        return b"".join([pack(state.to_bytes(size), weight) for state, weight in records])

    def records(self, block: bytes) -> Iterator[Record]:
        """The records in `block`."""
        return ((int.from_bytes(state), weight) for state, weight in self._record.iter_unpack(block))

    def states(self, block: bytes) -> Iterator[int]:
        """The states in `block`, which is faster."""
        return map(int.from_bytes, [state for (state,) in self._state.iter_unpack(block)])


class Part(Collection[int], Protocol):
    """Some states of a layer, in order."""

    def records(self) -> Iterator[Record]:
        """The states with the sizes of their orbits."""

    def blocks(self) -> Iterator[Iterable[int]]:
        """The states, many at once."""


class StatesInMemory(Collection[int]):
    """Sorted states, and the sizes of their orbits (None: 1 each)."""

    def __init__(self, states: list[int], weights: list[int] | None) -> None:
        self._states, self._weights = states, weights

    def records(self) -> Iterator[Record]:
        """See `Part`."""
        return zip(self._states, repeat(1) if self._weights is None else self._weights, strict=False)

    def blocks(self) -> Iterator[Iterable[int]]:
        """See `Part`."""
        yield self._states

    def __iter__(self) -> Iterator[int]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, state: object) -> bool:
        if not isinstance(state, int):
            return False
        place = bisect_left(self._states, state)
        return place < len(self._states) and self._states[place] == state


class StateFile(Collection[int]):
    """A file of sorted states."""

    def __init__(self, path: Path, packing: Packing) -> None:
        self.path, self._packing = path, packing
        with reading(path):
            self._length = path.stat().st_size // packing.size

    @classmethod
    def write(cls, path: Path, packing: Packing, records: Iterable[Record], *, safe: bool) -> "StateFile":
        """A new file of `records`, which are sorted. `safe`: it is on the disk, whatever happens to the machine then."""
        rest = iter(records)
        with keeping(path), path.open("wb") as file:
            while block := list(islice(rest, BLOCK)):
                file.write(packing.pack(block))
            file.flush()
            if safe:
                os.fsync(file.fileno())
        return cls(path, packing)

    def records(self) -> Iterator[Record]:
        """See `Part`."""
        for block in self._read():
            yield from self._packing.records(block)

    def blocks(self) -> Iterator[Iterable[int]]:
        """See `Part`."""
        return map(self._packing.states, self._read())

    def _read(self) -> Iterator[bytes]:
        with reading(self.path), self.path.open("rb") as file:
            while block := file.read(BLOCK * self._packing.size):
                yield block

    def __iter__(self) -> Iterator[int]:
        for block in self.blocks():
            yield from block

    def __len__(self) -> int:
        return self._length

    def __contains__(self, state: object) -> bool:
        if not isinstance(state, int):
            return False
        first, behind = 0, self._length
        with reading(self.path), self.path.open("rb") as file:
            while first < behind:
                middle = (first + behind) // 2
                there = self._at(file, middle)
                if there == state:
                    return True
                first, behind = (middle + 1, behind) if there < state else (first, middle)
        return False

    def _at(self, file: BinaryIO, place: int) -> int:
        file.seek(place * self._packing.size)
        return next(iter(self._packing.states(file.read(self._packing.size))))


class Layer(Collection[int]):
    """The states that were first met after so many steps, in order, however they are divided."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts

    def move(self, path: Path, packing: Packing) -> None:
        """From memory to a file."""
        self.parts = [StateFile.write(path, packing, self.records(), safe=False)]

    @property
    def in_memory(self) -> int:
        """The states that are in memory."""
        return sum(len(part) for part in self.parts if isinstance(part, StatesInMemory))

    def files(self) -> list[Path]:
        """The files that it is in."""
        return [part.path for part in self.parts if isinstance(part, StateFile)]

    def records(self) -> Iterator[Record]:
        """See `Part`."""
        return self.parts[0].records() if len(self.parts) == 1 else merge(*(part.records() for part in self.parts))

    def blocks(self) -> Iterator[Iterable[int]]:
        """See `Part`, but in no order."""
        for part in self.parts:
            yield from part.blocks()

    def __iter__(self) -> Iterator[int]:
        return iter(self.parts[0]) if len(self.parts) == 1 else merge(*self.parts)

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __contains__(self, state: object) -> bool:
        return any(state in part for part in self.parts)

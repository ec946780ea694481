"""Estimates the chance that the next run shows something new, in bounded memory, from the things that came once (Good-Turing).

Good (1953, after Turing): if f1 of n things were seen exactly once, the chance that the next one is new is about f1/n. It holds for
independent draws; schedules are not quite that (a systematic strategy never repeats one), so reports call it an estimate.

The things are digests of 64 bits that are the same in every process. Up to `BOUND` of them are counted exactly. Beyond, only those are
kept whose low bits are zero (adaptive sampling: Flajolet, On adaptive sampling, Computing 1990): a fixed part of all, in whatever order
they come, so both counts remain unbiased; with a sample of half the bound or more, the relative standard error is at most
1.2/sqrt(BOUND).
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

BOUND = 16_384
ERROR = 1.2 / BOUND**0.5


def digest(text: str) -> int:
    """64 bits of `text`, the same in every process (`hash` of a text is not)."""
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")


class DigestCounter:
    """A bounded multiset of digests: how many different ones came, and how many of them came once."""

    def __init__(self, bound: int = BOUND) -> None:
        self.total = 0
        self._bound = bound
        self._level = 0  # digests are kept whose lowest `level` bits are zero
        self._once: dict[int, bool] = {}  # digest -> whether it came once

    def add(self, digests: Iterable[tuple[int, int]]) -> None:
        """Count each digest, given with the number of times that it came."""
        once, mask = self._once, (1 << self._level) - 1
        for each, times in digests:
            self.total += times
            if each & mask == 0:
                once[each] = times == 1 and each not in once
        self._thin(self._level)

    def merge(self, other: "DigestCounter") -> None:
        """Add the digests of another counter."""
        self.total += other.total
        self._thin(other._level)
        once, mask = self._once, (1 << self._level) - 1
        for each, flag in other._once.items():
            if each & mask == 0:
                once[each] = flag and each not in once
        self._thin(self._level)

    def _thin(self, level: int) -> None:
        """Keep to the bound, and at least to `level`."""
        while self._level < level or len(self._once) > self._bound:
            self._level += 1
            mask = (1 << self._level) - 1
            self._once = {each: flag for each, flag in self._once.items() if each & mask == 0}

    @property
    def exact(self) -> bool:
        """Whether the counts are exact; else they are estimates."""
        return self._level == 0

    @property
    def distinct(self) -> int:
        """The number of different digests."""
        return len(self._once) << self._level

    @property
    def seen_once(self) -> int:
        """The number of digests that came exactly once."""
        return sum(self._once.values()) << self._level

    @property
    def chance_of_new(self) -> float | None:
        """The chance that the next one is new (Good-Turing); None if nothing came yet."""
        return min(1.0, self.seen_once / self.total) if self.total else None

    def encode(self) -> dict[str, Any]:
        """As plain data."""
        kept = {"once": [], "again": []}  # type: dict[str, list[int]]
        for each, flag in sorted(self._once.items()):
            kept["once" if flag else "again"].append(each)
        return {"total": self.total, "level": self._level, **kept}

    @staticmethod
    def decode(data: dict[str, Any]) -> "DigestCounter":
        """The counter that `encode` wrote."""
        counter = DigestCounter()
        counter.total, counter._level = data["total"], data["level"]
        counter._once = dict.fromkeys(data["again"], False) | dict.fromkeys(data["once"], True)
        return counter


class Tally:
    """The same for the runs of one program: always exact, since their number is bounded."""

    def __init__(self) -> None:
        self.total = 0
        self.once = 0
        self._times: dict[int, int] = {}

    def add(self, key: int) -> bool:
        """Count one; returns whether it is new."""
        self.total += 1
        times = self._times[key] = self._times.get(key, 0) + 1
        if times <= 2:
            self.once += 1 if times == 1 else -1
        return times == 1

    @property
    def distinct(self) -> int:
        """The number of different ones."""
        return len(self._times)

    @property
    def chance_of_new(self) -> float:
        """The chance that the next run shows something new."""
        return self.once / self.total if self.total else 1.0

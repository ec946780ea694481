"""A worker's slot: the state from which another worker can take the place of one that is killed.

Where the number of rounds decides, the new worker does the work of the dead one: it begins with the round that was not finished, with the
memory that the dead one had before that round. Where time decides, it goes on with the next round and the findings known by then.
"""

from dataclasses import dataclass, field

from subwarden.checking.causes import Cause
from subwarden.stateful_tests.hunt.search import Memory, Rank
from subwarden.stateful_tests.hunt.work import Work

MOST = 3  # workers that take a slot after the first: the cause that killed all of them will kill the next
POISONED = 3  # workers that have died alike when the subject is blamed: the next would die as well
SILENT = 2  # in a row that have died before they said a word: they have not even begun


@dataclass
class WorkerSlot:
    """The slot of one worker, and of those that took its place."""

    first: int  # the round that this session began with
    known: dict[Cause, Rank]  # at the end of the last whole round
    unshrunk: frozenset[Cause] = frozenset()  # findings to shrink before its first round
    memory: dict[str, Memory] = field(default_factory=dict)  # at the end of the last whole round, by the name of the check
    work: list[dict[str, Work]] = field(default_factory=list)  # since then
    found: dict[Cause, Rank] = field(default_factory=dict)  # since then
    lost: int = 0  # workers since the last round that was finished
    silent: int = 0  # workers in a row
    spoke: bool = False  # the present one
    shrunk_for: float = 0.0  # seconds that went into making findings small
    redoing: int | None = None  # where time decides, the round in which a worker has died: the present one does it again, uncounted
    deaths: tuple[object, int] = (None, 0)  # how the last worker died, and how many have died alike

    def finished(self, check: str, memory: Memory) -> list[dict[str, Work]]:
        """A round of `check` has been finished; returns the work of it."""
        work, self.work = self.work, []
        self.known |= self.found
        self.found = {}
        self.memory[check] = memory
        self.lost = self.silent = 0
        return work

    def taken(self) -> None:
        """Another worker begins, with the round that was not finished."""
        self.work, self.found = [], {}

    def poisoned(self, alike: object) -> bool:
        """The worker was killed; whether `POISONED` workers in a row have died alike: in the same round, or in the same way."""
        before, died = self.deaths
        self.deaths = (alike, died + 1 if alike == before else 1)
        return self.deaths[1] == POISONED

    @property
    def suspicious(self) -> bool:
        """Whether the next worker that dies alike will be the last that is allowed to."""
        return self.deaths[1] == POISONED - 1

    def may_be_taken(self) -> bool:
        """The worker was killed; returns whether another is to take its place."""
        self.lost += 1
        self.silent = 0 if self.spoke else self.silent + 1
        self.spoke = False
        return self.lost <= MOST and self.silent < SILENT

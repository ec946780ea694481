"""What a hunt knows of a worker, so that another can take its place if it is killed.

Where the number of rounds decides, that other one does what the dead one would have done: it begins with the round that was not finished,
and remembers what that one remembered before it. Where time decides, it goes on with the next round and with what is known by then.
"""

from dataclasses import dataclass, field

from subwarden.checking.causes import Cause
from subwarden.stateful_tests.hunt.search import Memory, Rank
from subwarden.stateful_tests.hunt.work import Work

MOST = 3  # workers that take a place after the first: what kills all of them will kill the next
SILENT = 2  # in a row that have died before they said a word: they have not even begun


@dataclass
class WorkerSlot:
    """One worker's, and of those that came after it."""

    first: int  # the round that this session began with
    known: dict[Cause, Rank]  # at the end of the last whole round
    unshrunk: frozenset[Cause] = frozenset()  # what it is to make small before its first round
    memory: dict[str, Memory] = field(default_factory=dict)  # likewise, by the name of the check
    work: list[dict[str, Work]] = field(default_factory=list)  # done since
    found: dict[Cause, Rank] = field(default_factory=dict)  # likewise
    lost: int = 0
    silent: int = 0  # workers in a row
    spoke: bool = False  # the present one

    def finished(self, check: str, memory: Memory) -> list[dict[str, Work]]:
        """A round of `check` has been finished: what was done in it."""
        work, self.work = self.work, []
        self.known |= self.found
        self.found = {}
        self.memory[check] = memory
        return work

    def taken(self) -> None:
        """Another begins, with the round that was not finished."""
        self.work, self.found = [], {}

    def may_be_taken(self) -> bool:
        """The worker was killed: whether another is to take its place."""
        self.lost += 1
        self.silent = 0 if self.spoke else self.silent + 1
        self.spoke = False
        return self.lost <= MOST and self.silent < SILENT

"""The candidates of a choice: everything that may happen next in a run. The seam between strategies and the things they schedule.

A controlled loop (`scheduling.loop_candidates`), a process that lists its own steps and a simulated network move in different ways. To a
strategy each is a list of candidates, and it picks one by its place. Place 0 is the choice of the subject itself (fifo). Optional
candidates come last: faults, and timers made early by a slow step, need not happen at all.

Most strategies need only the number of candidates, which `choose(n)` gives. The others ask the `Candidates` of the run, and get an answer
for the present moment. So a run pays only for the questions that its strategy asks.

A *chain* is to a strategy what a thread is to the papers on scheduling: a task, or an outside event. A *site* is the place in the code
where the chain will go on. Names and sites are the same in every run of a program; objects are not.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

Site = Hashable


class Candidates(ABC):
    """The candidates of one run, now. Only `names` must be given; by default each name is a chain and a site, and none is optional."""

    __slots__ = ()

    @abstractmethod
    def names(self) -> list[str]:
        """The name of every candidate, in the order of choices; all different. A recorded schedule consists of these names."""

    def chains(self) -> Sequence[Hashable]:
        """The chain of every candidate that is not optional, in the order of choices. Chains of one run; in another they are not equal."""
        return self.chain_names()

    def chain_names(self) -> list[str]:
        """The same chains by name, which is the same in every run. Chains of one name count as one: an event that is offered again."""
        return self.names()

    def sites(self) -> Sequence[Site]:
        """Where each candidate that is not optional will go on, in the order of choices."""
        return self.names()

    def places(self) -> Sequence[tuple[str, Site]]:
        """The name of the chain and the site of each candidate that is not optional, in the order of choices."""
        return list(zip(self.chain_names(), self.sites(), strict=True))

    def newcomers(self, known: int) -> list[str]:
        """The names of the chains that the run has started so far, in order of birth, without the first `known`."""
        return []

    def positions(self) -> Hashable:
        """Which chains can move, and from where: a cheap digest of the state."""
        return frozenset(self.places())

    def runs_on(self) -> int:
        """The place of the candidate that continues the chain that ran last; 0 if that chain cannot go on."""
        return 0

    def next_call(self) -> int:
        """The place of the next call of the program that has not arrived; those before it are what the calls so far have led to.

        -1: none is left, or calls are not told apart.
        """
        return -1

    def alternatives(self, _pick: int) -> Sequence[int]:
        """The places of the candidates of which only one will happen, if that at `pick` is one of them; else none."""
        return ()

    def optional(self) -> int:
        """How many of the candidates, the last ones, need not happen."""
        return 0

    def faults(self) -> Sequence[str]:
        """The labels of the faults, which are the last of the candidates. Faults with equal labels are one that may strike again."""
        return ()

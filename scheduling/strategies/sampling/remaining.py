"""How many events each chain still has, as far as earlier runs tell: the weights of URW.

Counts come from the last run (the first has none). The events of a chain's children count as the chain's until they start, as in the
paper: a parent that never runs would keep all of them from running.
"""

from collections import Counter
from itertools import repeat

ONES = repeat(1)  # the events left of a chain that earlier runs do not know


class Remaining:
    """Counts the events of one run while it lasts, and predicts those of the next by the counts of the one before.

    `events`: the chain of each event of the run so far. `left`: how many each chain has left, at least one, since a candidate has one.
    Who chooses keeps both.
    """

    def __init__(self) -> None:
        self.events: list[str] = []
        self.left: dict[str, int] = {}
        self._parent: dict[str, str] = {}
        self._predicted: dict[str, int] = {}
        self.born = 0

    def begin(self) -> None:
        """Turn the counts of the run that has ended into the prediction for the one that begins."""
        if self.events:
            self._predicted = predicted = dict(Counter(self.events))
            for child, parent in reversed(self._parent.items()):  # latest first, so that grandchildren have arrived
                predicted[parent] = predicted.get(parent, 0) + predicted.get(child, 0)
        self.events = []
        self._parent = {}
        self.left = dict(self._predicted)
        self.born = 0

    @property
    def known(self) -> bool:
        """Whether there has been a run to learn from."""
        return bool(self._predicted)

    def arrived(self, newcomers: list[str]) -> None:
        """Note the chains that the event before this choice has started: all since the first `born` (`Candidates.newcomers`)."""
        last = self.events[-1] if self.events else None
        for name in newcomers:
            if last is not None and name != last and name not in self._parent:
                self._parent[name] = last
                self.left[last] = max(1, self.left.get(last, 1) - self._predicted.get(name, 0))
        self.born += len(newcomers)

"""How many events each chain still has, as far as earlier runs tell: the weights of URW and SURW.

Counts come from the last run (the first has none). The events of a chain's children count as the chain's until they start, as in the
paper: a parent that never runs would keep all of them from running.
"""


class Remaining:
    """Counts the events of one run while it lasts, and predicts those of the next by the counts of the one before."""

    def __init__(self) -> None:
        self._own: dict[str, int] = {}
        self._parent: dict[str, str] = {}
        self._predicted: dict[str, int] = {}
        self._left: dict[str, int] = {}
        self._last: str | None = None
        self.born = 0

    def begin(self) -> None:
        """Turn the counts of the run that has ended into the prediction for the one that begins."""
        if self._own:
            self._predicted = dict(self._own)
            for child, parent in reversed(self._parent.items()):  # latest first, so that grandchildren have arrived
                self._predicted[parent] = self._predicted.get(parent, 0) + self._predicted.get(child, 0)
        self._own = {}
        self._parent = {}
        self._left = dict(self._predicted)
        self._last = None
        self.born = 0

    @property
    def known(self) -> bool:
        """Whether there has been a run to learn from."""
        return bool(self._predicted)

    def arrived(self, newcomers: list[str]) -> None:
        """Note the chains that the event before this choice has started: all since the first `born` (`Candidates.newcomers`)."""
        for name in newcomers:
            if self._last is not None and name != self._last and name not in self._parent:
                self._parent[name] = self._last
                self._left[self._last] = self.weight(self._last) - self._predicted.get(name, 0)
        self.born += len(newcomers)

    def weight(self, name: str) -> int:
        """At least one: a candidate has at least one event left."""
        left = self._left.get(name, 1)
        return left if left > 1 else 1

    def weights(self, names: list[str]) -> list[int]:
        """The weight of each."""
        left = self._left
        return [many if (many := left.get(name, 1)) > 1 else 1 for name in names]

    def took(self, name: str) -> None:
        """The chain makes its next event."""
        self._last = name
        self._own[name] = self._own.get(name, 0) + 1
        self._left[name] = self._left.get(name, 1) - 1

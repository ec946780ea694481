"""The duties and attributions of one run: those that were at stake, and those that the server could have broken.

A duty is at stake from the moment at which it arises. The server could have broken it if a server that does not meet it would have been
found in this run: a duty that was met counts when the run has ended, or shows otherwise that it could not have been left, and only if it
has not lapsed until then, as it does when its client or its thread goes. An attribution could have been broken if an answer or a change has
ruled one of its ways out: another answer would have been right by that way.
"""

from collections.abc import Callable, Collection, Iterator

from subwarden.model.server.stakes import Stake

Holder = tuple[int, int]  # the thread and the client of a duty; 0: of any
EVENTS = (Stake.DELIVERED, Stake.AFTER_LOSS)  # duties to a client of which a later event shows that they were not met
SUBSCRIBERS = (*EVENTS, Stake.ASKED, Stake.SETTLED)  # duties to a client that end with its subscription
APPROVALS = (Stake.ASKED, Stake.HEARD, Stake.DENIED)  # duties that a turn waits for, unless it is interrupted
OF_THREAD = (*SUBSCRIBERS, *APPROVALS, Stake.STARTED, Stake.LISTENED)  # duties that end with their thread
OF_CLIENT = (*SUBSCRIBERS, Stake.STARTED, Stake.CLOSED, Stake.CANCELLED)  # duties that end with their client


class AtStake:
    """Of one run. `fired` is told the name of each duty that is at stake, once."""

    def __init__(self, fired: Callable[[str], object]) -> None:
        self._fired = fired
        self._arose: set[Stake] = set()
        self._breakable: set[Stake] = set()
        self._met: dict[Stake, set[Holder]] = {}  # duties that were met, and that nobody would miss if they lapse yet
        self._open: set[Stake] = set()  # attributions of which there are several ways

    def arises(self, stake: Stake) -> None:
        """A duty could be broken from now on, unless it lapses."""
        if stake not in self._arose:
            self._arose.add(stake)
            self._fired(f"stake {stake.value}")

    def met(self, stake: Stake, thread: int = 0, client: int = 0) -> None:
        """The server meets a duty that it owes."""
        if stake not in self._breakable:
            self.arises(stake)
            self._met.setdefault(stake, set()).add((thread, client))

    def lapse(self, stakes: Collection[Stake], thread: int = 0, client: int = 0) -> None:
        """Duties end; a server that had not met them until now would not be found."""
        for stake in self._met.keys() & stakes:
            self._met[stake] = {(t, c) for t, c in self._met[stake] if (thread and t != thread) or (client and c != client)}

    def shows(self, stakes: Collection[Stake], thread: int = 0, client: int = 0) -> None:
        """A server that had not met the duty until now is found."""
        for stake in stakes:
            if (thread, client) in self._met.get(stake, ()):
                self.breakable(stake)

    def at_rest(self) -> None:
        """Nothing can move any more: duties that were not met would be found."""
        for stake, holders in self._met.items():
            if holders:
                self.breakable(stake)

    def breakable(self, stake: Stake) -> None:
        """The duty is owed, and a server that does not meet it is found."""
        self.arises(stake)
        self._breakable.add(stake)

    def may_break(self, stake: Stake) -> bool:
        """Whether this run has shown already that the server could have broken it."""
        return stake in self._breakable

    def several(self, stake: Stake) -> None:
        """A change has several ways of saying which request has made it."""
        self.arises(stake)
        self._open.add(stake)

    def fewer(self, ways: int) -> None:
        """Some of the ways have been ruled out; so many are left."""
        for stake in self._open:
            self.breakable(stake)
        if ways == 1:
            self._open.clear()

    def names(self) -> Iterator[tuple[str, bool]]:
        """Each duty that was at stake, and again with True if the server could have broken it."""
        for stakes, could in ((self._arose, False), (self._breakable, True)):
            yield from ((stake.value, could) for stake in Stake if stake in stakes)

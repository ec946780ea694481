"""The ends that a server must bring about, or must not be disturbed by: the duties at stake when conversations end by themselves, when the
server stops, and when a listener is cancelled.
"""

from subwarden.checking.server.at_stake import AtStake
from subwarden.model.server.stakes import Stake


class Endings:
    """Those of one run. `stopped`: the server stops, and owes nothing but the end of every thread."""

    def __init__(self, stakes: AtStake) -> None:
        self.stopped = False
        self._stakes = stakes
        self._in_turn: set[int] = set()  # conversations that ended by themselves with a turn open
        self._unheard: set[tuple[int, int]] = set()  # threads and conversations whose listener was cancelled

    def died(self, conversation: int) -> None:
        """A conversation has ended by itself, in the middle of a turn."""
        self._in_turn.add(conversation)
        self._stakes.arises(Stake.ENDED)

    def must_end(self) -> None:
        """The server has stopped: a thread is to be unloaded."""
        self._stakes.arises(Stake.STOPPED)

    def unloaded(self, conversation: int) -> None:
        """A thread was unloaded, with its conversation."""
        if conversation in self._in_turn:
            self._stakes.breakable(Stake.ENDED)
        if self.stopped:
            self._stakes.breakable(Stake.STOPPED)

    def unheard(self, thread: int, conversation: int) -> None:
        """The listener of a conversation that goes on is cancelled. Nothing may change by that."""
        self._unheard.add((thread, conversation))
        self._stakes.arises(Stake.LISTENED)

    def taken(self, thread: int, conversation: int) -> None:
        """A listener has taken an event."""
        if self._unheard and (thread, conversation) in self._unheard:
            self._stakes.met(Stake.LISTENED, thread)

    def unheard_threads(self) -> set[int]:
        """The threads whose listener was cancelled."""
        return {thread for thread, _ in self._unheard}

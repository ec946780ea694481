"""The rules of approvals (P7, P8): a monitor of one run, told in order of the events taken, the messages sent and what clients answer.

The server asks every subscriber for an approval that a conversation waits for: once for the event, and once more for each request of the
client to subscribe, whose answer replays what is open. The first client that gives or refuses the approval settles it: every client that
was asked is told so, and then the engine hears the same answer. Nobody else is asked or told, and the engine hears of no approval that no
subscriber gave or refused.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from subwarden.model.server.deliveries import Pair, Wrong


class Approval(NamedTuple):
    """The approval that event `number` of a conversation asks for."""

    thread: int
    conversation: int
    number: int


class Approvals:
    """See above. Methods are called as things happen; those that judge return the fault, or None."""

    def __init__(self) -> None:
        self._open: set[Approval] = set()  # not given, and its turn goes on
        self._dying: set[Approval] = set()  # as well, but its conversation has ended by itself; a listener may not know that yet
        self._may_ask: Counter[tuple[int, Approval]] = Counter()  # how often a client may still be asked
        self._ever_asked: set[tuple[int, Approval]] = set()
        self._asked: set[tuple[int, Approval]] = set()  # in the client's present subscription
        self._owed: set[tuple[int, Approval]] = set()  # clients that must still be asked
        self._given: set[Approval] = set()  # or refused, by a client that was asked in its present subscription: the engine must hear of it
        # the answers of subscribers that were ever asked, up to the first that counts: the engine may hear of one
        self._gave: dict[Approval, set[bool]] = {}
        self.strangers: dict[Approval, set[int]] = {}  # the clients that gave each without having been asked or being subscribed
        self._lapsed: set[Approval] = set()  # given, but the engine need not hear of it: its thread is unloaded, or about to be
        self._heard: set[Approval] = set()  # of which the engine knows
        self._settled: set[tuple[int, Approval]] = set()  # clients that were told

    def opened(self, approval: Approval, told: Collection[int], linked: Collection[int], asking: Mapping[int, int]) -> None:
        """A listener has taken the event. `told`: the clients that know that they are subscribed; `linked`: those that show as subscribed;
        `asking`: how many requests to subscribe each client has in flight."""
        self._open.add(approval)
        self._owed |= {(client, approval) for client in told}
        for client in {*told, *linked, *asking}:
            self._may_ask[client, approval] = (client in told or client in linked) + asking.get(client, 0)

    def wants(self, pair: Pair) -> None:
        """The client asks to be subscribed."""
        for approval in self._open | self._dying:
            if approval.thread == pair[0]:
                self._may_ask[pair[1], approval] += 1

    def begins(self, pair: Pair, conversation: int) -> None:
        """An answer has told the client that it is subscribed."""
        for approval in self._open:
            if approval.conversation == conversation and (pair[1], approval) not in self._asked:
                self._owed.add((pair[1], approval))

    def forget(self, pair: Pair) -> None:
        """The subscription ends, or is about to: the client is owed nothing more of it."""
        self.may_end(pair)
        thread, client = pair
        self._asked = {(c, a) for c, a in self._asked if (c, a.thread) != (client, thread)}

    def may_end(self, pair: Pair) -> None:
        """The subscription ends if it has no other reason: the client need not be asked, and if it was, it was."""
        thread, client = pair
        self._owed = {(c, a) for c, a in self._owed if (c, a.thread) != (client, thread)}

    def gone(self, client: int) -> None:
        """The client has gone away."""
        self._owed = {(c, a) for c, a in self._owed if c != client}
        self._asked = {(c, a) for c, a in self._asked if c != client}

    def unloaded(self, thread: int, *, dying: bool = False) -> None:
        """The conversation is unloaded, or about to be: its subscriptions have ended, too. `dying`: it has ended by itself, and the thread
        is still loaded."""
        self._dying = {approval for approval in self._dying if approval.thread != thread}
        if dying:
            self._dying |= {approval for approval in self._open if approval.thread == thread}
        self._open = {approval for approval in self._open if approval.thread != thread}
        self._owed = {(client, approval) for client, approval in self._owed if approval.thread != thread}
        self._asked = {(client, approval) for client, approval in self._asked if approval.thread != thread}
        self._lapsed |= {approval for approval in self._given if approval.thread == thread}

    def over(self, conversation: int) -> None:
        """Its turn has ended: nothing is open any more."""
        self._dying = {approval for approval in self._dying if approval.conversation != conversation}
        self._open = {approval for approval in self._open if approval.conversation != conversation}
        self._owed = {(client, approval) for client, approval in self._owed if approval.conversation != conversation}

    def sent(self, client: int, approval: Approval) -> Wrong | None:
        """The client is asked."""
        key = client, approval
        if not self._may_ask[key]:
            return Wrong.ASKED_AGAIN if key in self._ever_asked else Wrong.ASKED_OTHER
        self._may_ask[key] -= 1
        self._owed.discard(key)
        self._asked.add(key)
        self._ever_asked.add(key)
        return None

    def given(self, client: int, approval: Approval, *, granted: bool = True, subscribed: bool = True) -> None:
        """The client gives the approval, or refuses it. That may count if the client was ever asked and is `subscribed`, or is about to be
        no more; it must, if it was asked in its present subscription."""
        if subscribed and (client, approval) in self._ever_asked:
            if approval not in self._given:  # else the first answer counts
                self._gave.setdefault(approval, set()).add(granted)
        else:
            self.strangers.setdefault(approval, set()).add(client)
        if approval in self._open and (client, approval) in self._asked:
            self._given.add(approval)
            self._open.discard(approval)
        self._owed = {(c, a) for c, a in self._owed if a != approval}  # a server that has an answer need ask no other client

    def heard(self, approval: Approval, *, granted: bool = True) -> Wrong | None:
        """The engine hears that the approval is given, or refused."""
        self._heard.add(approval)
        self._open.discard(approval)
        if approval in self._gave:
            return None if granted in self._gave[approval] else Wrong.MISHEARD
        return Wrong.NOT_GIVEN if any(a == approval for _, a in self._ever_asked) else Wrong.APPROVED_BY_NOBODY

    def owes(self, client: int, approval: Approval) -> bool:
        """Whether the client must still be asked."""
        return (client, approval) in self._owed

    def must_hear(self, approval: Approval) -> bool:
        """Whether the engine must still hear of it."""
        return approval in self._given and approval not in self._heard and approval not in self._lapsed

    def must_settle(self, client: int, approval: Approval) -> bool:
        """Whether the client must still be told that the approval is settled, once the engine has heard."""
        return (client, approval) in self._asked and (client, approval) not in self._settled

    def settled(self, client: int, approval: Approval) -> Wrong | None:
        """The client is told that the approval is settled."""
        key = client, approval
        if key not in self._ever_asked or key in self._settled:
            return Wrong.SETTLED_OTHER
        self._settled.add(key)
        return None

    def at_rest(self, asking: Collection[Approval]) -> Iterator[tuple[Wrong, Approval, int | None]]:
        """Nothing can move any more, and conversations still wait for `asking`. Each duty not met, and its client."""
        waiting = set(asking)
        yield from ((Wrong.NOT_ASKED, a, c) for c, a in sorted(self._owed) if a in waiting)
        yield from ((Wrong.APPROVAL_LOST, a, None) for a in sorted((self._given - self._lapsed) & waiting))
        yield from ((Wrong.NOT_SETTLED, a, c) for c, a in sorted(self._asked - self._settled) if a in self._heard)

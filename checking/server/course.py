"""The course of a run through the model: the states that explain all that has happened, and those that it came through.

It goes on behind what the model does not allow, as if that had been right: one mistake is told once.
"""

from subwarden.checking.server.at_stake import AtStake
from subwarden.checking.server.changes import forced
from subwarden.checking.server.graph import ServerNode
from subwarden.model.server.deliveries import Pair
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.stakes import Stake
from subwarden.model.server.state import IMPLICIT, Change, ChangeKind, ServerState

CHOICES = {  # the attributions: of changes that several requests may have made
    ChangeKind.LINKED: Stake.JOINED,
    ChangeKind.NAMED: Stake.JOINED,
    ChangeKind.UNNAMED: Stake.CLAIMED,
    ChangeKind.UNLINKED: Stake.CLAIMED,
}


class Course:
    """The course of one run. `stakes` is told of the attributions, which are several states of one `node`."""

    def __init__(self, node: ServerNode, stakes: AtStake) -> None:
        self.node = node
        self._stakes = stakes
        self._past: list[ServerNode] = []  # before each change, answer, and act of the engine

    @property
    def state(self) -> ServerState:
        """The model's state now, by the attribution that was thought of first."""
        return self.node.state

    def let_go(self) -> None:
        """The run is over: drop the states that it came through, which would keep a graph that is dropped in memory."""
        self._past.clear()

    def was_right(self, number: int, reply: Reply) -> bool:
        """Whether an answer was right before, by some attribution."""
        return any(reply in node.may().get(number, ()) for node in self._past)

    # --- what happens

    def accepts(self, number: int, request: Request) -> None:
        """A request is in flight from now on."""
        self.node = self.node.accept(number, request)

    def outside(self, what: str, *arguments: int | bool | None) -> None:
        """An outside event: the model's function of that name."""
        self.node = self.node.outside(what, *arguments)

    def brought(self, thread: int, conversation: int | None) -> None:
        """The engine has brought a conversation; None: it could not."""
        self._follow(self.node.outside("brought", thread, conversation))

    def archived(self, thread: int) -> None:
        """A thread was taken out of the store, by any of the archives in flight."""
        before = len(self.node.states)
        self._follow(self.node.archived(thread))
        if len(self.node.states) > before:
            self._stakes.several(Stake.CLAIMED)

    def answered(self, number: int, reply: Reply) -> bool:
        """A request is answered. False: no state allows it."""
        after = self.node.answer(number, reply)
        if after is None:
            flight = tuple(each for each in self.state.flight if each[0] != number)
            self.node = self.node.forced(self.state._replace(flight=flight))
            return False
        self._follow(after)
        return True

    def changed(self, change: Change) -> bool:
        """A change shows. False: no state allows it."""
        before = self.node
        after = before.explain(change)
        if after is None:
            self.node = before.forced(forced(before.state, change))
            return False
        self._follow(after)
        if len(after.states) > len(before.states) and change.kind in CHOICES:
            self._stakes.several(CHOICES[change.kind])
        return True

    def shows(self, links: frozenset[Pair], ids: frozenset[tuple[int, int, int]]) -> bool:
        """The maps show these subscriptions and ids, after all changes of a look. False: they can in no state."""
        before = self.node
        after = before.shows(links, ids)
        if after is None:
            kept = {grant for grant in before.state.grants if grant[2] == IMPLICIT and grant[:2] in links}
            unseen = links - {grant[:2] for grant in kept} - {grant[:2] for grant in ids}
            grants = frozenset({*kept, *ids, *((*pair, IMPLICIT) for pair in unseen)})
            self.node = before.forced(before.state._replace(grants=grants))
            return False
        self.node = after
        if len(after.states) < len(before.states):
            self._stakes.fewer(len(after.states))
        return True

    def _follow(self, after: ServerNode) -> None:
        """Go on in `after`, and remember where answers may have been right that are not any more."""
        before = self.node
        self._past.append(before)
        self.node = after
        if len(after.states) < len(before.states):
            self._stakes.fewer(len(after.states))

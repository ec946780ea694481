"""A state that the model may be in during a run, and what of it is judged.

What a manager does not show (which grants are implicit, which connections have closed) can change unseen; then both possibilities are
kept, as *worlds*, until an observation decides.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from subwarden.checking.manager.graph import ManagerEdge, ManagerNode
from subwarden.checking.manager.pending import NO_ANSWER_YET, PendingCall, typed
from subwarden.model.manager.operations import CREATES_ENTRY
from subwarden.model.manager.projection import ShownEntry, View


class Configuration(NamedTuple):
    """A state the model may be in, and the answers of the pending operations that have acted on the way there."""

    node: ManagerNode
    acted: tuple[tuple[int, type, object], ...] = ()  # task, and the answer owed with its type: 1 and True are equal, and no one answer

    def answer(self, task: int | None) -> object:
        """What the operation of `task` owes; NO_ANSWER_YET: it has not acted."""
        for who, _, answer in self.acted:
            if who == task:
                return answer
        return NO_ANSWER_YET

    def acts(self, task: int, edge: ManagerEdge) -> "Configuration":
        """This world after `task`'s operation has acted by `edge`."""
        return Configuration(edge.node, (*self.acted, (task, *typed(edge.answer))))

    def forget(self, task: int) -> "Configuration":
        """This world without what the operation of `task` owes."""
        return Configuration(self.node, tuple(pair for pair in self.acted if pair[0] != task))

    def overtaken(self, pending: PendingCall) -> bool:
        """Whether the operation belongs to an entry that has been torn down, and by P6 must not touch the thread's next one."""
        if not isinstance(pending.operation, CREATES_ENTRY):
            return False
        entry = self.node.state.entry(pending.operation.thread)
        called_on = pending.call.incarnation
        return called_on is not None and (entry is None or entry.incarnation != called_on)

    def given_the_next_life(self, pending: PendingCall) -> bool:
        """Whether a state operation acts on a life of its thread that began after the call that returned the state was overtaken."""
        call = pending.call
        entry = None if call.thread is None else self.node.state.entry(call.thread)
        return entry is not None and entry.incarnation != call.incarnation


def acting(worlds: Iterable[Configuration], task: int, pending: PendingCall) -> Iterator[tuple[Configuration, ManagerEdge]]:
    """Those of `worlds` in which the operation of `task` has not acted, each with what it would do there."""
    for world in worlds:
        if world.answer(task) is NO_ANSWER_YET:
            yield world, world.node.step(pending.call)


class Judged(NamedTuple):
    """What of a state is judged: a raw choice or a turn that is wrong is told once, and then left out of the comparison."""

    live: bool  # the manager shows which connections are
    raw: bool = True
    turn: bool = True
    lost: bool = False  # nothing any more: what the manager shows is not the model's
    was_hidden: bool = False  # the maps have not been shown since some of the worlds came about

    @property
    def plainly(self) -> bool:
        """All that the manager shows is judged, and it shows it."""
        return self.raw and self.turn and not (self.lost or self.was_hidden)

    def looks(self, node: ManagerNode) -> View:
        """What of `node` is judged."""
        if self.raw and self.turn:
            return node.view if self.live else node.view_but_live
        return self.part(node.view)

    def alike(self, one: ManagerNode, other: ManagerNode) -> bool:
        """Whether two nodes of a graph look the same."""
        if self.raw and self.turn:
            return one.view is other.view if self.live else one.view_but_live is other.view_but_live
        return self.part(one.view) == self.part(other.view)

    def part(self, view: View) -> View:
        """What of `view` is judged."""
        if not self.live:
            view = view._replace(live=None)
        if not self.raw:
            view = view._replace(raw=frozenset())
        if not self.turn:
            view = view._replace(entries=tuple((t, ShownEntry(e.generation, e.conversation)) for t, e in view.entries))
        return view

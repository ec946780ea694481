"""Configurations: the states that the model may be in during a run, and the parts of them that are judged.

A manager does not show which grants are implicit, or which connections have closed. When such a fact may have changed, both
configurations are kept until an observation decides.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from subwarden.checking.manager.graph import ManagerEdge, ManagerNode
from subwarden.checking.manager.pending import NO_ANSWER_YET, PendingCall, typed
from subwarden.model.manager.operations import CREATES_ENTRY
from subwarden.model.manager.projection import ShownEntry, View


class Configuration(NamedTuple):
    """A state that the model may be in, and the answers owed by the open calls that have taken effect on the way there."""

    node: ManagerNode
    acted: tuple[tuple[int, type, object], ...] = ()  # task, and the owed answer with its type: 1 == True, but they are two answers

    def answer(self, task: int | None) -> object:
        """The answer that the operation of `task` owes; NO_ANSWER_YET: it has not taken effect."""
        for who, _, answer in self.acted:
            if who == task:
                return answer
        return NO_ANSWER_YET

    def acts(self, task: int, edge: ManagerEdge) -> "Configuration":
        """This configuration after `task`'s operation has taken effect by `edge`."""
        return Configuration(edge.node, (*self.acted, (task, *typed(edge.answer))))

    def forget(self, task: int) -> "Configuration":
        """This configuration without the answer that the operation of `task` owes."""
        return Configuration(self.node, tuple(pair for pair in self.acted if pair[0] != task))

    def overtaken(self, pending: PendingCall) -> bool:
        """Whether the operation belongs to an entry that has been torn down: by P6 it must not touch the thread's next entry."""
        if not isinstance(pending.operation, CREATES_ENTRY):
            return False
        entry = self.node.state.entry(pending.operation.thread)
        called_on = pending.call.incarnation
        return called_on is not None and (entry is None or entry.incarnation != called_on)

    def given_the_next_life(self, pending: PendingCall) -> bool:
        """Whether a state operation acts on an incarnation of its thread that began after the call that returned the state."""
        call = pending.call
        entry = None if call.thread is None else self.node.state.entry(call.thread)
        return entry is not None and entry.incarnation != call.incarnation


def acting(configurations: Iterable[Configuration], task: int, pending: PendingCall) -> Iterator[tuple[Configuration, ManagerEdge]]:
    """The configurations in which the operation of `task` has not taken effect, each with the transition that it would take."""
    for configuration in configurations:
        if configuration.answer(task) is NO_ANSWER_YET:
            yield configuration, configuration.node.step(pending.call)


class Judged(NamedTuple):
    """The parts of a state that are judged. A wrong raw choice or turn is reported once, and then left out of the comparison."""

    live: bool  # the manager shows which connections are live
    raw: bool = True
    turn: bool = True
    lost: bool = False  # the manager has left the model, and no part is judged any more
    was_hidden: bool = False  # the maps have not been observed since some of the configurations were added

    @property
    def plainly(self) -> bool:
        """Whether all parts are judged, and the maps were observed after the last step."""
        return self.raw and self.turn and not (self.lost or self.was_hidden)

    def looks(self, node: ManagerNode) -> View:
        """The judged part of `node`'s view."""
        if self.raw and self.turn:
            return node.view if self.live else node.view_but_live
        return self.part(node.view)

    def alike(self, one: ManagerNode, other: ManagerNode) -> bool:
        """Whether the judged parts of two nodes of one graph are equal."""
        if self.raw and self.turn:
            return one.view is other.view if self.live else one.view_but_live is other.view_but_live
        return self.part(one.view) == self.part(other.view)

    def part(self, view: View) -> View:
        """The judged part of `view`."""
        if not self.live:
            view = view._replace(live=None)
        if not self.raw:
            view = view._replace(raw=frozenset())
        if not self.turn:
            view = view._replace(entries=tuple((t, ShownEntry(e.generation, e.conversation)) for t, e in view.entries))
        return view

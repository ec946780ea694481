"""Refinement where it is not plain what has happened: all states that the model may be in are kept, until an observation decides.

What a manager does not show (which grants are implicit, which connections have closed) can change unseen; then both possibilities are
kept, as *worlds*. A run is judged on as far as possible: a raw choice or a turn that is wrong is told once and then left out of the
comparison; after any other difference the model is lost and only the invariants (`checking.invariants`) are still judged.
"""

from collections.abc import Callable, Hashable
from typing import NamedTuple

from checking import causes
from checking.causes import Cause
from checking.nodes import Node
from checking.pending import NO_ANSWER_YET, Pending, agrees, typed
from model.operations import CREATES_ENTRY, RemoveConnection, StateTrackEvent
from model.projection import Shown, ShownEntry, View, disagreements, project
from model.step import Answer, Call

Took = Callable[[Node, Call], object]


class World(NamedTuple):
    """A state the model may be in, and the answers of the pending operations that have acted on the way there."""

    node: Node
    acted: tuple[tuple[int, object], ...] = ()  # (task, answer owed)

    def answer(self, task: int | None) -> object:
        for who, answer in self.acted:
            if who == task:
                return answer
        return NO_ANSWER_YET

    def forget(self, task: int) -> "World":
        return World(self.node, tuple(pair for pair in self.acted if pair[0] != task))


class Worlds:
    """Follows the rest of a run, from `node` and the operations pending there."""

    def __init__(
        self, node: Node, pending: dict[int, Pending], fired: Callable[[str], object], *, shows_live: bool, took: Took | None
    ) -> None:
        owed = tuple((task, p.owed) for task, p in sorted(pending.items()) if p.owed is not NO_ANSWER_YET)
        self._worlds = [World(node, owed)]
        self._lost = False
        self._was_hidden = False
        self._judged_raw = True
        self._judged_turn = True
        self._shows_live = shows_live
        self._fired = fired
        self._took = took

    def digested(self) -> Hashable:
        """What of this decides the rest of the run's judgement."""
        worlds = tuple((world.node.state, tuple((task, typed(owed)) for task, owed in world.acted)) for world in self._worlds)
        return worlds, self._lost, self._was_hidden, self._judged_raw, self._judged_turn, self._shows_live

    @property
    def node(self) -> Node:
        """The model's state; where several are possible, the first of them. They look the same."""
        return self._worlds[0].node

    def unchanged(self, task: int, pending: Pending) -> None:
        """As in `Refinement`."""
        if self._lost or pending.asked is self._worlds:  # to ask again would tell the same again
            return
        worlds: list[World] = []
        for world in self._worlds:
            worlds.append(world)
            if world.answer(task) is not NO_ANSWER_YET:
                continue
            edge = world.node.step(pending.call)
            if edge.silent:
                if edge not in pending.silent:
                    pending.may_answer(edge)
            elif self._looks(edge.node) == self._looks(world.node):
                self._fired(edge.kind)
                pending.keep_handle(edge)
                pending.unseen_at = world.node
                worlds.append(World(edge.node, (*world.acted, (task, edge.answer))))
            elif edge.only_raw:
                pending.keep_handle(edge)
                pending.but_for_raw += (edge.answer,)
        if len(worlds) > len(self._worlds):
            self._worlds = list(dict.fromkeys(worlds))
        pending.asked = self._worlds

    def hidden(self, task: int, pending: Pending) -> None:
        """As in `Refinement`: it has acted or not, whatever that would show."""
        if self._lost:
            return
        worlds = list(self._worlds)
        for world in self._worlds:
            if world.answer(task) is NO_ANSWER_YET:
                edge = world.node.step(pending.call)
                pending.keep_handle(edge)
                worlds.append(World(edge.node, (*world.acted, (task, edge.answer))))
        self._worlds = list(dict.fromkeys(worlds))
        self._was_hidden = True

    def acted(self, task: int, pending: Pending, shows: Callable[[Shown], bool]) -> Shown | None:
        """As in `Refinement`. What matches a state of the model holds all invariants: the closed are closed in every world."""
        if self._lost or self._was_hidden or not (self._judged_raw and self._judged_turn):
            return None
        for world in self._worlds:
            if world.answer(task) is not NO_ANSWER_YET:
                continue
            node = world.node.step(pending.call).node
            if node.shown is not None and node is not world.node and self._looks(node) != self._looks(world.node) and shows(node.shown):
                looks = self._looks(node)
                self._worlds = [w for world in self._worlds for w in self._acting(world, task, pending, looks)]
                return node.shown
        return None

    def changed(self, task: int | None, pending: Pending | None, shown: Shown, *, returning: bool) -> Cause | None:
        """As in `Refinement`."""
        if self._lost:
            return None
        observed = self._judged(project(shown))
        same = [world for world in self._worlds if self._looks(world.node) == observed]
        if pending is not None and task is not None:
            after = [w for world in self._worlds for w in self._acting(world, task, pending, observed)]
            if self._was_hidden:  # what shows now may also have come about while nothing was shown
                after += same
            if after:
                if self._judged_raw and self._judged_turn and not disagreements(shown):
                    after[0].node.shown = shown
                self._worlds, self._was_hidden = after, False
                return None
        if same:  # only what is no longer judged has changed, or what was hidden shows now
            self._worlds, self._was_hidden = same, False
            return None
        return self._differs(task, pending, observed, returning=returning)

    def returned(self, task: int, pending: Pending, answer: object) -> Cause | None:
        """As in `Refinement`."""
        if self._lost:
            return None
        worlds: list[World] = []
        for world in self._worlds:
            owed = world.answer(task)
            if owed is NO_ANSWER_YET:
                matching = [edge for edge in pending.silent if agrees(answer, edge.answer)]
                if matching:
                    self._fired(matching[0].kind)
                    if self._took is not None:
                        self._took(world.node, pending.call)
                    worlds.append(world)
            elif agrees(answer, owed):
                worlds.append(world.forget(task))
                if self._took is not None and pending.unseen_at is not None:
                    self._took(pending.unseen_at, pending.call)
        if worlds:
            self._worlds = worlds
            return None
        if isinstance(pending.operation, StateTrackEvent) and not self._judged_turn:
            return None
        self.gone(task)
        self._lost = answer is Answer.HANDLE  # of which entry is the state that the caller has now? the model cannot know
        if answer not in (Answer.REFUSED, False) and self._overtaken(pending):
            return causes.REAPPEARS
        if any(agrees(answer, allowed) for allowed in pending.but_for_raw):
            return causes.RAW_HALF_DONE
        return causes.wrong_answer(pending.operation.name)

    def gone(self, task: int) -> None:
        """As in `Refinement`."""
        self._worlds = [world.forget(task) for world in self._worlds]

    # --- how it is judged

    def _looks(self, node: Node) -> View:
        """What of `node` is judged."""
        if self._judged_raw and self._judged_turn:
            return node.view if self._shows_live else node.view_but_live
        return self._judged(node.view)

    def _judged(self, view: View) -> View:
        if not self._shows_live:
            view = view._replace(live=None)
        if not self._judged_raw:
            view = view._replace(raw=frozenset())
        if not self._judged_turn:
            view = view._replace(entries=tuple((t, ShownEntry(e.generation, e.conversation)) for t, e in view.entries))
        return view

    def _acting(self, world: World, task: int, pending: Pending, observed: View) -> list[World]:
        if world.answer(task) is not NO_ANSWER_YET:
            return []
        edge = world.node.step(pending.call)
        if self._looks(edge.node) != observed:
            return []
        pending.keep_handle(edge)
        self._fired(edge.kind)
        if self._took is not None:
            self._took(world.node, pending.call)
        return [World(edge.node, (*world.acted, (task, edge.answer)))]

    def _differs(self, task: int | None, pending: Pending | None, observed: View, *, returning: bool) -> Cause:
        """Name the difference, and decide whether the model can still be followed."""
        if pending is not None and self._overtaken(pending):
            self._lost = True
            return self._name(pending, observed)
        candidates = list(self._worlds)
        if pending is not None and task is not None:  # first: where both would do, the operation that ran has acted
            candidates = [w for world in self._worlds for w in self._would_act(world, task, pending)] + candidates
        raw = causes.RAW_NOT_OWN if returning else causes.RAW_HALF_DONE
        for part, cause in (("_judged_raw", raw), ("_judged_turn", causes.FOREIGN_TURN)):
            if not getattr(self, part):
                continue
            setattr(self, part, False)
            same = [world for world in candidates if self._looks(world.node) == self._judged(observed)]
            if same:
                if pending is not None and same[0] not in self._worlds:
                    pending.keep_handle(self.node.step(pending.call))
                self._worlds = [same[0]]
                return cause
            setattr(self, part, True)
        self._lost = True
        return causes.wrong_state("a task of the manager's own") if pending is None else self._name(pending, observed)

    def _would_act(self, world: World, task: int, pending: Pending) -> list[World]:
        if world.answer(task) is not NO_ANSWER_YET:
            return []
        edge = world.node.step(pending.call)
        return [World(edge.node, (*world.acted, (task, edge.answer)))]

    def _overtaken(self, pending: Pending) -> bool:
        """Whether the operation belongs to an entry that has been torn down, and by P6 must not touch the thread's next one."""
        if not isinstance(pending.operation, CREATES_ENTRY):
            return False
        entry = self.node.state.entry(pending.operation.thread)
        called_on = pending.call.incarnation
        return called_on is not None and (entry is None or entry.incarnation != called_on)

    def _name(self, pending: Pending, observed: View) -> Cause:
        model = self.node.state
        live = model.live if observed.live is None else observed.live
        if observed.live is not None and observed.live & model.closed:
            return causes.REVIVED
        if any(c not in live for _, c in observed.links - model.links()):
            return causes.SUBSCRIBED_DEAD
        operation = pending.operation
        if isinstance(operation, RemoveConnection) and any(c == operation.connection for _, c in observed.links):
            return causes.OUTLIVES
        stale = self._overtaken(pending) or self._given_the_next_life(pending)
        return causes.REAPPEARS if stale else causes.wrong_state(operation.name)

    def _given_the_next_life(self, pending: Pending) -> bool:
        """Whether a state operation acts on a life of its thread that began after the call that returned the state was overtaken."""
        call = pending.call
        entry = None if call.thread is None else self.node.state.entry(call.thread)
        return entry is not None and entry.incarnation != call.incarnation

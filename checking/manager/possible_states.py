"""What a judge believes at one moment of a run: all states that the model may be in. What follows from it is worked out once.

Which grants are implicit and, for some managers, which connections are open, can change unseen; then both possibilities are kept, as in
the subset construction (Rabin and Scott, Finite Automata and Their Decision Problems, 1959), done lazily, as runs walk. Equal beliefs are
one object, and so are equal pending operations; what a step of a task does to both is kept with the operation, by belief, so that runs of
the same program seldom compute anything. A run is judged on as far as possible: a raw choice or a turn that is wrong is told once and then
left out of the comparison (`checking.manager.configuration.Judged`); after any other difference the model is lost and only the invariants
(`checking.manager.invariants`) are still judged.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.configuration import Configuration, Judged, acting
from subwarden.checking.manager.differences import Differs, difference
from subwarden.checking.manager.graph import ManagerGraph, ManagerNode
from subwarden.checking.manager.pending import NO_ANSWER_YET, PendingCall, agrees, same_end
from subwarden.model.manager.operations import STATE_OPERATIONS, Operation, StateTrackEvent
from subwarden.model.manager.projection import Shown, View, disagreements, project
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, Call

STATE_KINDS = frozenset(STATE_OPERATIONS)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Move(NamedTuple):
    """What comes of a step, or an answer."""

    to: "ManagerStates"
    pending: PendingCall | None = None  # what the task's operation is then; None: there is none, or it has returned
    fired: tuple[str, ...] = ()  # the kinds of the model's transitions that happened
    took: tuple[tuple[ManagerNode, Call], ...] = ()  # those of them whose moment is known, with the state each was taken in
    cause: Cause | None = None  # what is wrong with it


@dataclass(slots=True)  # read for every call of every run, and a named tuple is slower to read
class CallEnd:
    """How an operation ends that acts in the step in which it returns, which most do."""

    node: ManagerNode  # what shows then
    owed: object
    to: "ManagerStates"
    kind: str
    took: tuple[ManagerNode, Call]
    handle: Call | None  # where it is owed a state


class ManagerStates:
    """`worlds`: never none, and all look the same. `called`: (task, identity of the operation) -> `after_call`."""

    __slots__ = ("_digest", "_graph", "called", "judged", "worlds")

    def __init__(self, graph: ManagerGraph, worlds: tuple[Configuration, ...], judged: Judged) -> None:
        self._graph = graph
        self._digest: Hashable = None
        self.worlds = worlds
        self.judged = judged
        self.called: dict[tuple[int, int], tuple[PendingCall, bool]] = {}

    def let_go(self) -> None:
        """See `checking.known_states`."""
        self.called.clear()

    def digested(self) -> Hashable:
        """What of this decides the rest of the run's judgement, by value."""
        if self._digest is None:
            self._digest = tuple((world.node.state, world.acted) for world in self.worlds), self.judged
        return self._digest

    # --- what comes of what happens; each is kept, for whoever looks it up

    def after_call(self, task: int, operation: Operation, handle: Call | None) -> tuple[PendingCall, bool]:
        """`task` calls `operation`; a state operation acts on the state `handle`, that the task was last given.

        Returns what it is then, and whether a quiet step of the task would change nothing.
        """
        if type(operation) in STATE_KINDS:
            assert handle is not None
            return self._pending(task, operation, self._graph.call(Call(operation, handle.incarnation, handle.thread))), False
        node = self.worlds[0].node
        pending = self._pending(task, operation, node.begin(operation))  # type: ignore[arg-type]  # it is the manager's
        for world in self.worlds:  # it may take effect at once
            edge = world.node.step(pending.call)
            if edge.silent:
                pending = pending.may_answer(edge)
        move = self.after_quiet_step(task, pending)
        known = self.called[task, id(operation)] = pending, move.to is self and move.pending is pending  # which keeps the operation alive
        return known

    def after_quiet_step(self, task: int, pending: PendingCall) -> Move:
        """A step of `task` has run and nothing that shows has changed."""
        now = pending
        worlds: list[Configuration] = []
        fired: list[str] = []
        for world in () if self.judged.lost else self.worlds:
            worlds.append(world)
            if world.answer(task) is not NO_ANSWER_YET:
                continue
            edge = world.node.step(pending.call)
            if edge.silent:
                now = now.may_answer(edge)
            elif self.judged.alike(edge.node, world.node):
                fired.append(edge.kind)
                now = now.may_have_acted_unseen(world.node, edge)
                worlds.append(world.acts(task, edge))
            elif edge.only_raw:
                now = now.may_have_acted_but_for_raw(edge)
        return self._keep(pending.quiet, self, Move(self._but(worlds) if fired else self, now, tuple(fired)))

    def visible_acts(self, task: int, pending: PendingCall) -> tuple[ManagerNode, ...]:
        """Nodes that would show that the operation of `task` has acted, where that can be told from them alone.

        What matches a state of the model holds all invariants: the closed are closed in every world.
        """
        acts = acting(self.worlds, task, pending) if self.judged.plainly else ()
        ways = tuple(edge.node for world, edge in acts if not self.judged.alike(edge.node, world.node))
        return self._keep(pending.visible, self, ways)

    def after_act(self, task: int, pending: PendingCall, node: ManagerNode) -> Move:
        """`task`'s operation has acted, which shows as `node`, one of its `visible_acts`."""
        move = self._acting(task, pending, self.judged.looks(node))
        assert move is not None  # in the world that led to `node` it does
        return self._keep(pending.acted, (self, node), move)

    def end_of(self, task: int, pending: PendingCall) -> CallEnd | None:
        """How the operation of `task` ends if it acts and returns in one step; None where that is not plain."""
        return self._keep(pending.ends, self, self._end(task, pending))

    def after_answer(self, task: int, pending: PendingCall, answer: object) -> Move:
        """`task`'s operation returned `answer`, as the model would put it, after its last step has been judged."""
        if self.judged.lost:
            return Move(self)
        worlds: list[Configuration] = []
        fired: tuple[str, ...] = ()
        took: list[tuple[ManagerNode, Call]] = []
        for world in self.worlds:
            owed = world.answer(task)
            if owed is NO_ANSWER_YET:
                right = next((edge for edge in pending.silent if agrees(answer, edge.answer)), None)
                if right is not None:
                    fired = (right.kind,)
                    took.append((right.node, pending.call))
                    worlds.append(world)
            elif agrees(answer, owed):
                worlds.append(world.forget(task))
                if pending.unseen_at is not None:
                    took.append((pending.unseen_at, pending.call))
        if worlds:
            move = Move(self._but(worlds), None, fired, tuple(took))
            self._keep(pending.answered, self, (*pending.answered.get(self, ()), (answer, move)))
            return move
        forgotten = self.without(task)
        if isinstance(pending.operation, StateTrackEvent) and not self.judged.turn:
            return Move(forgotten)
        if answer is Answer.HANDLE:  # of which entry is the state that the caller has now? the model cannot know
            forgotten = belief(self._graph, forgotten.worlds, self.judged._replace(lost=True))
        if answer not in (Answer.REFUSED, False) and self.worlds[0].overtaken(pending):
            cause = causes.REAPPEARS
        elif any(agrees(answer, allowed) for allowed in pending.but_for_raw):
            cause = causes.RAW_HALF_DONE
        else:
            cause = causes.wrong_answer(pending.operation.name)
        return Move(forgotten, cause=cause)

    # --- what comes of what is rare

    def after_hidden_step(self, task: int, pending: PendingCall) -> Move:
        """A step of `task` has run while the maps are not shown: it has acted or not, whatever that would show."""
        if self.judged.lost:
            return Move(self, pending)
        worlds = list(self.worlds)
        for world, edge in acting(self.worlds, task, pending):
            pending = pending.keeping_handle(edge)
            worlds.append(world.acts(task, edge))
        return Move(belief(self._graph, distinct(worlds), self.judged._replace(was_hidden=True)), pending)

    def after_change(self, task: int | None, pending: PendingCall | None, shown: Shown, *, returning: bool) -> Move:
        """A step of `task` has changed what shows to `shown`; `returning`: its operation is about to return."""
        if self.judged.lost:
            return Move(self, pending)
        observed = self.judged.part(project(shown))
        same = tuple(world for world in self.worlds if self.judged.looks(world.node) == observed)
        if pending is not None and task is not None:
            also = same if self.judged.was_hidden else ()  # it may have come about while nothing was shown
            move = self._acting(task, pending, observed, also)
            if move is not None:
                if self.judged.raw and self.judged.turn and not disagreements(shown):
                    move.to.worlds[0].node.shown = shown
                return move
        if same:  # only what is no longer judged has changed, or what was hidden shows now
            return Move(belief(self._graph, same, self.judged._replace(was_hidden=False)), pending)
        return self._told(difference(self.worlds, self.judged, task, pending, observed, returning=returning), pending)

    def without(self, task: int) -> "ManagerStates":
        """`task`'s operation has ended: it has acted or it has not; it will not act any more."""
        return self._but([world.forget(task) for world in self.worlds])

    # --- how

    def _keep(self, known: dict[K, Any], key: K, value: V) -> V:
        self._graph.moves += 1
        known[key] = value
        return value

    def _pending(self, task: int, operation: Operation, call: Call) -> PendingCall:
        known: PendingCall | None = self._graph.pending.get((task, id(operation), id(call)))
        if known is None:
            known = self._graph.pending[task, id(operation), id(call)] = PendingCall(operation, call)  # which keeps both alive
        return known

    def _acting(self, task: int, pending: PendingCall, observed: View, also: tuple[Configuration, ...] = ()) -> Move | None:
        """`pending` has acted, in all worlds in which that looks as `observed`. None if it does so in none, and there are none `also`."""
        worlds: list[Configuration] = []
        fired: list[str] = []
        took: list[tuple[ManagerNode, Call]] = []
        for world, edge in acting(self.worlds, task, pending):
            if self.judged.looks(edge.node) == observed:
                pending = pending.keeping_handle(edge)
                fired.append(edge.kind)
                took.append((world.node, pending.call))
                worlds.append(world.acts(task, edge))
        if not worlds and not also:
            return None
        judged = self.judged._replace(was_hidden=False) if self.judged.was_hidden else self.judged
        return Move(belief(self._graph, distinct([*worlds, *also]), judged), pending, tuple(fired), tuple(took))

    def _end(self, task: int, pending: PendingCall) -> CallEnd | None:
        if len(self.worlds) > 1 or not self.judged.plainly:
            return None
        world = self.worlds[0]
        if world.answer(task) is not NO_ANSWER_YET:
            return None
        edge = world.node.step(pending.call)
        if edge.silent:
            if not all(same_end(way, edge) for way in pending.silent):
                return None  # it may as well have answered before
        elif pending.silent and self.judged.alike(edge.node, world.node):
            return None
        handle = pending.keeping_handle(edge).handle() if edge.answer is Answer.HANDLE else None
        return CallEnd(
            edge.node, edge.answer, self._but([Configuration(edge.node, world.acted)]), edge.kind, (world.node, pending.call), handle
        )

    def _told(self, differs: Differs, pending: PendingCall | None) -> Move:
        """What differs is told, and what can still be judged is judged on."""
        if pending is not None and differs.acted:
            pending = pending.keeping_handle(self.worlds[0].node.step(pending.call))
        if differs.world is None:
            return Move(belief(self._graph, self.worlds, differs.judged._replace(lost=True)), pending, cause=differs.cause)
        return Move(belief(self._graph, (differs.world,), differs.judged), pending, cause=differs.cause)

    def _but(self, worlds: list[Configuration]) -> "ManagerStates":
        return belief(self._graph, distinct(worlds), self.judged)


def belief(graph: ManagerGraph, worlds: tuple[Configuration, ...], judged: Judged) -> ManagerStates:
    """The one belief of `graph` that is just that."""
    known: ManagerStates | None = graph.beliefs.get((worlds, judged))
    if known is None:
        known = graph.beliefs[worlds, judged] = ManagerStates(graph, worlds, judged)
    return known


def distinct(worlds: list[Configuration]) -> tuple[Configuration, ...]:
    """Each once, in order."""
    return tuple(worlds) if len(worlds) < 2 else tuple(dict.fromkeys(worlds))


def start(graph: ManagerGraph, state: State, *, shows_live: bool) -> ManagerStates:
    """Where a run begins whose manager starts as `state`, and shows which connections are live or does not."""
    if graph.is_full():
        graph.forget()
    known: ManagerStates | None = graph.starts.get((id(state), shows_live))
    if known is None:
        node = graph.initial(state)  # which keeps the state alive
        known = graph.starts[id(state), shows_live] = belief(graph, (Configuration(node),), Judged(shows_live))
    return known

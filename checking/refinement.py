"""Online refinement: after every step the observed state is the model's, by zero or one visible model action.

Linear in the steps, and it names the step where manager and model part. What a manager does not show (which grants are implicit,
which connections have closed) can change unseen; then both possibilities are kept, as *worlds*, until an observation tells them
apart. An operation acts at most once, in a step of its own task, between its call and its return. A cancelled one has acted or not.

A run is judged on as far as possible: a raw choice or a turn that is wrong is told once and then left out of the comparison; after
any other difference the model is lost and only the invariants (`checking.invariants`) are still judged.
"""

from collections.abc import Callable
from typing import NamedTuple

from checking import causes
from checking.causes import Cause
from checking.nodes import Edge, Graph, Node
from model.operations import CREATES_ENTRY, STATE_OPERATIONS, Operation, RemoveConnection, StateTrackEvent
from model.projection import ShownEntry, View
from model.step import Answer, Call

NO_ANSWER_YET = object()


class World(NamedTuple):
    """A state the model may be in, and the answers of the pending operations that have acted on the way there."""

    node: Node
    acted: tuple[tuple[int, object], ...] = ()  # (task, answer owed)

    def answer(self, task: int) -> object:
        for who, answer in self.acted:
            if who == task:
                return answer
        return NO_ANSWER_YET


class Pending:
    """An operation that has been called and has not returned."""

    __slots__ = ("answers", "answers_but_for_raw", "calls", "incarnation", "operation")

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.calls: dict[Node, Call] = {}  # by the node in which it was called: worlds may differ in the incarnation
        self.answers: list[object] = []  # what it may answer without having changed anything
        self.answers_but_for_raw: list[object] = []  # what it may answer if its raw choice had not yet shown
        self.incarnation = 0  # of the entry whose state it returns; 0 is never given out

    def may_act(self, edge: Edge) -> None:
        """Keep what only the moment of acting tells: which incarnation the caller gets a state of."""
        if edge.answer is Answer.HANDLE:
            entry = edge.node.state.entry(getattr(self.operation, "thread"))  # noqa: B009  # all that return a state have one
            self.incarnation = 0 if entry is None else entry.incarnation


class Refinement:
    """Follows one run. Its methods are called as things happen; they tell the cause of a violation, or None."""

    def __init__(self, graph: Graph, fired: Callable[[str], object], *, shows_live: bool) -> None:
        self.worlds: list[World] = [World(graph.initial())]
        self._graph = graph
        self.lost = False
        self.judged_raw = True
        self.judged_turn = True
        self._shows_live = shows_live
        self._pending: dict[int, Pending] = {}
        self._handles: dict[int, Call] = {}
        self._fired = fired

    @property
    def node(self) -> Node:
        """The model's state; where several worlds are possible, the first of them. They look the same."""
        return self.worlds[0].node

    # --- what happens

    def called(self, task: int, operation: Operation) -> None:
        """`task` calls `operation`; a state operation acts on the state that the task was last given."""
        if self.lost:
            return
        pending = self._pending[task] = Pending(operation)
        handle = self._handles.get(task)
        for world in self.worlds:
            if isinstance(operation, STATE_OPERATIONS):
                assert handle is not None, "a state operation needs a state"
                pending.calls[world.node] = self._graph.call(Call(operation, handle.incarnation, handle.thread))
            else:
                pending.calls[world.node] = world.node.begin(operation)  # type: ignore[arg-type]  # the rest are the manager's

    def unchanged(self, task: int | None) -> None:
        """A step of `task` (None: of none that is ours) has run and nothing that shows has changed."""
        pending = None if task is None else self._pending.get(task)
        if pending is not None and task is not None and not self.lost:
            self._may_have_acted_unseen(task, pending)

    def changed(self, task: int | None, observed: View, *, returning: bool) -> Cause | None:
        """A step of `task` has changed what shows to `observed`; `returning`: its operation is about to return."""
        if self.lost:
            return None
        pending = None if task is None else self._pending.get(task)
        observed = self._judged(observed)
        if pending is not None and task is not None:
            after = [w for world in self.worlds for w in self._acting(world, task, pending, observed)]
            if after:
                self.worlds = after
                return None
        if any(self._judged(w.node.view) == observed for w in self.worlds):  # only what is no longer judged has changed
            return None
        return self._differs(task, pending, observed, returning=returning)

    def returned(self, task: int, answer: object) -> Cause | None:
        """`task`'s operation returned `answer`, as the model would put it. Call `changed` or `unchanged` first."""
        if self.lost:
            return None
        pending = self._pending.pop(task)
        operation = pending.operation
        worlds: list[World] = []
        for world in self.worlds:
            owed = world.answer(task)
            if owed is NO_ANSWER_YET:
                if _agrees(answer, pending.answers):
                    worlds.append(world)
            elif _agrees(answer, [owed]):
                worlds.append(World(world.node, tuple(pair for pair in world.acted if pair[0] != task)))
        if answer is Answer.HANDLE:
            self._handles[task] = Call(operation, pending.incarnation, getattr(operation, "thread"))  # noqa: B009  # as above
        if worlds:
            self.worlds = worlds
            return None
        if isinstance(operation, StateTrackEvent) and not self.judged_turn:
            return None
        self.worlds = [World(w.node, tuple(pair for pair in w.acted if pair[0] != task)) for w in self.worlds]
        if answer not in (Answer.REFUSED, False) and self._overtaken(pending):
            return causes.REAPPEARS
        if _agrees(answer, pending.answers_but_for_raw):
            return causes.RAW_HALF_DONE
        return causes.wrong_answer(operation.name)

    def gone(self, task: int) -> None:
        """`task`'s operation was cancelled, or raised: it has acted or it has not; it will not act any more."""
        self._pending.pop(task, None)
        self.worlds = [World(w.node, tuple(pair for pair in w.acted if pair[0] != task)) for w in self.worlds]

    # --- how it is judged

    def _judged(self, view: View) -> View:
        if not self._shows_live:
            view = view._replace(live=None)
        if not self.judged_raw:
            view = view._replace(raw=frozenset())
        if not self.judged_turn:
            view = view._replace(entries=tuple((t, ShownEntry(e.generation, e.conversation)) for t, e in view.entries))
        return view

    def _call(self, world: World, pending: Pending) -> Call:
        call = pending.calls.get(world.node)
        # the worlds have moved on since the call: the binding made then holds, and it is the same in all worlds that look alike
        return next(iter(pending.calls.values())) if call is None else call

    def _may_have_acted_unseen(self, task: int, pending: Pending) -> None:
        worlds: list[World] = []
        for world in self.worlds:
            worlds.append(world)
            if world.answer(task) is not NO_ANSWER_YET:
                continue
            edge = world.node.step(self._call(world, pending))
            pending.may_act(edge)
            if edge.node is world.node:
                pending.answers.append(edge.answer)
                self._fired(edge.kind)
            elif self._judged(edge.node.view) == self._judged(world.node.view):
                self._fired(edge.kind)
                worlds.append(World(edge.node, (*world.acted, (task, edge.answer))))
            elif edge.node.view._replace(raw=world.node.view.raw) == world.node.view:
                pending.answers_but_for_raw.append(edge.answer)
        self.worlds = list(dict.fromkeys(worlds)) if len(worlds) > 1 else worlds

    def _acting(self, world: World, task: int, pending: Pending, observed: View) -> list[World]:
        if world.answer(task) is not NO_ANSWER_YET:
            return []
        edge = world.node.step(self._call(world, pending))
        if self._judged(edge.node.view) != observed:
            return []
        pending.may_act(edge)
        self._fired(edge.kind)
        return [World(edge.node, (*world.acted, (task, edge.answer)))]

    def _differs(self, task: int | None, pending: Pending | None, observed: View, *, returning: bool) -> Cause:
        """Name the difference, and decide whether the model can still be followed."""
        acted = None if task is None else self.worlds[0].answer(task)
        expected = [w.node for w in self.worlds]
        if pending is not None and acted is NO_ANSWER_YET:  # first: where both would do, the operation that ran has acted
            expected = [w.node.step(self._call(w, pending)).node for w in self.worlds] + expected
        if pending is not None and self._overtaken(pending):
            self.lost = True
            return self._name(pending, observed)
        raw = causes.RAW_NOT_OWN if returning else causes.RAW_HALF_DONE
        for partial, cause in (("judged_raw", raw), ("judged_turn", causes.FOREIGN_TURN)):
            before = getattr(self, partial)
            setattr(self, partial, False)
            same = [n for n in expected if self._judged(n.view) == self._judged(observed)]
            if same and before:
                self._follow(task, pending, same[0])
                return cause
            setattr(self, partial, before)
        self.lost = True
        return self._name(pending, observed)

    def _follow(self, task: int | None, pending: Pending | None, node: Node) -> None:
        """Go on from `node`, which is as observed but for what is no longer judged."""
        if pending is not None and task is not None:
            for world in self.worlds:
                edge = world.node.step(self._call(world, pending))
                if edge.node is node and world.answer(task) is NO_ANSWER_YET:
                    pending.may_act(edge)
                    self.worlds = [World(node, (*world.acted, (task, edge.answer)))]
                    return
        self.worlds = [world for world in self.worlds if world.node is node]

    def _overtaken(self, pending: Pending) -> bool:
        """Whether the operation belongs to an entry that has been torn down, and by P6 must not touch the thread's next one."""
        if not isinstance(pending.operation, CREATES_ENTRY):
            return False
        call = self._call(self.worlds[0], pending)
        entry = self.node.state.entry(pending.operation.thread)
        return call.incarnation is not None and (entry is None or entry.incarnation != call.incarnation)

    def _name(self, pending: Pending | None, observed: View) -> Cause:
        model = self.node.state
        live = model.live if observed.live is None else observed.live
        if observed.live is not None and observed.live & model.closed:
            return causes.REVIVED
        if pending is None:
            return causes.wrong_state("a task of the manager's own")
        operation = pending.operation
        new = observed.links - model.links()
        if any(c not in live for _, c in new):
            return causes.SUBSCRIBED_DEAD
        if isinstance(operation, RemoveConnection) and any(c == operation.connection for _, c in observed.links):
            return causes.OUTLIVES
        if self._overtaken(pending):
            return causes.REAPPEARS
        return causes.wrong_state(operation.name)


def _agrees(answer: object, allowed: list[object]) -> bool:
    return any(a is Answer.ANY or (a == answer and isinstance(a, bool) == isinstance(answer, bool)) for a in allowed)

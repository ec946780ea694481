"""The states that the model may be in at one moment of a run, and the moves between such sets. Each move is computed once.

Implicit grants and, for some managers, live connections can change without being observed; then both possibilities are kept. This is
the subset construction (Rabin and Scott, Finite Automata and Their Decision Problems, 1959), done lazily while runs walk. Equal sets are
one object, and so are equal pending operations; each operation keeps a memo of its moves by set, so runs of the same program seldom
compute anything. Judging goes on as far as possible: a wrong raw choice or turn is reported once and then left out of the comparison
(`checking.manager.configuration.Judged`); after any other difference only the invariants (`checking.manager.invariants`) are judged.
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
    """The result of a step, or of an answer."""

    to: "ManagerStates"
    pending: PendingCall | None = None  # the task's operation afterwards; None: there is none, or it has returned
    fired: tuple[str, ...] = ()  # the kinds of the model's transitions that happened
    took: tuple[tuple[ManagerNode, Call], ...] = ()  # the transitions whose moment is known, each with its source state
    cause: Cause | None = None  # the violation, if there is one


@dataclass(slots=True)  # read for every call of every run, and a named tuple is slower to read
class CallEnd:
    """The end of an operation that takes effect in the step in which it returns, as most do."""

    node: ManagerNode  # the state afterwards
    owed: object
    to: "ManagerStates"
    kind: str
    took: tuple[ManagerNode, Call]
    handle: Call | None  # if the answer is a state


class ManagerStates:
    """A set of possible configurations, never empty, all with the same view.

    `called` is the memo of `after_call`, by task and identity of the operation.
    """

    __slots__ = ("_digest", "_graph", "called", "configurations", "judged")

    def __init__(self, graph: ManagerGraph, configurations: tuple[Configuration, ...], judged: Judged) -> None:
        self._graph = graph
        self._digest: Hashable = None
        self.configurations = configurations
        self.judged = judged
        self.called: dict[tuple[int, int], tuple[PendingCall, bool]] = {}

    def let_go(self) -> None:
        """See `checking.known_states`."""
        self.called.clear()

    def digested(self) -> Hashable:
        """The part that decides the rest of the run's judgement, by value."""
        if self._digest is None:
            self._digest = tuple((configuration.node.state, configuration.acted) for configuration in self.configurations), self.judged
        return self._digest

    # --- moves; the result of each is kept for later runs

    def after_call(self, task: int, operation: Operation, handle: Call | None) -> tuple[PendingCall, bool]:
        """`task` calls `operation`; a state operation acts on `handle`, the state that the task received last.

        Returns the pending call, and whether a quiet step of the task would change nothing.
        """
        if type(operation) in STATE_KINDS:
            assert handle is not None
            return self._pending(task, operation, self._graph.call(Call(operation, handle.incarnation, handle.thread))), False
        node = self.configurations[0].node
        pending = self._pending(task, operation, node.begin(operation))  # type: ignore[arg-type]  # it is the manager's
        for configuration in self.configurations:  # it may take effect at once
            edge = configuration.node.step(pending.call)
            if edge.silent:
                pending = pending.may_answer(edge)
        move = self.after_quiet_step(task, pending)
        known = self.called[task, id(operation)] = pending, move.to is self and move.pending is pending  # which keeps the operation alive
        return known

    def after_quiet_step(self, task: int, pending: PendingCall) -> Move:
        """A step of `task` has run and the view has not changed."""
        now = pending
        configurations: list[Configuration] = []
        fired: list[str] = []
        for configuration in () if self.judged.lost else self.configurations:
            configurations.append(configuration)
            if configuration.answer(task) is not NO_ANSWER_YET:
                continue
            edge = configuration.node.step(pending.call)
            if edge.silent:
                now = now.may_answer(edge)
            elif self.judged.alike(edge.node, configuration.node):
                fired.append(edge.kind)
                now = now.may_have_acted_unseen(configuration.node, edge)
                configurations.append(configuration.acts(task, edge))
            elif edge.only_raw:
                now = now.may_have_acted_but_for_raw(edge)
        return self._keep(pending.quiet, self, Move(self._but(configurations) if fired else self, now, tuple(fired)))

    def visible_acts(self, task: int, pending: PendingCall) -> tuple[ManagerNode, ...]:
        """The nodes whose view would show that the operation of `task` has taken effect, if the view alone decides that.

        A view that matches a state of the model satisfies all invariants: closed connections are closed in every configuration.
        """
        acts = acting(self.configurations, task, pending) if self.judged.plainly else ()
        ways = tuple(edge.node for configuration, edge in acts if not self.judged.alike(edge.node, configuration.node))
        return self._keep(pending.visible, self, ways)

    def after_act(self, task: int, pending: PendingCall, node: ManagerNode) -> Move:
        """`task`'s operation has taken effect, and the view is that of `node`, one of its `visible_acts`."""
        move = self._acting(task, pending, self.judged.looks(node))
        assert move is not None  # in the configuration that led to `node` it does
        return self._keep(pending.acted, (self, node), move)

    def end_of(self, task: int, pending: PendingCall) -> CallEnd | None:
        """The end of `task`'s operation if it takes effect and returns in one step; None where several ends are possible."""
        return self._keep(pending.ends, self, self._end(task, pending))

    def after_answer(self, task: int, pending: PendingCall, answer: object) -> Move:
        """`task`'s operation returned `answer`, in the model's terms, after its last step has been judged."""
        if self.judged.lost:
            return Move(self)
        configurations: list[Configuration] = []
        fired: tuple[str, ...] = ()
        took: list[tuple[ManagerNode, Call]] = []
        for configuration in self.configurations:
            owed = configuration.answer(task)
            if owed is NO_ANSWER_YET:
                right = next((edge for edge in pending.silent if agrees(answer, edge.answer)), None)
                if right is not None:
                    fired = (right.kind,)
                    took.append((right.node, pending.call))
                    configurations.append(configuration)
            elif agrees(answer, owed):
                configurations.append(configuration.forget(task))
                if pending.unseen_at is not None:
                    took.append((pending.unseen_at, pending.call))
        if configurations:
            move = Move(self._but(configurations), None, fired, tuple(took))
            self._keep(pending.answered, self, (*pending.answered.get(self, ()), (answer, move)))
            return move
        forgotten = self.without(task)
        if isinstance(pending.operation, StateTrackEvent) and not self.judged.turn:
            return Move(forgotten)
        if answer is Answer.HANDLE:  # the model cannot know to which entry the caller's state belongs
            forgotten = manager_states(self._graph, forgotten.configurations, self.judged._replace(lost=True))
        if answer not in (Answer.REFUSED, False) and self.configurations[0].overtaken(pending):
            cause = causes.REAPPEARS
        elif any(agrees(answer, allowed) for allowed in pending.but_for_raw):
            cause = causes.RAW_HALF_DONE
        else:
            cause = causes.wrong_answer(pending.operation.name)
        return Move(forgotten, cause=cause)

    # --- rare moves

    def after_hidden_step(self, task: int, pending: PendingCall) -> Move:
        """A step of `task` has run while the maps could not be observed: its operation may have taken effect."""
        if self.judged.lost:
            return Move(self, pending)
        configurations = list(self.configurations)
        for configuration, edge in acting(self.configurations, task, pending):
            pending = pending.keeping_handle(edge)
            configurations.append(configuration.acts(task, edge))
        return Move(manager_states(self._graph, distinct(configurations), self.judged._replace(was_hidden=True)), pending)

    def after_change(self, task: int | None, pending: PendingCall | None, shown: Shown, *, returning: bool) -> Move:
        """A step of `task` has changed the maps to `shown`; `returning`: its operation is about to return."""
        if self.judged.lost:
            return Move(self, pending)
        observed = self.judged.part(project(shown))
        same = tuple(configuration for configuration in self.configurations if self.judged.looks(configuration.node) == observed)
        if pending is not None and task is not None:
            also = same if self.judged.was_hidden else ()  # the change may have happened while the maps could not be observed
            move = self._acting(task, pending, observed, also)
            if move is not None:
                if self.judged.raw and self.judged.turn and not disagreements(shown):
                    move.to.configurations[0].node.shown = shown
                return move
        if same:  # only a part that is no longer judged has changed, or a hidden change is visible now
            return Move(manager_states(self._graph, same, self.judged._replace(was_hidden=False)), pending)
        return self._told(difference(self.configurations, self.judged, task, pending, observed, returning=returning), pending)

    def without(self, task: int) -> "ManagerStates":
        """`task`'s operation has ended without an answer: it has taken effect or it never will."""
        return self._but([configuration.forget(task) for configuration in self.configurations])

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
        """`pending` has taken effect, in all configurations whose view is then `observed`; keep those and `also`. None: there is none."""
        configurations: list[Configuration] = []
        fired: list[str] = []
        took: list[tuple[ManagerNode, Call]] = []
        for configuration, edge in acting(self.configurations, task, pending):
            if self.judged.looks(edge.node) == observed:
                pending = pending.keeping_handle(edge)
                fired.append(edge.kind)
                took.append((configuration.node, pending.call))
                configurations.append(configuration.acts(task, edge))
        if not configurations and not also:
            return None
        judged = self.judged._replace(was_hidden=False) if self.judged.was_hidden else self.judged
        return Move(manager_states(self._graph, distinct([*configurations, *also]), judged), pending, tuple(fired), tuple(took))

    def _end(self, task: int, pending: PendingCall) -> CallEnd | None:
        if len(self.configurations) > 1 or not self.judged.plainly:
            return None
        configuration = self.configurations[0]
        if configuration.answer(task) is not NO_ANSWER_YET:
            return None
        edge = configuration.node.step(pending.call)
        if edge.silent:
            if not all(same_end(way, edge) for way in pending.silent):
                return None  # it may as well have answered before
        elif pending.silent and self.judged.alike(edge.node, configuration.node):
            return None
        handle = pending.keeping_handle(edge).handle() if edge.answer is Answer.HANDLE else None
        return CallEnd(
            edge.node,
            edge.answer,
            self._but([Configuration(edge.node, configuration.acted)]),
            edge.kind,
            (configuration.node, pending.call),
            handle,
        )

    def _told(self, differs: Differs, pending: PendingCall | None) -> Move:
        """Report the difference, and go on with the parts that can still be judged."""
        if pending is not None and differs.acted:
            pending = pending.keeping_handle(self.configurations[0].node.step(pending.call))
        if differs.configuration is None:
            return Move(manager_states(self._graph, self.configurations, differs.judged._replace(lost=True)), pending, cause=differs.cause)
        return Move(manager_states(self._graph, (differs.configuration,), differs.judged), pending, cause=differs.cause)

    def _but(self, configurations: list[Configuration]) -> "ManagerStates":
        return manager_states(self._graph, distinct(configurations), self.judged)


def manager_states(graph: ManagerGraph, configurations: tuple[Configuration, ...], judged: Judged) -> ManagerStates:
    """The one `ManagerStates` object of `graph` with these configurations and judged parts."""
    known: ManagerStates | None = graph.manager_states.get((configurations, judged))
    if known is None:
        known = graph.manager_states[configurations, judged] = ManagerStates(graph, configurations, judged)
    return known


def distinct(configurations: list[Configuration]) -> tuple[Configuration, ...]:
    """The configurations without repetitions, in order."""
    return tuple(configurations) if len(configurations) < 2 else tuple(dict.fromkeys(configurations))


def start(graph: ManagerGraph, state: State, *, shows_live: bool) -> ManagerStates:
    """The possible states at the start of a run. `state`: the manager's initial state; `shows_live`: it shows live connections."""
    if graph.is_full():
        graph.forget()
    known: ManagerStates | None = graph.starts.get((id(state), shows_live))
    if known is None:
        node = graph.initial(state)  # which keeps the state alive
        known = graph.starts[id(state), shows_live] = manager_states(graph, (Configuration(node),), Judged(shows_live))
    return known

"""An operation that has been called and has not returned: its possible effects so far, and its possible answers."""

from collections.abc import Hashable
from typing import Any

from subwarden.checking.manager.graph import ManagerEdge, ManagerNode
from subwarden.model.manager.operations import Operation
from subwarden.model.manager.step import Answer, Call

NO_ANSWER_YET = object()


class PendingCall:
    """An open call of one task; `call` is bound to the incarnation that it was called on. Immutable; variants of it are interned."""

    __slots__ = (
        *("_made", "but_for_raw", "call", "incarnation", "operation", "silent", "unseen_at"),
        *("acted", "answered", "ends", "quiet", "visible"),
    )

    def __init__(
        self,
        operation: Operation,
        call: Call,
        silent: tuple[ManagerEdge, ...] = (),
        but_for_raw: tuple[object, ...] = (),
        incarnation: int = 0,
        unseen_at: ManagerNode | None = None,
    ) -> None:
        self.operation = operation
        self.call = call
        self.silent = silent  # transitions by which it may have taken effect without changing the state
        self.but_for_raw = but_for_raw  # its possible answers if only its raw choice is not visible yet
        self.incarnation = incarnation  # of the entry whose state it returns; 0 is never given out
        self.unseen_at = unseen_at  # the node at which it may have taken effect without changing the view
        self._made: dict[Hashable, PendingCall] = {}
        self.quiet: dict[Any, Any] = {}  # this and the next five are memos of `checking.manager.possible_states`, by ManagerStates
        self.visible: dict[Any, tuple[ManagerNode, ...]] = {}
        self.acted: dict[tuple[Any, ManagerNode], Any] = {}
        self.ends: dict[Any, Any] = {}
        self.answered: dict[Any, tuple[tuple[object, Any], ...]] = {}

    def let_go(self) -> None:
        """See `checking.known_states`."""
        for made in self._made.values():
            made.let_go()
        for known in (self._made, self.quiet, self.visible, self.acted, self.ends, self.answered):
            known.clear()

    def digested(self) -> Hashable:
        """The part that decides the rest of the run's judgement, by value."""
        silent = tuple(dict.fromkeys((typed(edge.answer), edge.kind) for edge in self.silent))
        unseen_at = None if self.unseen_at is None else self.unseen_at.state
        return self.call, silent, tuple(map(typed, self.but_for_raw)), self.incarnation, unseen_at

    def may_answer(self, edge: ManagerEdge) -> "PendingCall":
        """It may have taken effect now, by `edge`, without changing the state."""
        if any(same_end(way, edge) for way in self.silent):
            return self
        silent = (*self.silent, edge)
        return self._but("silent", silent, tuple(map(id, silent))).keeping_handle(edge)

    def may_have_acted_but_for_raw(self, edge: ManagerEdge) -> "PendingCall":
        """It may have taken effect now, with a raw choice that is not visible yet."""
        kept = self.keeping_handle(edge)
        if edge.answer in kept.but_for_raw:
            return kept
        answers = (*kept.but_for_raw, edge.answer)
        return kept._but("but_for_raw", answers, tuple(map(typed, answers)))

    def may_have_acted_unseen(self, node: ManagerNode, edge: ManagerEdge) -> "PendingCall":
        """It may have taken effect now, at `node`, without changing the view."""
        kept = self.keeping_handle(edge)
        return kept if kept.unseen_at is node else kept._but("unseen_at", node)

    def keeping_handle(self, edge: ManagerEdge) -> "PendingCall":
        """Remember the incarnation whose state the caller gets; it is known only at the moment of the effect."""
        if edge.answer is not Answer.HANDLE:
            return self
        entry = edge.node.state.entry(self.thread())
        incarnation = 0 if entry is None else entry.incarnation
        return self if incarnation == self.incarnation else self._but("incarnation", incarnation)

    def _but(self, field: str, value: Any, identity: Hashable = None) -> "PendingCall":
        """This call with another value of `field`. `identity`: a cheap key that stands for the value, where hashing it is slow."""
        key = field, value if identity is None else identity
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = PendingCall(self.operation, self.call, self.silent, self.but_for_raw, self.incarnation, self.unseen_at)
            setattr(made, field, value)
        return made

    def handle(self) -> Call:
        """The state that it has returned, as a call with the binding of the task's next state operations."""
        return Call(self.operation, self.incarnation, self.call.thread or self.thread())

    def thread(self) -> int:
        """The thread that the operation names; every operation that returns a state names one."""
        thread: int = getattr(self.operation, "thread")  # noqa: B009  # not all operations have one
        return thread


def typed(answer: object) -> tuple[type, object]:
    """The answer with its type, so that equal results are the same answer: 1 and True are not."""
    return type(answer), answer


def same_end(one: ManagerEdge, other: ManagerEdge) -> bool:
    """Whether two transitions of an operation cannot be told apart later: they give the same answer, and are of the same kind."""
    return one is other or (one.kind == other.kind and one.answer is not Answer.HANDLE and typed(one.answer) == typed(other.answer))


def agrees(answer: object, allowed: object) -> bool:
    """Whether `answer` agrees with the model's answer `allowed`; 1 and True differ."""
    return allowed is Answer.ANY or (answer == allowed and isinstance(answer, bool) == isinstance(allowed, bool))

"""An operation that has been called and has not returned: what it may have done, and what it may answer."""

from collections.abc import Hashable

from checking.nodes import Edge, Node
from model.operations import Operation
from model.step import Answer, Call

NO_ANSWER_YET = object()


class Pending:
    """`call` is the operation bound to the incarnation it was called on; `owed` its answer once it is known to have acted.

    Defaults are on the class: one is made for every call of every run, and most never change them.
    """

    owed: object = NO_ANSWER_YET
    silent: tuple[Edge, ...] = ()  # ways in which it may have taken effect without changing anything
    but_for_raw: tuple[object, ...] = ()  # what it may answer if its raw choice had not yet shown
    incarnation = 0  # of the entry whose state it returns; 0 is never given out
    asked: object = None  # the node, or the worlds, where it was last looked at and nothing showed
    unseen_at: Node | None = None  # where it may have acted without anything showing

    def __init__(self, operation: Operation, call: Call) -> None:
        self.operation = operation
        self.call = call

    def digested(self) -> Hashable:
        """What of this decides the rest of the run's judgement.

        To ask again where `asked` says that it was asked would tell the same again. Of ways to have taken effect without a change, those
        with the same answer are one.
        """
        silent = tuple(dict.fromkeys((typed(edge.answer), edge.kind) for edge in self.silent))
        unseen_at = None if self.unseen_at is None else self.unseen_at.state
        return self.call, typed(self.owed), silent, tuple(map(typed, self.but_for_raw)), self.incarnation, unseen_at

    def act(self, edge: Edge) -> None:
        """It has acted, by `edge`."""
        self.owed = edge.answer
        if edge.answer is Answer.HANDLE:
            self.keep_handle(edge)

    def may_answer(self, edge: Edge) -> None:
        """It may have taken effect now, without changing anything."""
        self.silent += (edge,)
        self.keep_handle(edge)

    def keep_handle(self, edge: Edge) -> None:
        """Only the moment of acting tells which incarnation the caller gets a state of."""
        if edge.answer is Answer.HANDLE:
            entry = edge.node.state.entry(self.thread())
            self.incarnation = 0 if entry is None else entry.incarnation

    def thread(self) -> int:
        """The thread that the operation names; all that return a state name one."""
        thread: int = getattr(self.operation, "thread")  # noqa: B009  # not all operations have one
        return thread


def typed(answer: object) -> Hashable:
    """An answer such that only those that agree with the same are equal."""
    return type(answer), answer


def agrees(answer: object, allowed: object) -> bool:
    """Whether a caller that may be answered `allowed` may have seen `answer`; 1 and True differ."""
    return allowed is Answer.ANY or (answer == allowed and isinstance(answer, bool) == isinstance(allowed, bool))

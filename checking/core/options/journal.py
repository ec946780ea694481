"""The calls of one run as intervals, for options: an option judges at quiescence, by what came wholly before what.

It judges nothing. Times are the numbers of events of the run.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from subwarden.model.core.step import CoreOperation, Id

Received = Mapping[Id, Sequence[object]]  # the messages of each client, in order
NEVER = 1 << 60  # the end of a call that has not ended, and of one that was cancelled: another task may still finish it


class Call:
    """One call. `had` and `has`: the messages that each client had received when it began and when it ended, where an option asks.
    `saw`: the number of events of presence that each client had seen when it began, where an option asks.
    """

    __slots__ = ("answer", "answered", "began", "ended", "had", "has", "operation", "saw")

    def __init__(self, operation: CoreOperation, began: int, had: Received, saw: Mapping[Id, int]) -> None:
        self.operation = operation
        self.began = began
        self.ended = NEVER
        self.answered = False
        self.answer: object = None
        self.had = self.has = had
        self.saw = saw

    def before(self, other: "Call") -> bool:
        """Whether it ended before `other` began."""
        return self.ended < other.began


class Journal:
    """All calls of a run, in the order in which they began. `received`: asked at each call for the messages so far; `sees`: for the events
    of presence; None: not asked.
    """

    def __init__(self, received: Callable[[], Received | None] | None, sees: Callable[[], Received] | None = None) -> None:
        self.calls: list[Call] = []
        self.now = 0
        self._open: dict[int, Call] = {}
        self._received = received
        self._sees = sees

    def digested(self) -> Hashable:
        """The part that decides the judgement at the end, by value."""
        return tuple(
            (
                c.operation,
                c.began,
                c.ended,
                c.answered,
                str(c.answer),
                _by_value(c.had),
                _by_value(c.has),
                str(sorted(c.saw.items(), key=str)),
            )
            for c in self.calls
        )

    def called(self, task: int, operation: CoreOperation) -> Call:
        """`task` calls `operation`."""
        self.now += 1
        saw = {} if self._sees is None else {viewer: len(events) for viewer, events in self._sees().items()}
        made = self._open[task] = Call(operation, self.now, self.received(), saw)
        self.calls.append(made)
        return made

    def returned(self, task: int, answer: object) -> None:
        """The call of `task` returned `answer`."""
        self.now += 1
        call = self._open.pop(task)
        call.ended, call.answered, call.answer, call.has = self.now, True, answer, self.received()

    def gone(self, task: int) -> None:
        """The call of `task` was cancelled, or raised."""
        self._open.pop(task)

    def let_go(self) -> None:
        """The run is over: forget the play."""
        self._received = self._sees = None

    def of(self, kind: type[CoreOperation], connection: Id | None = None) -> Iterator[Call]:
        """The calls of this kind, of `connection` if it is given, in order."""
        for call in self.calls:
            if type(call.operation) is kind and (connection is None or getattr(call.operation, "connection", None) == connection):
                yield call

    def received(self) -> Received:
        """The messages of each client so far, if an option asks for them."""
        now = self._received() if self._received is not None else None
        return {} if now is None else {client: tuple(messages) for client, messages in now.items()}


def _by_value(received: Received) -> Hashable:
    return tuple(sorted(((str(client), tuple(messages)) for client, messages in received.items()), key=lambda each: each[0]))

"""One run as its callers saw it, in order: calls for the judge, lines for a history file.

Times are whole numbers that count events. A call is stamped before it is sent and an answer after it was read, so no order is claimed that
was not so. A visible state is recorded as a call that asks for it, by a caller `observed`. So a history file holds all that was judged.
"""

import json
from typing import Any

from subwarden.checking.linearizability.core import CoreSpecification
from subwarden.checking.linearizability.history import CallEnding, Fate, HistoryCall, Moment
from subwarden.checking.linearizability.lines import VERSION
from subwarden.stateful_tests.exec.program import AnyOperation, encode

OBSERVED = "observed"
SPECIFICATION = CoreSpecification()


class Recording:
    """One run. `moments` is the history so far; every event is a moment of its own, and line `at + 1` of the file."""

    def __init__(self, specification: Any = SPECIFICATION) -> None:
        """`specification`: of the model, as `checking.linearizability.specification` has it."""
        self.moments: list[Moment] = []
        self._number: dict[str, int] = {}
        self._specification = specification

    @property
    def now(self) -> int:
        """The time of the last event."""
        return len(self.moments)

    def call(self, task: str, operation: AnyOperation) -> HistoryCall:
        """`task` calls."""
        self._number[task] = number = self._number.get(task, 0) + 1
        at = self.now + 1
        made = HistoryCall(at + 1, f"{task}{number}", operation, at)
        self.moments.append(Moment(at, [made], [], at + 1))
        return made

    def returned(self, call: HistoryCall, answer: object) -> None:
        """`call` is answered."""
        self._end(call, CallEnding.RETURNED, answer)

    def failed(self, call: HistoryCall) -> None:
        """`call` was answered by an error: it took effect or not."""
        at = self.now + 1
        call.fate = Fate(CallEnding.CANCELLED, at=at, line=at + 1)
        self.moments.append(Moment(at, [], [call], at + 1))

    def text(self) -> str:
        """The history as docs/histories.md has it."""
        rows: list[dict[str, object]] = [{"history": VERSION, **self._specification.heading}]
        for moment in self.moments:
            rows += [{"call": c.id, "op": encode(c.operation), "at": moment.at} for c in moment.calls]
            for call in moment.ends:
                if call.fate.end is CallEnding.RETURNED:
                    rows.append({"return": call.id, "at": moment.at, "answer": self._specification.encode_answer(call.fate.answer)})
                else:
                    rows.append({"cancel": call.id, "at": moment.at})
        return "".join(f"{json.dumps(row)}\n" for row in rows)

    def _end(self, call: HistoryCall, end: CallEnding, answer: object) -> None:
        at = self.now + 1
        call.fate = Fate(end, answer, at, at + 1)
        self.moments.append(Moment(at, [], [call], at + 1))

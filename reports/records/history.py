"""The record of a judged history (`subwarden check`): plain data in the model's words. `reports.history` writes it for a person."""

from typing import NotRequired, TypedDict

from subwarden.reports.records.finding import VerdictName


class CallRecord(TypedDict):
    """A call of the history, with its line and its times. `ended`, `end_line` and `answer` are None where there are none."""

    id: int | str
    operation: str
    line: int
    called: float
    task: str | None
    end: str
    ended: float | None
    end_line: int | None
    answer: str | None


class CountedRecord(TypedDict):
    """The size of the history. `overlap`: the most calls open at once; `configurations`: the most that one moment needed."""

    calls: int
    answered: int
    cancelled: int
    unanswered: int
    moments: int
    overlap: int
    configurations: int


class CandidateRecord(TypedDict):
    """A call that might come next, the answer that the model gives to it, and the kind of that transition."""

    call: CallRecord
    model: str
    kind: str


class FailureRecord(TypedDict):
    """The answer that no order explains, and the shortest window that shows it. `least`: every call in it matters."""

    failing: CallRecord
    starts: list[str]
    starts_count: int
    under_way: list[CallRecord]
    calls: list[CallRecord]
    least: bool
    order: list[CallRecord]
    state: str
    candidates: list[CandidateRecord]


class UnknownRecord(TypedDict):
    """The moment at which the budget ran out."""

    line: int
    at: float
    budget: int


class WrongDelivery(TypedDict):
    """A delivery that is wrong, or missing, and the line that it is about."""

    property: str
    what: str
    detail: str
    line: int


class HistoryRecord(TypedDict):
    """The judgement of a history. A violated one has a `failure`, or `deliveries` that are wrong; an inconclusive one says what is
    `unknown`."""

    version: int
    history: str
    model: str
    verdict: VerdictName
    counted: CountedRecord
    failure: NotRequired[FailureRecord]
    unknown: NotRequired[UnknownRecord]
    deliveries: NotRequired[list[WrongDelivery]]

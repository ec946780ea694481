"""A judgement as plain data, in the model's words, for reports and for `--json`. Every call comes with its line and its times."""

from collections.abc import Sequence

from subwarden.checking.linearizability.delivered import Wrong
from subwarden.checking.linearizability.history import CallEnding, HistoryCall
from subwarden.checking.linearizability.specification import UNJUDGED, Specification
from subwarden.checking.linearizability.verdict import Counted, Judgement, NotLinearizable, Unknown
from subwarden.checking.linearizability.window import Window
from subwarden.checking.verdict import Verdict
from subwarden.reports.records.history import CallRecord, CountedRecord, FailureRecord, HistoryRecord

VERSION = 2  # version 1 named the key "state" of a failure "world"
STARTS = 3  # how many of a window's possible initial states are listed

_ENDS = {CallEnding.RETURNED: "return", CallEnding.CANCELLED: "cancel", CallEnding.NEVER: "unanswered"}


def record(judgement: Judgement, specification: Specification, history: str, wrong: Sequence[Wrong] = ()) -> HistoryRecord:
    """The record of `judgement`, on the history with this name, and of its `wrong` deliveries. Keys are in a fixed order."""
    made: HistoryRecord = {
        "version": VERSION,
        "history": history,
        "model": specification.name,
        "verdict": (Verdict.VIOLATED if wrong else judgement.verdict).value,
        "counted": _counted(judgement.counted),
    }
    if isinstance(judgement, NotLinearizable):
        made["failure"] = _failure(judgement.window, specification)
    elif isinstance(judgement, Unknown):
        made["unknown"] = {"line": judgement.line, "at": judgement.at, "budget": judgement.budget}
    if wrong:
        made["deliveries"] = [{"property": each.property, "what": each.what, "detail": each.detail, "line": each.line} for each in wrong]
    return made


def _counted(counted: Counted) -> CountedRecord:
    return {
        "calls": counted.calls,
        "answered": counted.answered,
        "cancelled": counted.cancelled,
        "unanswered": counted.calls - counted.answered - counted.cancelled,
        "moments": counted.moments,
        "overlap": counted.overlap,
        "configurations": counted.widest,
    }


def _failure(window: Window, specification: Specification) -> FailureRecord:
    return {
        "failing": _call(window.failing, specification),
        "starts": [specification.describe_state(state) for state in window.starts[:STARTS]],
        "starts_count": len(window.starts),
        "under_way": [_call(call, specification) for call in window.under_way],
        "calls": [_call(call, specification) for call in window.calls],
        "least": window.least,
        "order": [_call(call, specification) for call in window.order],
        "state": specification.describe_state(window.state),
        "candidates": [
            {
                "call": _call(candidate.call, specification),
                "model": specification.describe_answer(candidate.call.operation, candidate.answer),
                "kind": candidate.kind,
            }
            for candidate in window.candidates
        ],
    }


def _call(call: HistoryCall, specification: Specification) -> CallRecord:
    fate = call.fate
    answer = "not recorded" if fate.answer is UNJUDGED else specification.describe_answer(call.operation, fate.answer)
    return {
        "id": call.id,
        "operation": specification.describe(call.operation),
        "line": call.line,
        "called": call.at,
        "task": call.task,
        "end": _ENDS[fate.end],
        "ended": fate.at,
        "end_line": fate.line,
        "answer": answer if fate.end is CallEnding.RETURNED else None,
    }

"""The trace of a run on a process, for pages: what it showed beside the states that the model may be in, after each row of the table."""

from collections.abc import Sequence

from subwarden.model.core.step import in_order
from subwarden.reports.html.trace_record import ArrowRecord, LaneRecord, MomentRecord, RunTraceRecord
from subwarden.stateful_tests.exec.models.exec_model import Pictured
from subwarden.stateful_tests.exec.play import Row


def trace_of(model: Pictured, rows: Sequence[Row], names: Sequence[str]) -> RunTraceRecord:
    """The trace of the first `rows` of a run; `names`: who did each, as the table has it."""
    looked = any(row.shown is not None for row in rows)
    shown = None
    moments: list[MomentRecord] = [{"arrows": [], "marks": [], "state": model.before()}]
    lanes: list[LaneRecord] = [{"name": name, "kind": "task"} for name in dict.fromkeys(names)]
    lanes += [{"name": str(to), "kind": "client"} for to in in_order({to for row in rows for to in row.told})]
    for row in rows:
        shown = shown if row.shown is None else row.shown
        state = model.after(row.until, shown, visible=looked and row.shown is not None)
        told: list[ArrowRecord] = [{"kind": "sends", "to": str(to), "said": "a delivery"} for to in row.told]
        moments.append({"arrows": told, "marks": [], "outside": _calls(row), "state": state})
    return {"lanes": lanes, "places": {}, "moments": moments}


def _calls(row: Row) -> bool:
    """Whether a call arrives; else the process makes a step."""
    return bool(row.did) and not row.did[0].startswith("(")

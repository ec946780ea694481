"""Tells the findings of a gate as they come, on standard error, and saves each at once: whatever ends the gate, they are not lost.

Standard output has the report at the end, in an order that does not depend on who found something first.
"""

from subwarden.checking.causes import Cause
from subwarden.checking.verdict import Verdict
from subwarden.cli.progress.bar import ReportProgress
from subwarden.model.words import counted
from subwarden.reports.formats.places import place_in
from subwarden.stateful_tests.gate.tasks import Told
from subwarden.stateful_tests.runs import saved
from subwarden.stateful_tests.runs.found.kept import short
from subwarden.stateful_tests.runs.replay import of_finding


class FoundNews:
    """The news of one gate of `subject`, told to `report`. `unsaved`: a line to print at the end, if findings could not be saved."""

    def __init__(self, subject: str) -> None:
        self.report: ReportProgress | None = None
        self.unsaved = ""
        self._subject = subject
        self._told: set[Cause] = set()
        self._names: set[str] = set()

    def exit_code(self) -> int:
        """The exit code of a gate that is cut off now."""
        return (Verdict.VIOLATED if self._told else Verdict.INCONCLUSIVE).exit_code

    def tell(self, told: Told) -> None:
        """Save and tell a finding that has been confirmed, or is smaller now."""
        finding, record = told.finding, told.record
        self._told.add(finding.cause)
        count = len(record["operations"])
        parts = [counted(count, "operation"), f"order {finding.order.value}"]
        parts += ["with a cancellation"] * finding.cancellation
        now = "made small" if told.small else "not made small yet"
        what = f"{record['property']} {record['title']}: {record['said']} ({', '.join(parts)}; {now})"
        place = place_in(record["steps"])
        at = "" if place is None else f" at {place.at()}"
        line = f"{what}{at}; subwarden replay {self._save(told)}"
        if self.report is not None:
            self.report.found(line, len(self._told))

    def _save(self, told: Told) -> str:
        """What replays it: its short name or, if it cannot be kept, the long string."""
        try:
            replay = of_finding(self._subject, told.finding)
            name = short(replay)
            if not self._names:
                saved.forget_oldest()
            self._names.add(name)
            saved.save_by_name(replay, name)
            return name
        except OSError as error:
            said = f"cannot save findings in {saved.SAVED}: {error.strerror}; run it in a folder that may be written"
            self.unsaved = f"subwarden gate: {said}\n"
            return told.record["replay"]

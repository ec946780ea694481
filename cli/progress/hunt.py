"""Progress of a hunt, on standard error (`cli.progress.bar`), with its chance of something new."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from subwarden.checking.causes import Cause
from subwarden.cli.progress.bar import ReportProgress, progress
from subwarden.model.words import counted
from subwarden.reports.coverage import percent
from subwarden.stateful_tests.hunt.listener import Listener
from subwarden.stateful_tests.hunt.work import Kept, Totals


@contextmanager
def watching(what: str, budget: float | None, rounds: int) -> Iterator[Listener]:
    """A listener that shows the state of the hunt, and every finding, after the name of the command `what`. `budget`: its seconds;
    `rounds`: where there is no budget, those of all workers.
    """
    with progress(what, budget=budget, insist=True) as report:
        yield _Watcher(report, rounds)


class _Watcher:
    def __init__(self, report: ReportProgress, rounds: int) -> None:
        self._report = report
        self._rounds = rounds
        self._before: int | None = None  # rounds of earlier sessions

    def progress(self, totals: Totals, findings: Mapping[Cause, Kept], schedules: int, seconds: float, workers: int) -> None:
        self._report.findings = len(findings)
        self._report.more = _more(totals, workers)
        done = sum(totals.rounds.values())
        self._before = done if self._before is None else self._before
        self._report(schedules, done - self._before, self._rounds)

    def say(self, line: str) -> None:
        self._report.say(line)


def _more(totals: Totals, workers: int) -> list[str]:
    """What else there is to say, the most important first."""
    chance = totals.chance_of_new()
    said = [] if chance is None else [f"chance of a new state {percent(chance)}"]
    return [*said, counted(workers, "worker")]

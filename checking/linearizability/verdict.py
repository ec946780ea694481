"""Judges a history by a model: linearizable if some one-at-a-time order of its calls explains every answer (P8).

A search that exceeds its budget is `Unknown`, never a pass.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from subwarden.checking.linearizability.configurations import Impossible, OverBudget
from subwarden.checking.linearizability.core import CoreSpecification
from subwarden.checking.linearizability.delivered import Arrival, Wrong, judge_deliveries
from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.manager import ManagerSpecification
from subwarden.checking.linearizability.reading import Survey, moments, survey
from subwarden.checking.linearizability.search import BUDGET, HistorySearch
from subwarden.checking.linearizability.specification import Specification
from subwarden.checking.linearizability.window import Window, find_window
from subwarden.checking.verdict import Verdict

SPECIFICATIONS: dict[str, type[Specification]] = {s.name: s for s in (ManagerSpecification, CoreSpecification)}
DEFAULT = ManagerSpecification.name
Passing = Callable[[Iterable[bytes]], Iterable[bytes]]  # passes the lines of a file on, and may count them
STRIDE = 64  # moments between two copies of the search, from which a failing window can be replayed


@dataclass(frozen=True, slots=True)
class Counted:
    """The work of a judgement. `widest`: the most configurations at one moment. `overlap`: the most calls open at once."""

    calls: int
    answered: int
    cancelled: int
    moments: int
    widest: int
    overlap: int


@dataclass(frozen=True, slots=True)
class Linearizable:
    """Some order explains every answer."""

    counted: Counted
    verdict = Verdict.HOLDS


@dataclass(frozen=True, slots=True)
class NotLinearizable:
    """No order explains the end of `failing`; some order explains all before it (the longest linearizable prefix)."""

    counted: Counted
    failing: HistoryCall
    window: Window
    verdict = Verdict.VIOLATED


@dataclass(frozen=True, slots=True)
class Unknown:
    """More than `budget` configurations at the moment of `line`: the search found no order and did not rule one out."""

    counted: Counted
    budget: int
    line: int
    at: float
    verdict = Verdict.INCONCLUSIVE


Judgement = Linearizable | NotLinearizable | Unknown


def judge(history: Iterable[Moment], specification: Specification, budget: int = BUDGET) -> Judgement:
    """Judge `history`, moment by moment. Memory: the open calls, their configurations, and `2 * STRIDE` moments."""
    search = HistorySearch(specification, budget)
    older, middle, since = search.copy(), search.copy(), list[Moment]()
    calls = answered = cancelled = seen = overlap = 0

    def counted() -> Counted:
        return Counted(calls, answered, cancelled, seen, search.widest, overlap)

    for moment in history:
        seen += 1
        if len(since) == 2 * STRIDE:
            older = middle
            del since[:STRIDE]
        if len(since) == STRIDE:
            middle = search.copy()
        since.append(moment)
        try:
            if moment.calls:
                calls += len(moment.calls)
                search.begin(moment.calls)
                overlap = max(overlap, len(search.slots))
            for call in moment.ends:
                search.end(call)
                if call.fate.end is CallEnding.CANCELLED:
                    cancelled += 1
                else:
                    answered += 1
        except Impossible as error:
            return NotLinearizable(counted(), error.call, find_window(older, since, error.call))
        except OverBudget:
            return Unknown(counted(), budget, moment.line, moment.at)
    return Linearizable(counted())


def judge_file(path: Path, specification: Specification, found: Survey, budget: int = BUDGET, passing: Passing = iter) -> Judgement:
    """Judge a file. `found` is its survey, without faults. Raises OSError if the file cannot be read."""
    with path.open("rb") as lines:
        return judge(moments(passing(lines), specification, found.long), specification, budget)


def judge_deliveries_of(path: Path, specification: Specification, found: Survey, *, final: bool) -> list[Wrong]:
    """The deliveries of a file that are wrong; see `judge_file`. `final`: a closed connection does not come back."""
    if not found.delivered:
        return []
    with path.open("rb") as lines:
        history = moments(lines, specification, found.long)
        return judge_deliveries(history, [Arrival(*each) for each in found.delivered], found.clients, final=final)


def survey_file(path: Path, specification: Specification, passing: Passing = iter) -> Survey:
    """Survey a file. Raises OSError if it cannot be read."""
    with path.open("rb") as lines:
        return survey(passing(lines), specification)

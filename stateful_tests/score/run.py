"""Scores a check: first the subject as it is, which must hold, then with each fault. The record is all that is left.

The result depends on the subject, the seed, the number of schedules and the versions alone, not on who judges a fault, or when.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from subwarden.checking.verdict import Verdict
from subwarden.reports.records.gate import AdapterRecord
from subwarden.reports.records.score import SCORE_SCHEMA, Fate, FaultRecord, NoticedRecord, ScoreRecord
from subwarden.scheduling import string_hash
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check, checks_of
from subwarden.stateful_tests.runs.record import adapter_record
from subwarden.stateful_tests.score.crew import ScoreCrew
from subwarden.stateful_tests.score.faults import shown
from subwarden.stateful_tests.score.judge import unjudged
from subwarden.stateful_tests.score.operators.fault import Fault
from subwarden.stateful_tests.score.planting import Plant
from subwarden.stateful_tests.score.targets import Target, is_scenario, targets_of
from subwarden.stateful_tests.score.task import Judged, Judging, Plan
from subwarden.stateful_tests.subjects.loading import levels_of, load
from subwarden.stateful_tests.subjects.scenario.scenario import load_scenario

SCHEDULES = 9_600  # for each fault, where nothing else is said
Progress = Callable[[int, int, int, str], object]  # schedules, faults judged, faults, what is being done


class Scoring:
    """One score: `subject` is loaded and its modules are read at once; `run` judges. Raises BadSubject, BadScenario."""

    def __init__(
        self,
        subject: str,
        *,
        mutate: Sequence[str] = (),
        orders: Sequence[Order] = tuple(Order),
        schedules: int = SCHEDULES,
        seed: int = 0,
        leave: Iterable[str] = (),
    ) -> None:
        scenario, before = is_scenario(subject), set(sys.modules)
        self._adapter: AdapterRecord = {}
        if scenario:
            load_scenario(subject)
            checks: tuple[Check, ...] = ()
        else:
            levels = levels_of(subject)
            checks = tuple(check for check in checks_of(*levels) if check.order in orders)
            self._adapter = adapter_record(checks, load(subject, levels[0]))
        self.plan = Plan(subject, scenario, tuple(orders), checks, schedules, seed, frozenset(leave))
        self.targets = targets_of(subject, mutate, before)

    def run(self, crew: ScoreCrew, budget: Budget, progress: Progress, at_least: int | None = None) -> ScoreRecord:
        """Judge, as far as `budget` allows. `at_least`: percent, below which the verdict is that of a violation."""
        made = _Made(self.plan, self.targets)
        sound = list(self._sound(crew, budget, progress, made))
        holds = len(sound) == self.plan.parts and all(each.noticed is None and each.died is None for each in sound)
        if holds:
            ran: dict[str, set[int]] = {}
            for each in sound:
                for digest, lines in each.ran.items():
                    ran.setdefault(digest, set()).update(lines)
            made.sort(ran)
            tasks = [Judging(self.plan, (Plant(target.module, fault.edit),)) for target, fault in made.to_judge]
            for number, judged in enumerate(crew.do(tasks, budget)):
                made.judged(number, judged)
                progress(made.schedules, number + 1, len(tasks), f"{made.noticed} of {number + 1} noticed")
        failed = next((each for each in sound if each.noticed or each.died), None)
        return self._record(made, failed, crew.lost, holds, at_least)

    def _sound(self, crew: ScoreCrew, budget: Budget, progress: Progress, made: "_Made") -> Iterator[Judged]:
        """The outcomes of the subject as it is, up to the first failure."""
        marks = tuple(Plant(target.module, None) for target in self.targets)
        tasks = [Judging(self.plan, marks, part) for part in range(self.plan.parts)]
        progress(0, 0, len(tasks), "without a fault")
        for number, judged in enumerate(crew.do(tasks, budget)):
            if not judged.complete:
                return
            made.schedules += judged.schedules
            made.doubts += [doubt for doubt in judged.doubts if doubt not in made.doubts]
            progress(made.schedules, number + 1, len(tasks), "without a fault")
            yield judged
            if judged.noticed or judged.died:
                return

    def _record(self, made: "_Made", failed: Judged | None, lost: list[str], holds: bool, at_least: int | None) -> ScoreRecord:
        plan = self.plan
        counted = [fault["fate"] for fault in made.records if fault["fate"] in ("noticed", "survived", "never run")]
        score = 100 * counted.count("noticed") // len(counted) if counted else None
        left = any(fault["fate"] == "not judged" for fault in made.records)
        verdict = Verdict.HOLDS
        if failed is not None or (score is not None and at_least is not None and score < at_least and not left):
            verdict = Verdict.VIOLATED
        elif left or made.doubts or score is None:
            verdict = Verdict.INCONCLUSIVE
        record = {
            "schema": SCORE_SCHEMA,
            "subject": plan.subject,
            "seed": plan.seed,
            "hash_seed": string_hash.current() or 0,  # that of the workers
            "schedules": plan.schedules,
            "orders": [order.value for order in plan.orders],
            "verdict": verdict.value,
            "holds": holds,
            "score": score,
            "at_least": at_least,
            "modules": [{"file": t.said, "faults": len(t.faults), "same": t.others["the same code"]} for t in self.targets],
            "faults": made.records,
            "findings": [] if failed is None or failed.finding is None else [failed.finding],
            "doubts": made.doubts,
            "lost": lost,
            **self._adapter,
        }
        if failed is not None:
            record["fails"] = f"its process {failed.died}" if failed.noticed is None else failed.noticed["said"]
        return cast(ScoreRecord, record)


class _Made:
    """The faults and their fates, in the order of files and lines."""

    def __init__(self, plan: Plan, targets: Sequence[Target]) -> None:
        self.schedules = 0
        self.doubts: list[str] = []
        self.faults = [(target, fault) for target in targets for fault in target.faults]
        self.records = [_record(target, fault) for target, fault in self.faults]
        self._numbers: list[int] = []  # of the faults that are judged

    def sort(self, ran: dict[str, set[int]]) -> None:
        """Leave out the faults that cannot show: in lines that no schedule runs."""
        for number, (target, fault) in enumerate(self.faults):
            lines = ran.get(target.module.digest, set())
            entered = any(other.top == fault.top and other.line in lines for other in target.faults)
            if fault.needs in lines:
                continue
            self.records[number]["fate"] = "never run" if entered else "apart"
            self.records[number]["line"] = fault.needs
        self._numbers = [number for number, record in enumerate(self.records) if record["fate"] == "not judged"]

    @property
    def noticed(self) -> int:
        """How many have been noticed by now."""
        return sum(record["fate"] == "noticed" for record in self.records)

    @property
    def to_judge(self) -> list[tuple[Target, Fault]]:
        return [self.faults[number] for number in self._numbers]

    def judged(self, number: int, judged: Judged) -> None:
        """The outcome of the fault of this number among those to judge."""
        record = self.records[self._numbers[number]]
        self.schedules += judged.schedules
        noticed = unjudged(f"its process {judged.died}") if judged.died is not None else judged.noticed
        record["noticed"] = noticed
        record["fate"] = _fate(judged, noticed)


def _fate(judged: Judged, noticed: NoticedRecord | None) -> Fate:
    if noticed is not None:
        return "noticed"
    return "not loaded" if judged.not_loaded is not None else "survived" if judged.complete else "not judged"


def _record(target: Target, fault: Fault) -> FaultRecord:
    return {
        "file": target.said,
        "line": fault.line,
        "function": fault.function,
        "operator": fault.operator,
        "said": fault.said,
        "shown": shown(target.text, fault),
        "fate": "not judged",
        "noticed": None,
    }

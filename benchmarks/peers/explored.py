"""`subwarden explore` as a contender: the workloads as plain scenarios, with everything judged that a scenario is judged for."""

from typing import TypeVar

from subwarden.benchmarks.peers.contender import Contender
from subwarden.benchmarks.peers.workloads import main_of
from subwarden.scheduling.order import Order
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.explore.searching.progress import Progress
from subwarden.stateful_tests.explore.searching.search import Search
from subwarden.stateful_tests.exploring.budget import UNLIMITED
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.scenario.play import Result, Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import scenario_of

P = TypeVar("P", bound=Progress)


class _First(Progress):
    """Stops at the first failing run, and does not make it smaller."""

    failed: int | None = None

    def look_at(self, result: Result, number: int | None = None) -> None:
        if result.failure is not None and self.failed is None:
            self.failed = self.runner.schedules
            self._until = 0


class _FirstSmall(Progress):
    """Stops at the first failing run, and makes it smaller."""

    def look_at(self, result: Result, number: int | None = None) -> None:
        if not self.explored.findings:
            super().look_at(result, number)
            self._until = 0 if self.explored.findings else None


class _Sampling(Search):
    def _worth_a_proof(self) -> bool:
        return False


def _search(kind: type[P], name: str, seed: int, limit: int) -> P:
    scenario = scenario_of(main_of(name))
    progress = kind(lambda rules: ScenarioRunner(scenario, rules), Rules(Order.ANY), limit, UNLIMITED)
    _Sampling(progress, seed).go()
    WATCHDOG.watch(None)
    return progress


def _explore(name: str, count: int) -> int:
    progress = _search(_First, name, 1, count)
    assert progress.failed is None
    return progress.explored.schedules


def _find(name: str, seed: int, limit: int) -> int | None:
    return _search(_First, name, seed, limit).failed


def _shrink(name: str, seed: int, limit: int) -> int | None:
    findings = _search(_FirstSmall, name, seed, limit).explored.findings
    return findings[0].run.deviations if findings else None


CONTENDERS = {"subwarden explore": Contender(_explore, _find, 200, shrink=_shrink, around=running)}

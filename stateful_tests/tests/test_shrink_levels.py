"""Minimal runs are minimal at the other levels too, amid noise; and what is kept of them all is small."""

from statistics import median
from typing import Any

import pytest

from model.requests import Close, Initialize, ListLoaded
from scheduling.schedule import fixed
from stateful_tests.core.level import CORE
from stateful_tests.core_defects.catalogue import DEFECTS as CORE_DEFECTS
from stateful_tests.core_defects.defect import Defect as CoreDefect
from stateful_tests.corpus import saved_runs
from stateful_tests.exploring.investigate import investigate
from stateful_tests.exploring.runner import Runner, running
from stateful_tests.level2.level import LEVEL_2
from stateful_tests.level2.program import Program
from stateful_tests.levels import LEVELS
from stateful_tests.loading import load
from stateful_tests.protocol_defects.catalogue import DEFECTS
from stateful_tests.protocol_defects.defect import Defect, program
from stateful_tests.tests.core_level import factory_of
from stateful_tests.tests.minimality import assert_minimal
from stateful_tests.tests.test_core_defects import findings
from stateful_tests.tests.test_protocol_defects import explore

NOISE = (Initialize(7), ListLoaded(7), Close(7))  # a connection that has nothing to do with it
FEW = 3  # requests; more of them take long to make small
SMALL = [defect for defect in DEFECTS if defect.program.operations() <= FEW]
DRAWN = [defect for defect in CORE_DEFECTS if defect.program is None and defect.operations <= FEW]


def size(of: Program) -> int:
    """Requests and faults: what one may do by a fault, another may do by one request more."""
    return of.operations() + len(of.faults)


@pytest.mark.parametrize("defect", SMALL, ids=lambda d: d.name)
def test_noise_is_shrunk_away_from_a_run_of_level_2(defect: Defect) -> None:
    noisy = program(*(request for (request,) in defect.program.tasks), *NOISE, faults=defect.program.faults)
    with running():
        runner, results = explore(defect.factory, defect, defect.order, noisy, found=True)
        shown = next(result for result in results if defect.cause in result.violations)
        _, names = runner.record(noisy, lambda *_: fixed(shown.choices))
        finding = investigate(runner, defect.cause, noisy, names)
        assert size(finding.program) <= size(defect.program)
        runner = Runner(LEVEL_2, defect.factory, finding.order)
        results = [runner.follow(finding.program, finding.names) for _ in range(10)]
        assert_minimal(LEVEL_2, defect.factory, finding.order, finding.cause, finding.program, list(finding.names))
    assert results.count(results[0]) == 10
    assert finding.cause in results[0].violations


@pytest.mark.parametrize("defect", DRAWN, ids=lambda d: d.name)
def test_nothing_can_be_taken_away_from_a_finding_of_the_core_level(defect: CoreDefect) -> None:
    finding = findings(defect)[defect.cause]
    with running():
        assert_minimal(CORE, factory_of(defect.factory), finding.order, finding.cause, finding.program, list(finding.names))


def test_what_is_kept_is_small() -> None:
    operations, deviations = [], []
    with running():
        for _, replay in saved_runs(committed_only=True):
            runner: Any = Runner(LEVELS[replay.level], load(replay.subject, replay.level), replay.order)
            operations.append(replay.program.operations())
            deviations.append(sum(1 for choice in runner.follow(replay.program, replay.names).choices if choice))
    assert median(operations) <= 5
    assert median(deviations) <= 2

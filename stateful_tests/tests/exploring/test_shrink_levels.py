"""Minimal runs are minimal at the other levels too, amid noise; and all runs in the corpus are small."""

from statistics import median
from typing import Any

import pytest

from subwarden.model.server.requests import Close, Initialize, ListLoaded
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.exploring.findings.investigate import investigate
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.saved import saved_runs
from subwarden.stateful_tests.specimens.core_defects.catalogue import DEFECTS as CORE_DEFECTS
from subwarden.stateful_tests.specimens.defect import Defect as CoreDefect
from subwarden.stateful_tests.specimens.server_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.server_defects.defect import Defect, program
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import ServerProgram
from subwarden.stateful_tests.tests.exploring.minimality import assert_minimal
from subwarden.stateful_tests.tests.subjects.core_level import factory_of
from subwarden.stateful_tests.tests.subjects.test_core_defects import findings
from subwarden.stateful_tests.tests.subjects.test_server_defects import explore

NOISE = (Initialize(7), ListLoaded(7), Close(7))  # a connection that has nothing to do with it
FEW = 3  # requests; more of them take long to make small
SMALL = [defect for defect in DEFECTS if defect.program.operations() <= FEW]
DRAWN = [defect for defect in CORE_DEFECTS if defect.program is None and defect.operations <= FEW]


def size(of: ServerProgram) -> int:
    """The number of requests and faults: one more request may take the place of a fault."""
    return of.operations() + len(of.faults)


@pytest.mark.slow
@pytest.mark.parametrize("defect", SMALL, ids=lambda d: d.name)
def test_noise_is_shrunk_away_from_a_run_of_a_server(defect: Defect) -> None:
    noisy = program(*(request for (request,) in defect.program.tasks), *NOISE, faults=defect.program.faults)
    with running():
        runner, results = explore(defect.factory, defect, defect.order, noisy, found=True)
        causes = ((result, cause) for result in results for cause in result.violations)
        shown, cause = next((result, cause) for result, cause in causes if cause.broad() == defect.cause)
        _, names = runner.record(noisy, lambda *_: fixed(shown.choices))
        finding = investigate(runner, cause, noisy, names)
        assert size(finding.program) <= size(defect.program)
        runner = Runner(SERVER_LEVEL, defect.factory, finding.order)
        results = [runner.follow(finding.program, finding.names) for _ in range(10)]
        assert_minimal(SERVER_LEVEL, defect.factory, finding.order, finding.cause, finding.program, list(finding.names))
    assert results.count(results[0]) == 10
    assert finding.cause in results[0].violations


@pytest.mark.slow
@pytest.mark.parametrize("defect", DRAWN, ids=lambda d: d.name)
def test_nothing_can_be_taken_away_from_a_finding_of_the_core_level(defect: CoreDefect) -> None:
    finding = findings(defect)[defect.cause]
    with running():
        assert_minimal(CORE_LEVEL, factory_of(defect.factory), finding.order, finding.cause, finding.program, list(finding.names))


def test_the_runs_in_the_corpus_are_small() -> None:
    operations, deviations = [], []
    with running():
        for _, replay in saved_runs(committed_only=True):
            runner: Any = Runner(LEVELS[replay.level], load(replay.subject, replay.level), replay.order)
            operations.append(replay.program.operations())
            deviations.append(sum(1 for choice in runner.follow(replay.program, replay.names).choices if choice))
    assert median(operations) <= 5
    assert median(deviations) <= 2

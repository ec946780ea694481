"""Finding power at level core: every planted defect is found under its own name and no other, and the sound manager shows nothing."""

from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.core import causes as core_causes
from subwarden.checking.finding import Finding
from subwarden.model.properties import CoreProperty, Property
from subwarden.reports.script.core import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.script.run import SOUND, doubt
from subwarden.stateful_tests.specimens.core_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.core_defects.reference import FILE, Adapter
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.core.adapter import JUDGED
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE, search_of

ROUNDS = 8  # of the profile's examples, at most; most defects show in the first
NO_SCRIPT = ("BothWays",)  # an order of locks
SCHEDULES = 60  # of each given program


def findings(defect: Defect) -> dict[Cause, Finding[Any]]:
    """The findings of a short check."""
    with running():
        check = search_of(defect.factory, defect.order, cancellation=defect.cancellation)
        if defect.program is not None:
            check._drive_variant(defect.program, SCHEDULES)
        else:
            for number in range(ROUNDS):
                check.round(number, PROFILE.examples)
                made = _smallest(check.outcome.findings).get(defect.cause)
                if made is not None and made.program.operations() <= defect.operations:
                    break
    assert not check.outcome.doubts
    return _smallest(check.outcome.findings)


def _smallest(findings: dict[Cause, Finding[Any]]) -> dict[Cause, Finding[Any]]:
    """Of the findings of one broad cause, which differ in the line that raised, the smallest."""
    ranked = sorted(findings.items(), key=lambda each: each[1].rank(), reverse=True)
    return {cause.broad(): finding for cause, finding in ranked}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.name)
def test_a_planted_defect_is_found_by_its_name_and_shrunk(defect: Defect) -> None:
    found = findings(defect)
    assert defect.cause in found
    finding = found[defect.cause]
    assert finding.order is defect.order
    assert finding.cancellation is defect.cancellation
    assert finding.program.operations() <= defect.operations, finding.program
    assert found.keys() <= {defect.cause, *defect.also}
    if finding.order is Order.FIFO and defect.name not in NO_SCRIPT:
        record: Any = finding_record(f"subwarden.stateful_tests.specimens.core_defects.catalogue:{defect.name}", finding)
        assert record["script_confirmed"], record["script_doubt"]


def test_a_defect_of_cancellation_is_not_seen_without_one() -> None:
    (defect,) = [d for d in DEFECTS if d.cancellation]
    assert defect.program is not None
    assert not findings(defect._replace(program=CoreProgram(defect.program.tasks), cancellation=False))


@pytest.mark.slow
@pytest.mark.parametrize("cancellation", [False, True])
@pytest.mark.parametrize("order", Order)
def test_the_sound_manager_shows_nothing(order: Order, cancellation: bool) -> None:
    with running():
        check = search_of(Adapter, order, cancellation=cancellation)
        for number in range(2):
            check.round(number, PROFILE.examples)
    assert not check.outcome.findings
    assert not check.outcome.doubts


def test_every_cause_and_property_is_planted() -> None:
    planted = {defect.cause for defect in DEFECTS}
    assert {cause for cause in vars(core_causes).values() if isinstance(cause, Cause)} <= planted
    assert {each for each in JUDGED if each is not Property.P11} <= {cause.property for cause in planted}
    assert any(defect.cancellation for defect in DEFECTS)  # that is P11
    assert any(cause.property is CoreProperty.OWN for cause in planted)
    for word in [c.mechanism.split()[1] for c in (causes.wrong_state("x"), causes.wrong_answer("x"), causes.raised("x", ValueError()))]:
        assert any(f" {word} " in cause.mechanism for cause in planted)


@pytest.mark.parametrize("name", ["FirstFailureEnds", "HalfSubscribed", "Brokered"])
def test_a_script_does_not_fail_for_the_sound_manager(name: str) -> None:
    (defect,) = [d for d in DEFECTS if d.name == name]
    finding = findings(defect)[defect.cause]
    record: Any = finding_record(f"subwarden.stateful_tests.specimens.core_defects.catalogue:{name}", finding)
    sound = "Brokered" if name == "Brokered" else "Adapter"
    record["plain"]["subject"] = imports(f"{FILE}:{sound}")
    if name == "Brokered":  # the sound manager has no broker; its maps are those of a broker that knows everything
        record["plain"]["subject"]["imports"] = [
            f"sys.path.insert(0, {str(FILE.parent)!r})",
            "from pubsub import Adapter",
            "class Brokered(Adapter):",
            "    def broker(self): return self.pubsub.by_topic()",
        ]
    assert str(doubt(write(record), "")).startswith(SOUND)

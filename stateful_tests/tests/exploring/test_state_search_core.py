"""The search of states on adapters: it finds the causes that brute force finds, in as many schedules, for the core model and for others."""

from random import Random
from typing import Any

import pytest

from subwarden.checking.adapter_judge import AdapterJudge
from subwarden.checking.causes import Cause, wrong_answer
from subwarden.checking.core.judge import CoreJudge
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Publish, Subscribe, Teardown, Unsubscribe
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.exhaustive import ExhaustiveSearch
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.specimens.core_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.core_defects.reference import Adapter
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.scheduling.whole_programs import causes_of, compared
from subwarden.stateful_tests.tests.subjects import core_level
from subwarden.stateful_tests.tests.subjects import custom_level as own_level

MAKES = {"sound": Adapter} | {defect.name: defect.factory for defect in DEFECTS}
CORE_OPERATIONS: list[CoreOperation] = [
    Connect("c1"),
    Connect("c2"),
    Subscribe("c1", "t1"),
    Subscribe("c2", "t1"),
    Unsubscribe("c1", "t1"),
    Publish("t1"),
    Disconnect("c1"),
    Teardown("t1"),
]


def random_program(random: Random) -> CoreProgram:
    """Two tasks, or three, of one or two operations; one of them may be cancelled."""
    tasks = [tuple(random.choices(CORE_OPERATIONS, k=random.choice((1, 1, 2)))) for _ in range(random.choice((2, 2, 3)))]
    tasks[0] = (Connect("c1"), *tasks[0])
    return CoreProgram(tuple(tasks), (random.randrange(len(tasks)),) if random.random() < 0.3 else ())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sound", "NeverAsks", "KeepsTheDead", "Brokered", "SendsAgain", "HalfSubscribed", "PumpLeft", "LockLeft"])
def test_random_programs_break_as_in_brute_force_and_there_are_as_many_schedules(name: str) -> None:
    random = Random(5)
    found = list[set[Cause]]()
    with running():
        for _ in range(6):
            program = random_program(random)
            for order in Order:
                causes = compared(Runner(CORE_LEVEL, core_level.factory_of(MAKES[name]), order), program)
                if causes is not None:
                    found.append(causes)
    assert len(found) >= 7
    if name == "sound":
        assert not any(found)


@pytest.mark.parametrize("name", ["Adapter", "Overbooked"])
def test_the_same_for_a_custom_model(name: str) -> None:
    factory = load(f"examples/seats.py:{name}", CUSTOM_LEVEL.name)
    program = own_level.program("join c1 t1", "join c2 t1;leave c2 t1")
    with running():
        causes = [compared(Runner(CUSTOM_LEVEL, factory, order), program) for order in Order]
    assert None not in causes
    assert any(causes) is (name == "Overbooked")


def test_a_run_is_searched_to_its_end_after_an_answer_that_the_model_forbids() -> None:
    """More calls follow the answer; 21,641 schedules."""
    program = own_level.program("join c1 t1", "join c2 t1;leave c1 t1", "leave c2 t1", "leave c1 t1")
    with running():
        whole = ExhaustiveSearch(Runner(CUSTOM_LEVEL, load("examples/seats.py:Overbooked", CUSTOM_LEVEL.name), Order.FIFO), program)
        found = causes_of(whole.next, 3_000)
    assert found is not None
    assert found[0] == {wrong_answer("join")}
    assert whole.search.schedules == 21_641


# the last unsubscribe may come to one that the manager has kept beyond its disconnect; 9,240 schedules
KEPT = CoreProgram(
    ((Connect("c1"), Teardown("t1"), Disconnect("c1")), (Unsubscribe("c1", "t1"),), (Subscribe("c1", "t1"),)),
)


@pytest.mark.parametrize("blind", [AdapterJudge.digest_parts, CoreJudge._digest_parts], ids=lambda method: method.__qualname__)
def test_a_judge_left_out_is_noticed(blind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> tuple[set[Cause], int | None]:
        whole = ExhaustiveSearch(Runner(CORE_LEVEL, core_level.factory_of(MAKES["KeepsTheDead"]), Order.ANY), KEPT)
        made = causes_of(whole.next)
        assert made is not None
        return made[0], whole.search.schedules

    with running():
        causes, schedules = found()
        assert wrong_answer("unsubscribe") in causes
        assert schedules == 9_240
        monkeypatch.setattr(AdapterJudge if blind.__name__ == "digest_parts" else CoreJudge, blind.__name__, lambda *_: None)
        assert wrong_answer("unsubscribe") not in found()[0]

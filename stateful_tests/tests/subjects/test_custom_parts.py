"""Ready parts of custom models: each holds for a correct subject and is broken by another, and parts together share operations."""

import re
from typing import Any

import pytest

from subwarden.checking.custom.model import CustomModel
from subwarden.model.custom import Lease, Lock, Part, Pool, Queue, Registry, Retained, Room, Together
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects.custom.adapter import POOLS
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.custom.program import CustomProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import DATA, ROOT
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE
from subwarden.stateful_tests.tests.subjects.custom_level import program

SCHEDULES = 60
PROGRAMS = {
    "Registry": program("enter c1", "leave c1; enter c1"),
    "Room": program("join c1 t1", "join c2 t1", "leave c1 t1"),
    "Queue": program("put message", "put message", "get; get"),
    "Pool": program("take c1", "take c2", "give c1"),
    "Lock": program("take c1", "take c2", "take c2", "give c1"),
    "Lease": program("take c1 t1", "take c2 t1", "expire t1"),
    "Retained": program("put t1 message; get t1", "put t1 message"),
}
CHAT = program("hello c1; join c1 t1", "bye c1")


def searched(name: str, played: CustomProgram) -> GateSearch:
    """A short check of one program."""
    search = GateSearch(Check(Order.FIFO, False, "custom"), CUSTOM_LEVEL, load(name, "custom"), PROFILE)
    with running():
        search._drive_variant(played, SCHEDULES)
    assert not search.outcome.doubts
    return search


@pytest.mark.parametrize("part", PROGRAMS)
def test_a_part_holds_for_a_correct_subject_and_not_for_a_broken_one(part: str) -> None:
    assert not searched(f"{DATA / 'adapters' / 'ready_parts.py'}:{part}Sound", PROGRAMS[part]).outcome.findings
    assert searched(f"{DATA / 'adapters' / 'ready_parts.py'}:{part}Broken", PROGRAMS[part]).outcome.findings


def test_every_part_is_tried() -> None:
    assert set(PROGRAMS) == {each.__name__ for each in (Lease, Lock, Pool, Queue, Registry, Retained, Room)}


def test_parts_together_hold_for_the_chat_and_not_for_the_polite_one() -> None:
    assert not searched(f"{ROOT / 'examples' / 'parts.py'}:Adapter", CHAT).outcome.findings
    assert searched(f"{ROOT / 'examples' / 'parts.py'}:Greeting", CHAT).outcome.findings


def test_an_operation_of_several_parts_happens_in_all_or_none() -> None:
    model = Together(_clients=Registry(enter="hello", check="join"), rooms=Room(size=1, clear="leave_all"))
    refused = model.step(model.initial, "join", ("c1", "t1"))
    assert refused == (False, model.initial)
    _, there = model.step(model.initial, "hello", ("c1",))
    answer, inside = model.step(there, "join", ("c1", "t1"))
    assert answer is True
    assert model.shown(inside) == {"rooms": {("c1", "t1")}}
    _, other = model.step(inside, "hello", ("c2",))
    assert model.step(other, "join", ("c2", "t1")) == (False, other)
    assert model.step(other, "leave_all", ("c1",))[1] == model.step(there, "hello", ("c2",))[1]


@pytest.mark.parametrize("renews", [True, False])
def test_who_holds_a_lease_and_takes_it_again_renews_it_or_is_refused(renews: bool) -> None:
    lease = Lease(renews=renews)
    _, held = lease.step(lease.initial, "take", ("c1", "t1"))
    assert lease.step(held, "take", ("c1", "t1")) == (renews, held)
    assert lease.step(held, "take", ("c2", "t1")) == (False, held)


@pytest.mark.parametrize("part", [Registry(), Room(), Queue(1), Pool(2), Lock(), Lease(), Retained()])
def test_a_part_is_a_model_by_itself(part: Part) -> None:
    assert CustomModel(part, POOLS).operations.keys() == part.operations.keys()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Room(enter="x"), "Room has no role 'enter'; its roles are join, leave, clear, end"),
        (lambda: Together(), "Together wants parts by name, such as rooms=Room()"),  # noqa: PLW0108  # it raises
        (lambda: Together(a=Queue(), b=Pool(take="put")), "put takes ('message',) in one part and ('client',) in another"),
    ],
)
def test_mistakes_get_a_line(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        make()

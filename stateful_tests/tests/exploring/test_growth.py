"""Programs are varied within bounds, those that reach new inner states are kept, and all of it hangs on the seed alone."""

import asyncio
import gc
from collections import Counter
from random import Random
from sys import getrefcount
from typing import Any, ClassVar

import pytest

from subwarden.checking.custom.model import CustomModel
from subwarden.model.core.step import Attach, Connect, Detach, Subscribe, Unsubscribe
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.fault_bounded import FaultBounded
from subwarden.stateful_tests.exploring.budget import UNLIMITED
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.inner_states import InnerStates
from subwarden.stateful_tests.exploring.drawing.growth import CANCELLING, GLANCE, MOST, Growth
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.drawing.varied import OPERATIONS, TASKS, Tasks, Vocabulary, varied
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.specimens.core_defects.reference import Adapter
from subwarden.stateful_tests.specimens.deep_defects import DEFECTS
from subwarden.stateful_tests.subjects.core.drawing.vocabulary import CoreVocabulary
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.custom.vocabulary import CustomVocabulary
from subwarden.stateful_tests.subjects.loading import in_hand

FIRST: Tasks = ((Connect("c1"),), (Subscribe("c1", "t1"), Unsubscribe("c1", "t1")))


class Turns:
    """A model with two operations on a client, and one on nothing."""

    operations: ClassVar = {"enter": ("client",), "leave": ("client",), "tick": ()}
    initial = 0

    def step(self, state: int, _name: str, _arguments: object) -> tuple[None, int]:
        return None, state


CORE = CoreVocabulary(
    lambda operation: operation.name in {"connect", "subscribe", "unsubscribe"} and getattr(operation, "topic", "") != "*"
)
CUSTOM = CustomVocabulary(CustomModel(Turns(), {"client": ("c1", "c2")}))


@pytest.mark.parametrize("vocabulary", [CORE, CUSTOM])
def test_variations_stay_within_bounds_and_within_the_vocabulary(vocabulary: Vocabulary) -> None:
    random = Random(1)
    tasks: Tasks = ((vocabulary.fresh(random),),)
    names: Counter[str] = Counter()
    for _ in range(2_000):
        tasks = varied(tasks, vocabulary, random) or tasks
        assert all(tasks)
        assert len(tasks) <= TASKS
        assert sum(map(len, tasks)) <= OPERATIONS
        names.update(operation.name for chain in tasks for operation in chain)
    assert set(names) == ({"connect", "subscribe", "unsubscribe"} if vocabulary is CORE else set(Turns.operations))


def test_variations_hang_on_the_seed_alone() -> None:
    assert [varied(FIRST, CORE, Random(seed)) for seed in range(50)] == [varied(FIRST, CORE, Random(seed)) for seed in range(50)]


def test_each_attach_has_its_own_socket_and_only_its_task_detaches_it() -> None:
    tasks = ((Attach("c1", "s1"), Detach("c1", "s1")), (Attach("c1", "s1"),), (Detach("c1", "s1"),))
    assert CORE.mended(tasks) == ((Attach("c1", "s1"), Detach("c1", "s1")), (Attach("c1", "s2"),))


def test_only_programs_that_reach_new_states_are_varied_and_idle_ones_are_left() -> None:
    growth = Growth(CORE, patience=3)
    assert growth.next(Random(1)) is None
    old, new = CoreProgram(FIRST[:1]), CoreProgram(FIRST)
    for program, states in ((old, "aa"), (new, "ab")):
        growth.drives(program)
        for state in states:
            growth.reached(state)
        growth.driven(program)
    growth.drives(CoreProgram(FIRST[1:]))
    for _ in range(3):
        assert not growth.settled
        growth.reached("b")
    assert growth.settled
    growth.driven(CoreProgram(FIRST[1:]))
    assert growth._kept == [old, new]
    random = Random(2)
    for _ in range(50):
        program = growth.next(random)
        assert program is not None
        assert program.tasks not in {FIRST, FIRST[:1], FIRST[1:]}, "these were driven already"
    growth.begin()
    assert growth.next(Random(1)) is None, "a round begins without programs"


class Held:
    """A subject with a counter, names, a task and something that cannot be looked into."""

    def __init__(self, counter: int, names: set[str]) -> None:
        self.counter = counter
        self.names = names
        self.loop = asyncio.new_event_loop()
        self.loop.close()
        self.odd = memoryview(b"odd")


def test_inner_states_tell_counters_and_contents_apart_and_look_into_all_else_that_they_can() -> None:
    states = InnerStates()

    def of(*given: Any) -> bytes | None:
        return states.of(Held(*given))

    assert of(1, {"c1"}) is not None
    assert of(1, {"c1", "c2"}) == of(1, {"c2", "c1"})
    assert len({of(1, set()), of(2, set()), of(1, {"c1"}), of(1, {"c2"}), of(100, set())}) == 5
    assert of(100, set()) == of(101, set()), "great numbers are alike"


@pytest.mark.slow
def test_addresses_in_texts_are_no_progress() -> None:
    """A package keeps the text of a cancellation, with the address of a scope and of a task: another one in every run."""
    states = InnerStates()
    one, same, other = (
        states.of({"reason": f"Cancelled via cancel scope {scope} by <Task at {task}>"})
        for scope, task in (("7fad65bf37e0", "0x7fad65bf1234"), ("7fbd09bdf7e0", "0x7fbd09bdf888"), ("c1", "0x7fad65bf1234"))
    )
    assert one == same != other


def test_a_gate_finds_in_grown_programs_what_it_seldom_draws() -> None:
    """A pair that is subscribed and unsubscribed three times over."""
    search = GateSearch(
        Check(Order.FIFO, False, CORE_LEVEL.name),
        CORE_LEVEL,
        in_hand("deep", DEFECTS["ParkedUnsubscribeAfter2"])[1],
        Profile("depth", 24, 200, 9, derandomized=True),
        UNLIMITED,
        most=1,
    )
    with running():
        search.round(1 << 20, 12)
    assert search.outcome.findings


def test_a_walk_whose_every_run_reaches_a_new_state_leaves_runs_to_others() -> None:
    """The states of a client with buffers are so many that one walk took most of the first 500 runs."""
    growth = Growth(CORE, patience=8)
    (walk,) = growth.walks(1, Random(1))
    for program, most in ((walk, MOST * 4), (CoreProgram(FIRST), 1_000)):
        growth.drives(program)
        runs = 0
        while not growth.settled and runs < 1_000:
            growth.reached((program, runs))
            runs += 1
        growth.driven(program)
        assert runs == most
    assert growth._kept == [walk, CoreProgram(FIRST)]


class _Cancelling(GateSearch):
    """Notes the runs of each program beside those of its sweep, and the tasks that may be cancelled in them."""

    runs: int
    cancelled: set[int]

    def _glance(self, program: Any) -> None:
        self.runs, self.cancelled = 0, set()
        super()._glance(program)
        if not hasattr(self, "all"):
            self.glances = [*getattr(self, "glances", []), (self.runs, len(self.cancelled))]

    def _drive(self, program: Any, names: list[str], violations: Any) -> None:
        self.runs, self.cancelled = 0, set()
        super()._drive(program, names, violations)
        self.all = [*getattr(self, "all", []), (self.runs, max(self.cancelled, default=0), len(program.tasks))]

    def _run(self, program: Any, strategy: Strategy) -> bool:
        if not isinstance(strategy, FaultBounded):
            self.runs += 1
            self.cancelled.update(program.faults)
        return super()._run(program, strategy)


def test_a_program_whose_faults_were_swept_has_its_other_runs_and_any_of_its_tasks_is_cancelled_in_them() -> None:
    """The runs of a sweep reach little that is new, and singles of the first tasks came first: few programs had anything cancelled while
    calls met.
    """
    profile = Profile("cancelling", 12, 200, 9, derandomized=True)
    search = _Cancelling(
        Check(Order.FIFO, True, CORE_LEVEL.name), CORE_LEVEL, in_hand("cancelling", Adapter)[1], profile, UNLIMITED, most=1
    )
    with running():
        search.round(1, 4)
    assert len(search.glances) == 12, "each of the first walks has some runs before any has more"
    assert {runs for runs, _ in search.glances} == {int(GLANCE * CANCELLING)}
    assert all(cancelled for _, cancelled in search.glances)
    assert all(runs >= CANCELLING // 2 for runs, _, _ in search.all)
    long = [(last, tasks) for _, last, tasks in search.all if tasks > 4]
    assert sum(last >= tasks - 2 for last, tasks in long) > len(long) / 2


def test_a_new_round_keeps_nothing_of_the_subjects_of_the_last() -> None:
    """A long hunt would fill the memory with the constants and the marks that it has met."""
    mark = object()

    class Marked(Adapter):  # type: ignore[misc]  # it is not typed
        def __init__(self, env: Any) -> None:
            super().__init__(env)
            self.mark = mark

    def kept() -> int:
        gc.collect()
        return getrefcount(mark)

    profile = Profile("marked", 2, 20, 6, derandomized=True)
    with running():
        search = GateSearch(Check(Order.FIFO, False, CORE_LEVEL.name), CORE_LEVEL, in_hand("marked", Marked)[1], profile, UNLIMITED)
        before = kept()
        search.round(1, 2)
        assert kept() > before
        search.explorer.begin()
        assert kept() == before


def test_walks_are_new_up_to_names_and_all_pairs_of_kinds_have_their_turn() -> None:
    growth, random = Growth(CORE), Random(3)
    walks = list(growth.walks(60, random))
    assert len({CORE.key(walk.tasks) for walk in walks}) == len(walks) == 60
    calls = [{operation.name for chain in walk.tasks for operation in chain} for walk in walks]
    assert all(any({one, other} <= each for each in calls) for one in CORE.kinds for other in CORE.kinds)
    assert [walk.tasks for walk in Growth(CORE).walks(60, Random(3))] == [walk.tasks for walk in walks], "by the seed alone"


def test_programs_that_differ_in_names_are_one() -> None:
    other: Tasks = ((Connect("c2"),), (Subscribe("c2", "t2"), Unsubscribe("c2", "t2")))
    assert CORE.key(other) == CORE.key(FIRST)
    assert CORE.key((*FIRST, (Connect("c2"),))) != CORE.key((*FIRST, (Connect("c1"),)))
    assert CUSTOM.key(other) != CUSTOM.key(FIRST), "names may mean something to a model"

"""The search of states on programs of level manager: it finds the causes that brute force finds, and no others, on every subject."""

from random import Random

import pytest

from subwarden.checking.causes import REAPPEARS, Cause
from subwarden.checking.manager.judge import ManagerJudge
from subwarden.impl.subjects import SUBJECTS
from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import Operation
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.exhaustive import ExhaustiveSearch
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.manager.level import ManagerLevel
from subwarden.stateful_tests.subjects.manager.play import ManagerPlay
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.scheduling.whole_programs import causes_of, compared

MANAGER_OPERATIONS: list[Operation] = [
    op.ConnectionInitialized(1),
    op.RemoveConnection(1),
    op.HasSubscribers(1),
    op.SubscribedConnectionIds(1),
    op.ThreadState(1),
    op.TryEnsureConnectionSubscribed(1, 1, True),
    op.TryAddConnectionToThread(1, 1),
    op.SetListener(1, 1, 1, False),
    op.SetListener(1, 2, 1, True),
    op.RemoveListener(1),
    op.UnsubscribeConnectionFromThread(1, 1),
    op.RemoveThreadState(1),
]
STATE_OPERATIONS: list[Operation] = [
    op.StateSetListener(1),
    op.StateSetListener(2),
    op.StateClearListener(),
    op.StateTrackEvent(op.TurnEvent.TURN_STARTED),
    op.HoldState(),
]


def random_program(random: Random) -> ManagerProgram:
    """Two tasks, or three, of few operations; one of them may be cancelled."""
    tasks = []
    for _ in range(random.choice((2, 2, 2, 3))):
        chain = [random.choice(MANAGER_OPERATIONS)]
        if isinstance(chain[0], op.RETURNS_STATE) and random.random() < 0.6:
            chain.append(random.choice(STATE_OPERATIONS))
        tasks.append(tuple(chain))
    first = (op.ConnectionInitialized(1), *tasks[0]) if random.random() < 0.4 else tasks[0]
    return ManagerProgram((first, *tasks[1:]), (random.randrange(len(tasks)),) if random.random() < 0.3 else ())


@pytest.mark.parametrize("subject", list(SUBJECTS))
def test_random_programs_break_as_in_brute_force_and_there_are_as_many_schedules(subject: str) -> None:
    random = Random(41)
    found = list[set[Cause]]()
    with running():
        for _ in range(10):
            program = random_program(random)
            for order in Order:
                causes = compared(Runner(ManagerLevel(), SUBJECTS[subject].factory, order), program)
                if causes is not None:
                    found.append(causes)
    assert len(found) >= 12
    assert any(found) is (subject != "manager")


# the second task's call belongs to the life of the thread in which it was made, which only the judge remembers: the source document's
# manager looks at nothing before it has its lock
OVERTAKEN = ManagerProgram(((op.ThreadState(1), op.RemoveThreadState(1), op.ThreadState(1)), (op.ThreadState(1),), (op.HasSubscribers(2),)))


def test_a_judge_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> set[Cause]:
        made = causes_of(ExhaustiveSearch(Runner(ManagerLevel(), SUBJECTS["source"].factory, Order.ANY), OVERTAKEN).next)
        assert made is not None
        return made[0]

    with running():
        assert found() == {REAPPEARS}
        monkeypatch.setattr(ManagerJudge, "digest_parts", lambda _: None)
        assert found() == set()


def test_a_level_that_hides_the_memory_of_its_judge_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ManagerPlay, "digest_parts")
    with running():
        whole = ExhaustiveSearch(Runner(ManagerLevel(), SUBJECTS["manager"].factory, Order.ANY), OVERTAKEN)
        assert whole.next() is None
    assert (whole.complete, whole.search.runs) == (False, 0)

"""How often the duties of a server were at stake: counted once a run, and only those that did not lapse could have been broken."""

import json
from collections import Counter

from subwarden.model.server.requests import Close, Initialize, Resume, Start, TurnStart, Unsubscribe
from subwarden.model.server.stakes import Stake
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage import stakes
from subwarden.stateful_tests.exploring.coverage.points import PointKind, points
from subwarden.stateful_tests.exploring.coverage.stakes import Stakes
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.gate.outcome import CheckOutcome, merged
from subwarden.stateful_tests.hunt.work import Work
from subwarden.stateful_tests.specimens.server_defects.catalogue import DEFECTS
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.tests.subjects.server_play import Scripted, program, server

RESUMED = (Initialize(1), Resume(1, 1))


def counted(played: ServerProgram, *script: str, holding: tuple[str, ...] = (), factory: Factory | None = None, times: int = 1) -> Stakes:
    runner = Runner(SERVER_LEVEL, factory or server("manager"), Order.FIFO)
    with controlled_locks():
        for _ in range(times):
            runner.run(played, lambda candidates: Scripted(candidates, script, holding), every_choice=True)
    return runner.stakes


def both(found: Stakes, stake: Stake) -> tuple[int, int]:
    return found[stake.value, False], found[stake.value, True]


def test_a_duty_that_the_server_meets_could_have_been_broken() -> None:
    turn = (*RESUMED, TurnStart(1, 1, True))
    found = counted(program(*turn), times=3)
    met = (Stake.ASKED, Stake.HEARD, Stake.SETTLED, Stake.DELIVERED, Stake.SUBMITTED)
    assert {stake: both(found, stake) for stake in met} == dict.fromkeys(met, (3, 3)), "once a run"
    assert both(found, Stake.DENIED) == both(found, Stake.STARTED) == (0, 0)
    found = counted(program(*turn, Unsubscribe(1, 1)))
    assert both(found, Stake.UNLOADED) == both(found, Stake.CLOSED) == both(found, Stake.DELIVERED) == (1, 1)


def test_a_duty_that_nobody_would_have_missed_could_not_have_been_broken() -> None:
    """The approval is asked for and given before the thread is unloaded; if it were not, the unload would end its turn."""
    found = counted(program(*RESUMED, TurnStart(1, 1, True), Unsubscribe(1, 1)))
    assert both(found, Stake.ASKED) == both(found, Stake.HEARD) == both(found, Stake.SETTLED) == (1, 0)


def test_a_duty_that_lapses_could_not_have_been_broken() -> None:
    """The event waits for room when its client goes."""
    found = counted(program(*RESUMED, TurnStart(1, 1, False), Close(1)), *["+c1 reads"] * 2, "+start D", holding=("+c1 reads",))
    assert both(found, Stake.DELIVERED) == (1, 0)


def test_events_after_a_loss_are_a_duty() -> None:
    lossy = program(*RESUMED, TurnStart(1, 1, False), faults=(ServerFault(FaultKind.LOSES, 1),))
    found = counted(lossy, "+start C", "+v1 loses an event", "+v1 turn started")
    assert both(found, Stake.AFTER_LOSS) == (1, 1)
    assert both(counted(program(*RESUMED, TurnStart(1, 1, False))), Stake.AFTER_LOSS) == (0, 0)


def test_a_thread_that_is_loaded_when_the_server_stops_or_later_must_be_unloaded() -> None:
    stopping = [ServerFault(FaultKind.STOPS, 1)]
    events = "+start B", "+engine loads t1", "+server stops"
    loaded = counted(program(*RESUMED, faults=stopping), *events, holding=("+c1 reads",))
    under_way = counted(program(Initialize(1), Start(1, 3, False), faults=stopping), "+server stops", "+engine starts t3")
    assert both(loaded, Stake.STOPPED) == both(under_way, Stake.STOPPED) == (1, 1)
    assert both(counted(program(*RESUMED)), Stake.STOPPED) == (0, 0)


def test_a_client_that_reads_no_more_must_be_dropped_if_a_message_waits_for_it() -> None:
    deaf = [ServerFault(FaultKind.DEAF, 1)]
    one, two = program(Initialize(1), Resume(1, 1)), program(*RESUMED, TurnStart(1, 1, False))
    for requests, times in ((one, 0), (two, 1)):
        played = ServerProgram(requests.tasks, tuple(deaf))
        found = counted(played, "+c1 reads", "+c1 reads no more", "+start B", "+engine loads t1", *["+start C"] * times)
        assert both(found, Stake.DROPPED) == (times, times), "there is room for one answer"


def test_a_conversation_may_end_in_the_middle_of_a_turn() -> None:
    ending = program(*RESUMED, TurnStart(1, 1, False), faults=(ServerFault(FaultKind.ENDS, 1),))
    script = "+start C", "+v1 turn started", "+v1 ends"
    assert both(counted(ending, *script, holding=("+v1 item",)), Stake.ENDED) == (1, 1)
    assert both(counted(ending, "+start B", "+v1 ends", holding=("+start C",)), Stake.ENDED) == (0, 0), "no turn is open"


def test_a_cancelled_task_leaves_a_duty() -> None:
    worker, listener = ([ServerFault(kind, 1)] for kind in (FaultKind.WORKER, FaultKind.LISTENER))
    found = counted(program(*RESUMED, faults=worker), "+start B", "+cancel work B", holding=("+engine loads t1",))
    assert both(found, Stake.CANCELLED) == (1, 1)
    turn = program(*RESUMED, TurnStart(1, 1, False), faults=listener)
    found = counted(turn, "+start C", "+cancel listener v1", holding=("+v1 turn started",))
    assert (both(found, Stake.LISTENED), both(found, Stake.CANCELLED)) == ((1, 1), (0, 0))


def test_a_server_stops_at_rest_at_the_latest() -> None:
    assert both(counted(program(*RESUMED, faults=(ServerFault(FaultKind.STOPS, 1),))), Stake.STOPPED) == (1, 1)


def test_a_duty_that_the_server_breaks_could_be_broken() -> None:
    broken = {"NeverUnloads": Stake.UNLOADED, "SaysNoStarted": Stake.STARTED, "TurnIsForgotten": Stake.SUBMITTED}
    for defect in DEFECTS:
        if defect.name in broken:
            assert both(counted(defect.program, factory=defect.factory), broken[defect.name]) == (1, 1), defect.name


def test_counts_add_up_over_workers_in_any_order() -> None:
    one, other = Counter({("a", False): 3, ("a", True): 1}), Counter({("a", False): 2, ("b", False): 1})
    whole = merged([CheckOutcome("one", stakes=one), CheckOutcome("other", stakes=other)]).stakes
    work = Work(stakes=Counter(other))
    work.merge(Work(stakes=one))
    assert work.stakes == whole == {("a", False): 5, ("a", True): 1, ("b", False): 1}
    assert Work.decode(json.loads(json.dumps(work.encode()))).stakes == whole


def test_a_duty_that_never_was_at_stake_has_a_row() -> None:
    rows = stakes.record(Counter({("b", False): 5, ("b", True): 4}), points(PointKind.STAKE, ("c", "b")) | points(PointKind.RULE, ("a",)))
    assert rows == [{"name": "b", "runs": 5, "breakable": 4}, {"name": "c", "runs": 0, "breakable": 0}]

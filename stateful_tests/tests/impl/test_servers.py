"""Both request layers on the plain schedule: short programs, and every message to every client, in order.

Where the two differ, the source document's callers are wrong or the document leaves it open; the judge says which.

Long because it lists the messages of many short programs.
"""

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.impl.server.engine import TIME_LIMIT
from subwarden.model.server.reading import PATIENCE
from subwarden.model.server.requests import (
    AddListener,
    Archive,
    Close,
    Fork,
    Initialize,
    ListLoaded,
    RemoveListener,
    Resume,
    Rollback,
    Start,
    TurnInterrupt,
    TurnStart,
    Unsubscribe,
)
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Choose
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.tests.subjects.server_play import Played, play, program, server

BOTH = ("manager", "source")
STARTED = "turn started (event 1 of v1, t1)"
ITEM = "item (event 2 of v1, t1)"
COMPLETE = "turn complete (event 3 of v1, t1)"
TURN = [STARTED, ITEM, COMPLETE]
SECOND = ["turn started (event 4 of v1, t1)", "item (event 5 of v1, t1)", "turn complete (event 6 of v1, t1)"]
ASKING = "approval asked (event 2 of v1, t1)"
ASKED = "may it? (event 2 of v1)"
SETTLED = "settled (event 2 of v1)"
A, B = Initialize(1), Initialize(2)  # clients 1 and 2; answers name requests by their letters


class Case(NamedTuple):
    """A program, and the messages that both servers send to each client."""

    program: ServerProgram
    sent: dict[int, list[str]]
    script: Sequence[str] = ()
    holding: Sequence[str] = ()


ALIKE = {
    "a start is answered, then told to everybody": Case(
        program(A, B, Start(1, 3, False)), {1: ["A: ok", "C: ok", "t3 was started"], 2: ["B: ok", "t3 was started"]}
    ),
    "a start is told to nobody who is not initialized": Case(
        program(A, ListLoaded(2), Start(1, 3, False)), {1: ["A: ok", "C: ok", "t3 was started"], 2: ["B: not initialized"]}
    ),
    "a cold resume is answered, and what follows is sent": Case(
        program(A, Resume(1, 1), TurnStart(1, 1, False)), {1: ["A: ok", "B: ok", "C: ok", *TURN]}
    ),
    "a resume of what is nowhere": Case(program(A, Resume(1, 9)), {1: ["A: ok", "B: not found"]}),
    "a running resume has the open turn in its answer, and what comes after it is sent": Case(
        program(A, Resume(1, 1), TurnStart(1, 1, False), B, Resume(2, 1)),
        {1: ["A: ok", "B: ok", "C: ok", *TURN], 2: ["D: ok", "E: ok, the turn so far up to event 1", ITEM, COMPLETE]},
        script=["+start D", "+start E", "+v1 item"],
    ),
    "a fork is a thread of its own": Case(
        program(A, B, Fork(1, 1, 3), TurnStart(1, 3, False), ListLoaded(2)),
        {
            1: ["A: ok", "C: ok", "t3 was started", "D: ok", *(said.replace("t1", "t3") for said in TURN)],
            2: ["B: ok", "t3 was started", "E: ok: t3"],
        },
    ),
    "a fork of what is nowhere": Case(program(A, Fork(1, 9, 3), ListLoaded(1)), {1: ["A: ok", "B: not found", "C: ok: none"]}),
    "who unsubscribes and is not the last is sent nothing more, the others are": Case(
        program(A, B, Resume(1, 1), Resume(2, 1), Unsubscribe(2, 1), TurnStart(1, 1, False)),
        {1: ["A: ok", "C: ok", "F: ok", *TURN], 2: ["B: ok", "D: ok", "E: ok"]},
    ),
    "the last who unsubscribes has the thread unloaded": Case(
        program(A, B, Resume(1, 1), Unsubscribe(1, 1), Unsubscribe(1, 1), TurnStart(1, 1, False), ListLoaded(2)),
        {1: ["A: ok", "C: ok", "D: ok", "t1 was closed", "E: not loaded", "F: not loaded"], 2: ["B: ok", "t1 was closed", "G: ok: none"]},
    ),
    "a thread can be resumed again after it was unloaded": Case(
        program(A, Resume(1, 1), Unsubscribe(1, 1), Resume(1, 1), TurnStart(1, 1, False)),
        {1: ["A: ok", "B: ok", "C: ok", "t1 was closed", "D: ok", "E: ok", *(said.replace("v1", "v2") for said in TURN)]},
    ),
    "a resume while the thread is closing is told so": Case(
        program(A, Resume(1, 1), Unsubscribe(1, 1), Resume(1, 1)),
        {1: ["A: ok", "B: ok", "C: ok", "D: is closing", "t1 was closed"]},
        script=["+start D", "+v1 shuts down"],
    ),
    "an archive unloads a thread, whoever is subscribed, and takes it out of the store": Case(
        program(A, B, Resume(1, 1), Archive(2, 1), Resume(1, 1)),
        {1: ["A: ok", "C: ok", "t1 was closed", "E: not found"], 2: ["B: ok", "D: ok", "t1 was closed"]},
    ),
    "a list says what is loaded while a start is pending": Case(
        program(A, B, Start(1, 3, False), ListLoaded(1), ListLoaded(2)),
        {1: ["A: ok", "D: ok: none", "C: ok", "t3 was started"], 2: ["B: ok", "E: ok: none", "t3 was started"]},
        holding=["+engine starts t3"],
    ),
    "an approval is asked of all, given by one, and settled for all": Case(
        program(A, B, Resume(1, 1), Resume(2, 1), TurnStart(1, 1, True)),
        {
            1: ["A: ok", "C: ok", "E: ok", STARTED, ASKING, ASKED, SETTLED, COMPLETE],
            2: ["B: ok", "D: ok", STARTED, ASKING, ASKED, SETTLED, COMPLETE],
        },
    ),
    "a pending approval is asked of whoever resumes": Case(
        program(A, B, Resume(1, 1), TurnStart(1, 1, True), Resume(2, 1)),
        {
            1: ["A: ok", "C: ok", "D: ok", STARTED, ASKING, ASKED, SETTLED, COMPLETE],
            2: ["B: ok", "E: ok, the turn so far up to event 2", ASKED, SETTLED, COMPLETE],
        },
        holding=["+c1 approves v1"],
    ),
    "an interrupt is answered when the turn has ended": Case(
        program(A, Resume(1, 1), TurnStart(1, 1, True), TurnInterrupt(1, 1)),
        {1: ["A: ok", "B: ok", "C: ok", STARTED, ASKING, ASKED, "turn aborted (event 3 of v1, t1)", "D: ok"]},
        holding=["+c1 approves v1"],
    ),
    "one rollback at a time, answered when the engine has done it": Case(
        program(A, Resume(1, 1), Rollback(1, 1), Rollback(1, 1), Rollback(1, 1)),
        {1: ["A: ok", "B: ok", "D: busy", "rolled back (event 1 of v1, t1)", "C: ok", "rolled back (event 2 of v1, t1)", "E: ok"]},
        script=["+start D", "+v1 rolled back", "+start E"],
    ),
    "an explicit id subscribes, in the form it asks for, until it is removed": Case(
        program(A, B, Resume(2, 1), AddListener(1, 1, 1, False), TurnStart(2, 1, False), RemoveListener(1, 1), TurnStart(2, 1, False)),
        {
            1: ["A: ok", "D: ok", *TURN, "F: ok"],
            2: ["B: ok", "C: ok", "E: ok", *TURN, "G: ok", *SECOND],
        },
    ),
    "raw events are for who asks for them": Case(
        program(A, Start(1, 3, True), TurnStart(1, 3, False)),
        {1: ["A: ok", "B: ok", "t3 was started", "C: ok", *(said.replace("t1", "t3, raw") for said in TURN)]},
    ),
    "an unknown id, and a thread that is not loaded": Case(
        program(A, RemoveListener(1, 1), AddListener(1, 1, 1, False), Rollback(1, 1), TurnInterrupt(1, 1), Unsubscribe(1, 1)),
        {1: ["A: ok", "B: not found", "C: not loaded", "D: not loaded", "E: not loaded", "F: not loaded"]},
    ),
    "what the engine cannot bring has failed, and nothing is loaded": Case(
        program(
            A,
            Start(1, 3, False),
            Resume(1, 1),
            Fork(1, 2, 4),
            ListLoaded(1),
            faults=[ServerFault(FaultKind.FAILS, place) for place in (1, 2, 3)],
        ),
        {1: ["A: ok", "B: failed", "C: failed", "D: failed", "E: ok: none"]},
    ),
    "what a conversation refuses has failed": Case(
        program(A, Resume(1, 1), TurnStart(1, 1, False), Rollback(1, 1), faults=[ServerFault(FaultKind.REFUSES, 1)]),
        {1: ["A: ok", "B: ok", "C: failed", "D: failed"]},
        script=["+v1 refuses", "+start C", "+start D"],
    ),
    "a silent client is asked, and its turn can be interrupted": Case(
        program(A, Resume(1, 1), TurnStart(1, 1, True), TurnInterrupt(1, 1), faults=[ServerFault(FaultKind.SILENT, 1)]),
        {
            1: [
                "A: ok",
                "B: ok",
                "C: ok",
                "turn started (event 1 of v1, t1)",
                "approval asked (event 2 of v1, t1)",
                "may it? (event 2 of v1)",
                "turn aborted (event 3 of v1, t1)",
                "D: ok",
            ]
        },
    ),
    "a client that does not read holds up the others' events until it vanishes": Case(
        program(A, B, Resume(1, 1), Resume(2, 1), TurnStart(2, 1, False), Close(1)),
        {1: ["A: ok", "C: ok", STARTED], 2: ["B: ok", "D: ok", "E: ok", *TURN]},
        script=["+c1 reads", "+c1 reads"],
        holding=["+c1 reads"],
    ),
    "who is not initialized is told so, whatever it asks": Case(
        program(ListLoaded(1), Resume(1, 1), Start(1, 3, False)), {1: ["A: not initialized", "B: not initialized", "C: not initialized"]}
    ),
}


def run(subject: str, case: Case) -> Played:
    return play(server(subject), case.program, case.script, case.holding)


@pytest.mark.parametrize("subject", BOTH)
@pytest.mark.parametrize("name", ALIKE)
def test_both_servers_send_the_same_messages_and_pass(name: str, subject: str) -> None:
    played = run(subject, ALIKE[name])
    assert played.sent == ALIKE[name].sent
    assert not played.violations
    assert played.seconds == 0


class Differs(NamedTuple):
    """A program that the two servers treat differently, and the causes that the judge names for the source document's callers."""

    case: Case
    seed: dict[int, list[str]]
    causes: set[Cause]


DIFFER = {
    "an interrupt without a turn": Differs(
        Case(program(A, Resume(1, 1), TurnInterrupt(1, 1)), {1: ["A: ok", "B: ok", "C: ok"]}),
        {1: ["A: ok", "B: ok"]},
        {causes.never_answered("turn_interrupt")},
    ),
    "an explicit id beside another subscription": Differs(
        Case(
            program(A, Resume(1, 1), AddListener(1, 1, 1, False), RemoveListener(1, 1), TurnStart(1, 1, False)),
            {1: ["A: ok", "B: ok", "C: ok", "D: ok", "E: ok", *TURN]},
        ),
        {1: ["A: ok", "B: ok", "C: ok", "D: ok", "E: ok"]},
        {causes.ID_ENDS_ALL},
    ),
    "a conversation that ends by itself": Differs(
        Case(
            program(A, Resume(1, 1), ListLoaded(1), Resume(1, 1), faults=[ServerFault(FaultKind.ENDS, 1)]),
            {1: ["A: ok", "B: ok", "t1 was closed", "C: ok: none", "D: ok"]},
            script=["+v1 ends", "+start C", "+start D"],
        ),
        {1: ["A: ok", "B: ok", "C: ok: t1"]},
        {causes.never_answered("thread_resume"), causes.UNSERVED, causes.STAYS_LOADED},
    ),
}


@pytest.mark.parametrize("name", DIFFER)
def test_where_the_servers_differ_ours_passes_and_the_judge_names_the_fault_of_the_other(name: str) -> None:
    case, seed, wrong = DIFFER[name]
    ours = run("manager", case)
    assert ours.sent == case.sent
    assert not ours.violations
    theirs = run("source", case)
    assert theirs.sent == seed
    assert theirs.violations.keys() == wrong


TOO_LATE = program(A, Resume(1, 1), Unsubscribe(1, 1), ListLoaded(1))


def test_our_server_unloads_a_conversation_that_does_not_shut_down_in_time() -> None:
    played = play(server("manager"), TOO_LATE, ["timer", "+start D", "+v1 shuts down"])
    assert played.sent == {1: ["A: ok", "B: ok", "C: ok", "t1 was closed", "D: ok: none"]}
    assert played.seconds == TIME_LIMIT
    assert "c1 <- t1 was closed" not in played.before("timer")
    assert not played.violations


def test_the_source_server_keeps_a_conversation_that_does_not_shut_down_in_time() -> None:
    played = play(server("source"), TOO_LATE, ["timer", "+start D", "+v1 shuts down"])
    assert played.sent == {1: ["A: ok", "B: ok", "C: ok", "D: ok: t1"]}
    assert played.seconds == TIME_LIMIT


def test_our_server_drops_a_client_that_reads_no_more_and_goes_on() -> None:
    deaf = program(A, B, Resume(1, 1), Resume(2, 1), TurnStart(2, 1, False), faults=[ServerFault(FaultKind.DEAF, 2)])
    script = "+start C", "+engine loads t1", "+c1 reads no more", "+start D", "+start E"
    ours, theirs = (play(server(subject), deaf, script, holding=["+c1 reads"]) for subject in BOTH)
    assert (ours.sent[2], ours.seconds) == (["B: ok", "D: ok", "E: ok", *TURN], PATIENCE)
    assert not ours.violations
    assert len(ours.sent[1]) < len(ours.sent[2])
    assert causes.NOT_DROPPED in theirs.violations
    assert len(theirs.sent[2]) < len(ours.sent[2])


@pytest.mark.parametrize("subject", BOTH)
def test_an_answer_waits_for_the_engine_and_for_room(subject: str) -> None:
    """Requests that need the engine wait for it; in an outbox without room, messages keep their order."""
    interrupted = run(subject, ALIKE["an interrupt is answered when the turn has ended"])
    assert "c1 <- D: ok" not in interrupted.before("+v1 turn aborted")
    rolled_back = run(subject, ALIKE["one rollback at a time, answered when the engine has done it"])
    assert "c1 <- C: ok" not in rolled_back.before("+v1 rolled back")
    asked = run(subject, ALIKE["an approval is asked of all, given by one, and settled for all"])
    assert f"c1 <- {SETTLED}" not in asked.before("+c1 approves v1")
    vanished = run(subject, ALIKE["a client that does not read holds up the others' events until it vanishes"])
    before = vanished.before("+start F")
    assert f"c2 <- {STARTED}" in before
    assert f"c2 <- {ITEM}" not in before
    assert "+v1 turn complete" in before


def test_a_run_that_does_not_begin_leaves_no_task_behind() -> None:
    """The source server starts its processor when it is made, before an exhausted strategy says that there is no run."""
    begun: list[Any] = []

    def exhausted(candidates: LoopCandidates) -> Choose:
        begun.extend(task.get_coro() for task in candidates.loop.tasks)
        raise LookupError

    with controlled_locks(), WATCHDOG.guarded(), pytest.raises(LookupError):
        Runner(SERVER_LEVEL, server("source"), Order.FIFO).run(program(A), exhausted)
    assert [inspect.getcoroutinestate(coroutine) for coroutine in begun] == [inspect.CORO_CLOSED]

"""A task of our server that is cancelled from outside has a successor: no client notices, or it is told that its request was cancelled."""

from collections.abc import Sequence

import pytest

from subwarden.model.server.requests import (
    Archive,
    Fork,
    Initialize,
    Request,
    Resume,
    Rollback,
    Start,
    TurnInterrupt,
    TurnStart,
    Unsubscribe,
)
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault
from subwarden.stateful_tests.tests.subjects.server_play import Played, play, program, server

A, B = Initialize(1), Initialize(2)
RESUMED = (A, B, Resume(1, 1), Resume(2, 1))
TURN = ["turn started (event 1 of v1, t1)", "item (event 2 of v1, t1)", "turn complete (event 3 of v1, t1)"]


def cancelled(requests: Sequence[Request], kind: FaultKind, at: int, *script: str, holding: Sequence[str] = ()) -> Played:
    played = play(server("manager"), program(*requests, faults=[ServerFault(kind, at)]), script, holding)
    assert not played.violations
    return played


def test_another_listener_sends_the_rest_of_an_event_and_nothing_again() -> None:
    played = cancelled(
        (*RESUMED, TurnStart(2, 1, False)),
        FaultKind.LISTENER,
        2,
        *["+c1 reads"] * 2,  # and not the first event
        "+start E",
        "+v1 turn started",
        "+v1 item",
        "+cancel listener v1",
        "+c1 reads",
        holding=["+c1 reads"],
    )
    assert played.sent == {1: ["A: ok", "C: ok", *TURN], 2: ["B: ok", "D: ok", "E: ok", *TURN]}


def test_another_listener_answers_who_waits() -> None:
    requests = (*RESUMED, TurnStart(1, 1, False), TurnInterrupt(2, 1), Rollback(2, 1))
    script = "+start G", "+cancel listener v1", "+v1 turn started"
    played = cancelled(requests, FaultKind.LISTENER, 2, *script, holding=["+v1 turn started"])
    assert {"F: ok", "G: ok"} <= {*played.sent[2]}


@pytest.mark.parametrize(
    ("requests", "at", "script", "answer"),
    [
        ((A, Resume(1, 1)), 1, ["+start B", "+cancel work B", "+engine loads t1"], "B: cancelled"),
        ((A, Resume(1, 1), Archive(1, 1)), 2, ["+start C", "+cancel work C", "+v1 shuts down"], "C: ok"),
    ],
    ids=["a load", "an archive"],
)
def test_the_request_of_a_cancelled_worker_is_answered(requests: Sequence[Request], at: int, script: Sequence[str], answer: str) -> None:
    played = cancelled(requests, FaultKind.WORKER, at, *script[:2], holding=script[2:])
    assert answer in played.sent[1]


def test_an_answer_that_was_decided_is_sent_though_its_worker_is_cancelled() -> None:
    """The last unsubscriber has left, and has not read an earlier answer."""
    requests = (A, Resume(1, 1), TurnStart(1, 1, False), Unsubscribe(1, 1))
    script = *["+c1 reads"] * 2, "+start C", "+start D", "+cancel work D"
    played = cancelled(requests, FaultKind.WORKER, 3, *script, holding=["+c1 reads", "+v1 turn started"])
    assert [said for said in played.sent[1] if said.startswith("D")] == ["D: ok"]


@pytest.mark.parametrize("request_", [Start(1, 3, False), Fork(1, 1, 3)], ids=["start", "fork"])
def test_the_request_of_a_cancelled_start_is_answered(request_: Request) -> None:
    brings = "+engine starts t3" if isinstance(request_, Start) else "+engine forks t3"
    played = cancelled((A, request_), FaultKind.START, 1, "+start B", "+cancel starting B", holding=[brings])
    assert played.sent[1] == ["A: ok", "B: cancelled"]

"""Requests that meet: each kind of request is undone, done again, done by another client and used."""

from itertools import count

import pytest

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.stateful_tests.subjects.server.meeting import HOW, UNDONE, met

EACH: tuple[Request, ...] = (
    *(rq.Initialize(1), rq.Close(1), rq.Start(1, 3, True), rq.Resume(1, 1), rq.Fork(1, 1, 3), rq.Unsubscribe(1, 1), rq.Archive(1, 1)),
    *(rq.ListLoaded(1), rq.TurnStart(1, 1, False), rq.TurnInterrupt(1, 1), rq.Rollback(1, 1)),
    *(rq.AddListener(1, 1, 1, True), rq.RemoveListener(1, 1)),
)


def meet(request: Request, how: str, *, asks: bool = True, raw: bool = True) -> Request:
    return met(request, how, iter(count(7)).__next__, asks=asks, raw=raw)


def test_every_kind_of_request_is_met_and_can_be_undone() -> None:
    assert {type(request) for request in EACH} == set(rq.REQUESTS) == set(UNDONE)


@pytest.mark.parametrize("how", sorted(set(HOW)))
@pytest.mark.parametrize("request_", EACH, ids=lambda r: r.name)
def test_what_meets_a_request_is_a_request_that_can_be_written_down(request_: Request, how: str) -> None:
    made = meet(request_, how)
    assert rq.decode(rq.encode(made)) == made


@pytest.mark.parametrize(
    ("request_", "how", "made"),
    [
        (rq.AddListener(1, 1, 1, True), "another's", rq.AddListener(2, 1, 1, True)),  # one id, two clients
        (rq.AddListener(1, 1, 1, True), "use", rq.AddListener(2, 2, 1, False)),  # one thread, two choices
        (rq.AddListener(1, 1, 1, True), "again", rq.AddListener(1, 2, 1, False)),  # one client, two ids, two choices
        (rq.AddListener(1, 1, 1, True), "undo", rq.RemoveListener(1, 1)),
        (rq.TurnStart(1, 1, False), "use", rq.Resume(2, 1)),  # whose answer has the history
        (rq.TurnStart(2, 1, False), "undo", rq.TurnInterrupt(2, 1)),
        (rq.Resume(1, 2), "use", rq.TurnStart(1, 2, True)),
        (rq.Unsubscribe(1, 1), "undo", rq.Resume(1, 1)),
        (rq.Fork(1, 1, 3), "undo", rq.Unsubscribe(1, 3)),
        (rq.Start(1, 3, False), "another's", rq.Resume(2, 3)),  # two starts never make one thread
        (rq.Start(1, 3, False), "again", rq.Start(1, 7, True)),
        (rq.Close(2), "undo", rq.Initialize(3)),  # a close is final
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_requests_meet(request_: Request, how: str, made: Request) -> None:
    assert meet(request_, how) == made

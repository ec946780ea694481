"""The server's model: subscription ids, turns, rollbacks, conversations that end, answers and cancellation."""

import pytest

from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import (
    AddListener,
    Archive,
    ListLoaded,
    RemoveListener,
    Reply,
    Resume,
    Rollback,
    TurnInterrupt,
    TurnStart,
    Unsubscribe,
)
from subwarden.model.server.state import IMPLICIT, Loaded
from subwarden.stateful_tests.tests.model.server_model import (
    C1,
    C2,
    CLOSING,
    LOADED,
    OK,
    T1,
    UNLOADED,
    V1,
    V2,
    linked,
    live,
    named,
    subscribed,
    unlinked,
    unnamed,
)


def test_removing_an_id_ends_its_own_grant_and_no_other() -> None:
    run = subscribed(C1)
    run.asks(AddListener(C1, 1, T1, False))
    assert run.refuses(named(C1, 2))
    assert run.refuses(named(C2, 1))
    run.shows(named(C1, 1))
    assert run.state.grants == {(T1, C1, IMPLICIT), (T1, C1, 1)}
    number = run.asks(RemoveListener(C1, 1))
    assert run.right(number) == set()
    run.shows(unnamed(C1, 1))
    assert run.right(number) == {OK}
    assert run.refuses(unlinked(C1))
    assert run.right(run.asks(RemoveListener(C1, 1))) == {Reply.NOT_FOUND}


def test_the_last_id_of_a_pair_ends_its_subscription() -> None:
    run = subscribed(C1)
    run.asks(AddListener(C2, 1, T1, False))
    run.shows(linked(C2, subscription=1), named(C2, 1))
    run.asks(RemoveListener(C1, 1))
    run.shows(unnamed(C2, 1), unlinked(C2))
    assert run.state.grants == {(T1, C1, IMPLICIT)}


def test_an_id_on_a_thread_that_is_not_loaded() -> None:
    assert live().right(live().asks(AddListener(C1, 1, T1, False))) == set()
    run = live()
    assert run.right(run.asks(AddListener(C1, 1, T1, False))) == {Reply.NOT_LOADED}


def test_an_interrupt_is_answered_when_no_turn_is_open() -> None:
    run = subscribed(C1)
    run.outside(pr.turn, T1, V1, True)
    number = run.asks(TurnInterrupt(C1, T1))
    assert run.right(number) == set()
    run.outside(pr.turn, T1, V2, False)  # another conversation's
    assert run.right(number) == set()
    run.outside(pr.turn, T1, V1, False)
    assert run.right(number) == {OK}


def test_a_rollback_is_answered_once_for_each_that_the_engine_has_done() -> None:
    run = subscribed(C1)
    first = run.asks(Rollback(C1, T1))
    assert run.right(first) == set()
    second = run.asks(Rollback(C2, T1))
    assert run.right(first) == run.right(second) == {Reply.BUSY}
    run.outside(pr.rolled_back, T1)
    assert run.right(first) == run.right(second) == {OK, Reply.BUSY}
    run.answers(first)
    assert run.right(second) == {Reply.BUSY}  # the one that was done was the first's


def test_requests_to_a_conversation_are_refused_if_there_is_none() -> None:
    for request in (TurnStart(C1, T1, False), TurnInterrupt(C1, T1), Rollback(C1, T1)):
        run = live()
        number = run.asks(request)
        assert Reply.NOT_LOADED in run.right(number)
        run = subscribed(C1)
        assert Reply.NOT_LOADED not in run.right(run.asks(request))


def test_a_dead_conversation_may_be_unloaded_and_its_waiting_requests_end() -> None:
    run = subscribed(C1)
    run.outside(pr.turn, T1, V1, True)
    interrupt, rollback = run.asks(TurnInterrupt(C1, T1)), run.asks(Rollback(C1, T1))
    run.outside(pr.died, T1, V1)
    assert run.state.thread(T1) == Loaded(V1, dead=True)
    assert {OK, Reply.ENDED} <= run.right(interrupt)
    assert run.right(rollback) == {Reply.ENDED, Reply.FAILED}
    run.shows(unlinked(C1), CLOSING, UNLOADED)


def test_a_conversation_that_dies_before_it_is_loaded_is_loaded_dead() -> None:
    run = live()
    run.asks(Resume(C1, T1))
    run.outside(pr.brought, T1, V1)
    run.outside(pr.died, T1, V1)
    run.shows(LOADED)
    assert run.state.thread(T1) == Loaded(V1, dead=True)


def test_the_death_of_an_earlier_conversation_leaves_the_present_one_alive() -> None:
    run = subscribed(C1)
    run.outside(pr.died, T1, V2)
    assert run.state.thread(T1) == Loaded(V1)
    assert run.refuses(CLOSING)


def test_a_request_is_answered_once() -> None:
    run = live()
    number = run.asks(ListLoaded(C1))
    run.answers(number)
    assert run.right(number) == set()


def test_an_answer_once_right_stays_right() -> None:
    run = live()
    number = run.asks(Unsubscribe(C1, T1))
    run.resumed(C2)
    assert run.right(number) == {Reply.NOT_LOADED, Reply.NOT_SUBSCRIBED}


def test_events_of_other_threads_make_no_answer_right() -> None:
    """A resume of a running thread, whose subscription has not shown yet, may not be answered ENDED."""
    run = subscribed(C1)
    number = run.asks(Resume(C2, T1))
    run.asks(ListLoaded(C1))
    assert run.right(number) == {Reply.OK}
    run.shows(linked(C2))
    run.asks(Unsubscribe(C2, T1))
    run.shows(unlinked(C2))
    assert run.right(number) == {Reply.OK, Reply.ENDED}


def test_only_a_cancelled_request_may_be_answered_cancelled_and_its_other_answers_stay_right() -> None:
    for request in (ListLoaded(C1), Resume(C1, 9), Unsubscribe(C1, T1)):
        run = live()
        number, other = run.asks(request), run.asks(request)
        right = run.right(number)
        assert Reply.CANCELLED not in right
        run.outside(pr.cancel, number)
        assert run.right(number) == right | {Reply.CANCELLED}
        assert run.right(other) == right


def test_a_change_that_either_of_two_requests_may_have_made_is_followed_both_ways() -> None:
    run = subscribed(C1)
    cancelled, other = run.asks(Resume(C2, T1)), run.asks(Resume(C2, T1))
    run.outside(pr.cancel, cancelled)
    run.shows(linked(C2))
    done = [{number: flight.done for number, flight in state.flight} for state in run.states]
    assert done == [{cancelled: True, other: False}, {cancelled: False, other: True}]
    run.asks(Unsubscribe(C2, T1))
    run.shows(unlinked(C2), linked(C2))
    assert all(flight.done for state in run.states for _, flight in state.of(Resume))
    assert run.refuses(unlinked(C2))  # each has done all that it was asked for


def test_a_resume_of_a_client_with_an_id_is_a_reason_of_its_own() -> None:
    run = subscribed(C1)
    run.answers_to(AddListener(C2, 1, T1, False), linked(C2, subscription=1), named(C2, 1))
    run.answers(run.asks(Resume(C2, T1)))
    run.asks(RemoveListener(C2, 1))
    run.shows(unnamed(C2, 1))
    assert run.refuses(unlinked(C2))


def test_a_resume_that_is_not_answered_may_have_joined_unseen() -> None:
    for stays in (True, False):
        run = subscribed(C1)
        run.answers_to(AddListener(C2, 1, T1, False), linked(C2, subscription=1), named(C2, 1))
        resume = run.asks(Resume(C2, T1))
        run.asks(RemoveListener(C2, 1))
        run.shows(unnamed(C2, 1))
        assert run.maps((T1, C1, 0), *[(T1, C2, 0)] * stays)
        assert [flight.done for n, flight in run.state.flight if n == resume] == [stays]


def test_a_subscription_does_not_outlive_its_last_id() -> None:
    run = subscribed(C1)
    run.answers_to(AddListener(C2, 1, T1, False), linked(C2, subscription=1), named(C2, 1))
    run.asks(RemoveListener(C2, 1))
    run.shows(unnamed(C2, 1))
    assert not run.maps((T1, C1, 0), (T1, C2, 0))


@pytest.mark.parametrize("refused", [Reply.NOT_SUBSCRIBED, Reply.NOT_LOADED])
def test_an_unsubscribe_that_has_ended_a_subscription_does_not_deny_it(refused: Reply) -> None:
    run = live() if refused is Reply.NOT_LOADED else subscribed(C1)
    unsubscribe = run.asks(Unsubscribe(C2, T1))
    assert run.right(unsubscribe) == {refused}
    run.resumed(C2)
    run.shows(unlinked(C2))
    assert run.right(unsubscribe) == {OK}


def test_of_two_archives_one_has_done_it() -> None:
    run = live()
    first, second = run.asks(Archive(C1, T1)), run.asks(Archive(C2, T1))
    run.archived(T1)
    assert run.right(first) == run.right(second) == {OK, Reply.NOT_FOUND}
    run.answers(first, Reply.NOT_FOUND)
    assert run.right(second) == {OK}

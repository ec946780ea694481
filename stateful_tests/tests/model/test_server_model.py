"""The server's model: the changes and answers it allows from start to unsubscribe, and those it refuses because nothing asked for them."""

import pytest

from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import (
    AddListener,
    Archive,
    Fork,
    Initialize,
    ListLoaded,
    RemoveListener,
    Reply,
    Request,
    Resume,
    Start,
    Unsubscribe,
)
from subwarden.model.server.state import Change, ChangeKind, ServerState
from subwarden.stateful_tests.tests.model.server_model import (
    C1,
    C2,
    CLOSING,
    LOADED,
    OK,
    T1,
    T2,
    T3,
    UNLOADED,
    V1,
    V2,
    Run,
    linked,
    live,
    named,
    subscribed,
    unlinked,
    unnamed,
)


@pytest.mark.parametrize(
    "change",
    [
        Change(ChangeKind.LIVE, connection=3),
        LOADED._replace(thread=T2, other=V2),
        linked(C2),
        named(C1, 1),
        unlinked(C1),
        CLOSING,
        UNLOADED,
        Change(ChangeKind.DEAD, connection=C1),
    ],
    ids=lambda change: change.kind.value,
)
def test_a_change_without_a_request_is_refused(change: Change) -> None:
    assert subscribed(C1).refuses(change)


def test_an_id_that_nobody_removes_stays() -> None:
    run = subscribed(C1)
    run.asks(AddListener(C1, 1, T1, False))
    run.shows(named(C1, 1))
    number = run.asks(ListLoaded(C2))
    run.answers(number)
    run.answers(3 + 1)  # that of the id
    assert run.refuses(unnamed(C1, 1))
    run.asks(RemoveListener(C2, 1))
    run.shows(unnamed(C1, 1))


def test_the_empty_state_refuses_every_change() -> None:
    for what in ChangeKind:
        if what is not ChangeKind.UNNAMED and what is not ChangeKind.UNLINKED:  # of these there is none to end
            assert not pr.explain(ServerState(), Change(what, T1, C1, 1)), what


def test_a_connection_is_live_after_initialize_and_never_again_after_its_close() -> None:
    run = Run()
    run.asks(Initialize(C1))
    run.outside(pr.close, C1)
    run.shows(Change(ChangeKind.LIVE, connection=C1), Change(ChangeKind.DEAD, connection=C1))
    run.asks(Initialize(C1))
    assert run.refuses(Change(ChangeKind.LIVE, connection=C1))


def test_a_client_that_closes_is_not_subscribed_any_more() -> None:
    run = subscribed(C1, C2)
    run.outside(pr.close, C1)
    run.shows(unlinked(C1), Change(ChangeKind.DEAD, connection=C1))
    assert not run.state.linked(T1, C1)
    assert run.state.linked(T1, C2)
    run.asks(Resume(C1, T1))
    assert run.refuses(linked(C1))


def test_any_request_but_initialize_may_be_refused_before_the_connection_is_live() -> None:
    run = Run()
    assert Reply.UNINITIALIZED in run.right(run.asks(ListLoaded(C1)))
    assert Reply.UNINITIALIZED not in run.right(run.asks(Initialize(C1)))
    assert Reply.UNINITIALIZED not in live().right(run.asks(ListLoaded(C1)))


def test_a_start_is_answered_when_its_thread_is_loaded_and_linked() -> None:
    run = live()
    number = run.asks(Start(C1, T3, False))
    change = Change(ChangeKind.LOADED, T3, other=V1)
    assert run.refuses(change)
    assert run.right(number) == set()
    run.outside(pr.brought, T3, V1)
    assert run.refuses(change._replace(other=V2))
    assert run.refuses(linked(C1, T3))
    run.shows(change)
    assert OK not in run.right(number)
    assert run.refuses(linked(C2, T3))
    run.shows(linked(C1, T3))
    assert OK in run.right(number)


@pytest.mark.parametrize("request_", [Start(C1, T3, False), Fork(C1, T1, T3), Resume(C1, T1)], ids=lambda r: r.name)
def test_a_request_fails_if_the_engine_cannot_bring_its_conversation(request_: Request) -> None:
    run = live()
    number = run.asks(request_)
    run.outside(pr.brought, T3 if not isinstance(request_, Resume) else T1, None)
    assert run.right(number) == {Reply.FAILED}


def test_no_conversation_is_loaded_in_the_place_of_another() -> None:
    run = subscribed(C1)
    run.asks(Resume(C2, T1))
    run.outside(pr.brought, T1, V2)
    assert run.refuses(LOADED._replace(other=V2))


def test_a_fork_or_resume_of_an_unknown_thread_is_not_found() -> None:
    run = live()
    assert run.right(run.asks(Fork(C1, 9, T3))) == {Reply.NOT_FOUND}
    assert run.right(run.asks(Resume(C1, 9))) == {Reply.NOT_FOUND}
    assert run.right(run.asks(Resume(C1, T1))) == set()


def test_a_resume_answered_before_it_is_linked_is_owed_a_link() -> None:
    run = subscribed(C1)
    number = run.asks(Resume(C2, T1))
    run.answers(number)
    assert run.state.owed == {(T1, C2)}
    assert run.state.subscribed(T1)
    run.shows(linked(C2))
    assert not run.state.owed
    assert run.state.linked(T1, C2)


def test_an_owed_link_ends_with_the_client_or_the_thread() -> None:
    for end in ("close", "unload"):
        run = subscribed(C1)
        run.answers(run.asks(Resume(C2, T1)))
        if end == "close":
            run.outside(pr.close, C2)
        else:
            run.asks(Archive(C1, T1))
            run.shows(CLOSING)
        assert not run.state.owed


def test_an_owed_link_keeps_the_thread_from_being_unloaded() -> None:
    run = subscribed(C1)
    run.answers(run.asks(Resume(C2, T1)))
    run.asks(Unsubscribe(C1, T1))
    run.shows(unlinked(C1))
    assert run.refuses(CLOSING)


def test_a_client_with_an_owed_link_cannot_be_told_that_it_is_not_subscribed() -> None:
    run = subscribed(C1)
    run.answers(run.asks(Resume(C2, T1)))
    assert run.right(run.asks(Unsubscribe(C2, T1))) == set()


def test_the_answer_to_an_unsubscribe_follows_its_effect() -> None:
    run = subscribed(C1, C2)
    number = run.asks(Unsubscribe(C1, T1))
    assert run.right(number) == set()
    assert run.refuses(unlinked(C2))
    run.shows(unlinked(C1))
    assert run.right(number) == {OK}
    assert run.right(run.asks(Unsubscribe(C1, T1))) == {Reply.NOT_SUBSCRIBED}
    assert run.right(run.asks(Unsubscribe(C1, T2))) == {Reply.NOT_LOADED}


def test_one_unsubscribe_ends_one_subscription() -> None:
    run = subscribed(C1)
    run.asks(Unsubscribe(C1, T1))
    run.shows(unlinked(C1))
    run.asks(Resume(C1, T1))
    run.shows(linked(C1))
    assert run.refuses(unlinked(C1))


def test_a_start_may_be_told_that_its_thread_is_closing_before_the_end_of_its_subscription_shows() -> None:
    run = live()
    number = run.asks(Start(C1, T3, False))
    run.outside(pr.brought, T3, V1)
    run.shows(Change(ChangeKind.LOADED, T3, other=V1), linked(C1, T3))
    assert run.right(number) == {OK}
    run.asks(Archive(C2, T3))
    run.shows(Change(ChangeKind.CLOSING, T3))
    assert run.right(number) == {OK, Reply.ENDED}


def two_unsubscribes() -> tuple[Run, int, int]:
    """Both wait, and one of them has ended the subscription."""
    run = subscribed(C1, C2)
    first, second = (run.asks(Unsubscribe(C1, T1)) for _ in range(2))
    run.shows(unlinked(C1))
    assert run.right(first) == run.right(second) == {OK, Reply.NOT_SUBSCRIBED}
    return run, first, second


@pytest.mark.parametrize("told", [OK, Reply.NOT_SUBSCRIBED])
@pytest.mark.parametrize("other", [False, True])
def test_the_end_of_a_subscription_is_told_to_one_of_two_unsubscribes(told: Reply, other: bool) -> None:
    run, first, second = two_unsubscribes()
    if other:
        first, second = second, first
    run.answers(first, told)
    assert run.right(second) == ({Reply.NOT_SUBSCRIBED} if told is OK else {OK})


def test_an_unsubscribe_that_was_cancelled_may_be_the_one() -> None:
    run, first, second = two_unsubscribes()
    run.outside(pr.cancel, first)
    run.answers(first, Reply.CANCELLED)
    assert run.right(second) == {OK, Reply.NOT_SUBSCRIBED}


def test_an_end_that_an_archive_may_have_made_need_not_be_told_to_an_unsubscribe() -> None:
    run = subscribed(C1, C2)
    run.asks(Archive(C2, T1))
    number = run.asks(Unsubscribe(C1, T1))
    run.shows(unlinked(C1))
    assert run.right(number) == {OK, Reply.NOT_SUBSCRIBED}


def test_one_of_two_clients_that_remove_an_id_is_told_that_it_has() -> None:
    run = subscribed(C1)
    added = run.asks(AddListener(C1, 1, T1, False))
    run.shows(named(C1, 1))
    run.answers(added)
    first, second = (run.asks(RemoveListener(client, 1)) for client in (C1, C2))
    run.shows(unnamed(C1, 1))
    run.answers(second)
    assert run.right(first) == {Reply.NOT_FOUND}


def test_only_the_last_unsubscribe_unloads_the_thread() -> None:
    run = subscribed(C1, C2)
    run.asks(Unsubscribe(C1, T1))
    run.shows(unlinked(C1))
    assert run.refuses(CLOSING)
    assert run.refuses(UNLOADED)
    run.asks(Unsubscribe(C2, T1))
    run.shows(unlinked(C2), CLOSING)
    number = run.asks(Resume(C1, T1))
    assert run.refuses(linked(C1))
    assert run.right(number) == {Reply.CLOSING, Reply.ENDED}
    run.shows(UNLOADED)
    assert run.state.thread(T1) is None


def test_an_archive_unloads_under_its_subscribers_and_is_answered_then() -> None:
    run = subscribed(C1, C2)
    number = run.asks(Archive(C1, T1))
    assert run.right(number) == set()
    run.shows(CLOSING, unlinked(C1), unlinked(C2), UNLOADED)
    assert run.right(number) == set()
    run.archived(T1)
    assert OK in run.right(number)
    assert run.right(run.asks(Resume(C1, T1))) == {Reply.NOT_FOUND}

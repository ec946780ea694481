"""The protocol's model: which changes and which answers it allows, and refuses where nothing asked for them."""

from collections.abc import Callable
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import (
    REQUESTS,
    AddListener,
    Archive,
    Close,
    Fork,
    Initialize,
    ListLoaded,
    RemoveListener,
    Reply,
    Request,
    Resume,
    Rollback,
    Start,
    TurnInterrupt,
    TurnStart,
    Unsubscribe,
    decode,
    encode,
)
from subwarden.model.server.state import IMPLICIT, Change, ChangeKind, Loaded, ServerState

OK = Reply.OK
C1, C2, T1, T2, T3, V1, V2 = 1, 2, 1, 2, 3, 1, 2
LOADED = Change(ChangeKind.LOADED, T1, other=V1)
UNLOADED = Change(ChangeKind.UNLOADED, T1, other=V1)
CLOSING = Change(ChangeKind.CLOSING, T1)


def linked(connection: int, thread: int = T1) -> Change:
    return Change(ChangeKind.LINKED, thread, connection)


def unlinked(connection: int, thread: int = T1) -> Change:
    return Change(ChangeKind.UNLINKED, thread, connection)


def named(connection: int, subscription: int, thread: int = T1) -> Change:
    return Change(ChangeKind.NAMED, thread, connection, subscription)


def unnamed(connection: int, subscription: int, thread: int = T1) -> Change:
    return Change(ChangeKind.UNNAMED, thread, connection, subscription)


class Run:
    """A state, and what has happened to it. Everything that is expected to be allowed must be."""

    def __init__(self) -> None:
        self.state = ServerState(stored=frozenset((T1, T2)))
        self._next = 0

    def asks(self, request: Request) -> int:
        """A request arrives; its number."""
        self._next += 1
        self.state = pr.accept(self.state, self._next, request)
        return self._next

    def outside(self, happens: Callable[..., ServerState], *arguments: object) -> None:
        self.state = happens(self.state, *arguments)

    def shows(self, *changes: Change) -> None:
        for change in changes:
            after = pr.explain(self.state, change)
            assert after is not None, change
            self.state = after

    def refuses(self, change: Change) -> bool:
        return pr.explain(self.state, change) is None

    def answers(self, number: int, reply: Reply = OK) -> None:
        after = pr.answer(self.state, number, reply)
        assert after is not None, f"{number}: {reply}"
        self.state = after

    def right(self, number: int) -> set[Reply]:
        """The answers that it allows."""
        return {reply for reply in Reply if pr.answer(self.state, number, reply) is not None}

    def live(self, *connections: int) -> "Run":
        for connection in connections:
            number = self.asks(Initialize(connection))
            self.shows(Change(ChangeKind.LIVE, connection=connection))
            self.answers(number)
        return self

    def resumed(self, *connections: int, thread: int = T1, conversation: int = V1) -> "Run":
        """Clients 1 and on are live, and these are subscribed."""
        for connection in connections:
            number = self.asks(Resume(connection, thread))
            if self.state.thread(thread) is None:
                self.outside(pr.brought, thread, conversation)
                self.shows(Change(ChangeKind.LOADED, thread, other=conversation))
            self.shows(linked(connection, thread))
            self.answers(number)
        return self


def live() -> Run:
    """Both clients are live, and nothing is loaded."""
    return Run().live(C1, C2)


def subscribed(*connections: int) -> Run:
    """Both clients are live, thread 1 is loaded, and these are subscribed to it."""
    return live().resumed(*connections)


# --- requests as data


def requests() -> st.SearchStrategy[Request]:
    """Any request."""

    def of(kind: type[Request]) -> st.SearchStrategy[Request]:
        hints = get_type_hints(kind)
        return st.builds(kind, **{slot: st.booleans() if hints[slot] is bool else st.integers(0, 9) for slot in kind.__match_args__})

    return st.one_of([of(kind) for kind in REQUESTS])


@given(requests())
def test_a_request_is_the_same_again_when_it_was_encoded(request: Request) -> None:
    assert decode(encode(request)) == request


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "a list that starts with its name"),
        ([], "a list that starts with its name"),
        ([7], "a list that starts with its name"),
        (["reboot", 1], "unknown request 'reboot'"),
        (["initialize"], "takes 1 arguments, not 0"),
        (["thread_start", 1, 3, 1], "1 is not of type bool"),
        (["initialize", True], "True is not of type int"),
    ],
)
def test_what_is_no_request_is_refused_in_one_line(data: object, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        decode(data)
    assert "\n" not in str(raised.value)


# --- changes that nothing asked for


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
def test_a_change_that_nothing_allows_is_refused(change: Change) -> None:
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


def test_every_change_is_refused_where_there_is_nothing() -> None:
    for what in ChangeKind:
        if what is not ChangeKind.UNNAMED and what is not ChangeKind.UNLINKED:  # of those there is nothing to end
            assert pr.explain(ServerState(), Change(what, T1, C1, 1)) is None, what


# --- live and gone


def test_a_connection_is_live_when_it_asked_to_be_and_never_again_when_it_is_gone() -> None:
    run = Run()
    run.asks(Initialize(C1))
    run.outside(pr.close, C1)
    run.shows(Change(ChangeKind.LIVE, connection=C1), Change(ChangeKind.DEAD, connection=C1))
    run.asks(Initialize(C1))
    assert run.refuses(Change(ChangeKind.LIVE, connection=C1))


def test_who_goes_away_is_subscribed_no_more() -> None:
    run = subscribed(C1, C2)
    run.outside(pr.close, C1)
    run.shows(unlinked(C1), Change(ChangeKind.DEAD, connection=C1))
    assert not run.state.linked(T1, C1)
    assert run.state.linked(T1, C2)
    run.asks(Resume(C1, T1))
    assert run.refuses(linked(C1))


def test_who_is_not_live_may_be_told_so_whatever_it_asks_but_to_be_initialized() -> None:
    run = Run()
    assert Reply.UNINITIALIZED in run.right(run.asks(ListLoaded(C1)))
    assert Reply.UNINITIALIZED not in run.right(run.asks(Initialize(C1)))
    assert Reply.UNINITIALIZED not in live().right(run.asks(ListLoaded(C1)))


# --- starts, forks, resumes


def test_a_start_is_answered_when_it_is_loaded_and_linked() -> None:
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
def test_what_the_engine_could_not_bring_has_failed(request_: Request) -> None:
    run = live()
    number = run.asks(request_)
    run.outside(pr.brought, T3 if not isinstance(request_, Resume) else T1, None)
    assert run.right(number) == {Reply.FAILED}


def test_nothing_is_loaded_in_the_place_of_what_is() -> None:
    run = subscribed(C1)
    run.asks(Resume(C2, T1))
    run.outside(pr.brought, T1, V2)
    assert run.refuses(LOADED._replace(other=V2))


def test_a_fork_or_a_resume_of_what_is_nowhere() -> None:
    run = live()
    assert run.right(run.asks(Fork(C1, 9, T3))) == {Reply.NOT_FOUND}
    assert run.right(run.asks(Resume(C1, 9))) == {Reply.NOT_FOUND}
    assert run.right(run.asks(Resume(C1, T1))) == set()


def test_a_resume_that_is_answered_and_not_linked_is_owed_until_it_is() -> None:
    run = subscribed(C1)
    number = run.asks(Resume(C2, T1))
    run.answers(number)
    assert run.state.owed == {(T1, C2)}
    assert run.state.subscribed(T1)
    run.shows(linked(C2))
    assert not run.state.owed
    assert run.state.linked(T1, C2)


def test_what_is_owed_is_no_more_when_the_client_goes_or_the_thread() -> None:
    for end in ("close", "unload"):
        run = subscribed(C1)
        run.answers(run.asks(Resume(C2, T1)))
        if end == "close":
            run.outside(pr.close, C2)
        else:
            run.asks(Archive(C1, T1))
            run.shows(CLOSING)
        assert not run.state.owed


def test_who_is_owed_keeps_the_thread_from_being_unloaded() -> None:
    run = subscribed(C1)
    run.answers(run.asks(Resume(C2, T1)))
    run.asks(Unsubscribe(C1, T1))
    run.shows(unlinked(C1))
    assert run.refuses(CLOSING)


def test_who_is_owed_cannot_be_told_that_it_is_not_subscribed() -> None:
    run = subscribed(C1)
    run.answers(run.asks(Resume(C2, T1)))
    assert run.right(run.asks(Unsubscribe(C2, T1))) == set()


# --- the end of a subscription


def test_an_unsubscribe_is_answered_by_what_it_did() -> None:
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


def test_the_last_one_who_unsubscribes_unloads_and_nobody_before() -> None:
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


def test_an_archive_unloads_whoever_is_subscribed_and_is_answered_then() -> None:
    run = subscribed(C1, C2)
    number = run.asks(Archive(C1, T1))
    assert run.right(number) == set()
    run.shows(CLOSING, unlinked(C1), unlinked(C2), UNLOADED)
    assert run.right(number) == set()
    run.outside(pr.archived, T1)
    assert OK in run.right(number)
    assert run.right(run.asks(Resume(C1, T1))) == {Reply.NOT_FOUND}


# --- ids


def test_removing_an_id_ends_what_it_stands_for_and_nothing_else() -> None:
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
    run.shows(linked(C2), named(C2, 1))
    run.asks(RemoveListener(C1, 1))
    run.shows(unnamed(C2, 1), unlinked(C2))
    assert run.state.grants == {(T1, C1, IMPLICIT)}


def test_an_id_on_what_is_not_loaded() -> None:
    assert live().right(live().asks(AddListener(C1, 1, T1, False))) == set()
    run = live()
    assert run.right(run.asks(AddListener(C1, 1, T1, False))) == {Reply.NOT_LOADED}


# --- turns and rollbacks


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


def test_whatever_a_conversation_has_to_do_is_refused_where_there_is_none() -> None:
    for request in (TurnStart(C1, T1, False), TurnInterrupt(C1, T1), Rollback(C1, T1)):
        run = live()
        number = run.asks(request)
        assert Reply.NOT_LOADED in run.right(number)
        run = subscribed(C1)
        assert Reply.NOT_LOADED not in run.right(run.asks(request))


# --- conversations that end by themselves


def test_a_dead_conversation_may_be_unloaded_and_what_waits_for_it_ends() -> None:
    run = subscribed(C1)
    run.outside(pr.turn, T1, V1, True)
    interrupt, rollback = run.asks(TurnInterrupt(C1, T1)), run.asks(Rollback(C1, T1))
    run.outside(pr.died, T1, V1)
    assert run.state.thread(T1) == Loaded(V1, dead=True)
    assert {OK, Reply.ENDED} <= run.right(interrupt)
    assert run.right(rollback) == {Reply.ENDED, Reply.FAILED}
    run.shows(unlinked(C1), CLOSING, UNLOADED)


def test_one_that_dies_before_it_is_loaded_is_dead_when_it_is() -> None:
    run = live()
    run.asks(Resume(C1, T1))
    run.outside(pr.brought, T1, V1)
    run.outside(pr.died, T1, V1)
    run.shows(LOADED)
    assert run.state.thread(T1) == Loaded(V1, dead=True)


def test_the_death_of_an_earlier_conversation_is_not_that_of_the_present_one() -> None:
    run = subscribed(C1)
    run.outside(pr.died, T1, V2)
    assert run.state.thread(T1) == Loaded(V1)
    assert run.refuses(CLOSING)


# --- answers, cancellation


def test_a_request_is_answered_once() -> None:
    run = live()
    number = run.asks(ListLoaded(C1))
    run.answers(number)
    assert run.right(number) == set()


def test_what_was_right_at_some_moment_stays_right() -> None:
    run = live()
    number = run.asks(Unsubscribe(C1, T1))
    run.resumed(C2)
    assert run.right(number) == {Reply.NOT_LOADED, Reply.NOT_SUBSCRIBED}


def test_what_happens_elsewhere_makes_no_answer_right() -> None:
    """A resume of a thread that runs is not told that something has ended, whose subscription nobody has seen yet."""
    run = subscribed(C1)
    number = run.asks(Resume(C2, T1))
    run.asks(ListLoaded(C1))
    assert run.right(number) == {Reply.OK}
    run.shows(linked(C2))
    run.asks(Unsubscribe(C2, T1))
    run.shows(unlinked(C2))
    assert run.right(number) == {Reply.OK, Reply.ENDED}


def test_cancelled_is_an_answer_to_what_was_cancelled_alone_and_the_others_stay_right() -> None:
    for request in (ListLoaded(C1), Resume(C1, 9), Unsubscribe(C1, T1)):
        run = live()
        number, other = run.asks(request), run.asks(request)
        right = run.right(number)
        assert Reply.CANCELLED not in right
        run.outside(pr.cancel, number)
        assert run.right(number) == right | {Reply.CANCELLED}
        assert run.right(other) == right


def test_what_was_cancelled_may_have_happened_but_what_was_not_comes_first() -> None:
    run = subscribed(C1)
    cancelled, other = run.asks(Resume(C2, T1)), run.asks(Resume(C2, T1))
    run.outside(pr.cancel, cancelled)
    run.shows(linked(C2))
    done = {number: flight.done for number, flight in run.state.flight}
    assert done == {cancelled: False, other: True}
    run.asks(Unsubscribe(C2, T1))
    run.shows(unlinked(C2), linked(C2))
    assert all(flight.done for _, flight in run.state.of(Resume))


# --- whatever happens

ASKED = requests().filter(lambda request: not isinstance(request, Close))
EVENTS = ("ask", "ask", "ask", "change", "change", "change", "answer", "brought", "turn", "rolled", "died", "archived", "close", "cancel")


def happens(state: ServerState, data: st.DataObject, number: int) -> ServerState:
    """Something that may happen next, or nothing."""
    small = st.integers(1, 3)
    what: str = data.draw(st.sampled_from(EVENTS))
    thread, conversation = data.draw(small), data.draw(small)
    after: ServerState | None = None
    if what == "ask":
        after = pr.accept(state, number, data.draw(ASKED))
    elif what == "change":
        after = pr.explain(state, Change(data.draw(st.sampled_from(ChangeKind)), thread, data.draw(small), conversation))
    elif what == "answer" and state.flight:
        after = pr.answer(state, data.draw(st.sampled_from([n for n, _ in state.flight])), data.draw(st.sampled_from(Reply)))
    elif what == "cancel" and state.flight:
        after = pr.cancel(state, data.draw(st.sampled_from([n for n, _ in state.flight])))
    elif what in ("brought", "died"):
        function: Any = getattr(pr, what)
        after = function(state, thread, conversation)
    elif what == "turn":
        after = pr.turn(state, thread, conversation, data.draw(st.booleans()))
    elif what == "rolled":
        after = pr.rolled_back(state, thread)
    elif what == "archived":
        after = pr.archived(state, thread)
    elif what == "close":
        after = pr.close(state, data.draw(small))
    return state if after is None else after


@settings(max_examples=40)
@given(st.data())
def test_whatever_happens_the_state_is_settled_and_has_what_it_must(data: st.DataObject) -> None:
    state = ServerState(stored=frozenset((T1, T2)))
    for number in range(1, 15):
        before = state
        state = happens(state, data, number)
        assert pr.settle(state) == state
        may = {n: flight.may for n, flight in state.flight}
        assert all(flight.may <= may[n] for n, flight in before.flight if n in may)  # what was right stays right
        assert before.gone <= state.gone
        assert not state.gone & state.live
        assert not {c for _, c, _ in state.grants} & state.gone
        assert all(state.running(t) and not state.linked(t, c) for t, c in state.owed)
        assert all(loaded.rolled_back >= 0 for _, loaded in state.loaded)
        for n, flight in state.flight:
            refused = set(Reply) - flight.may
            assert all(pr.answer(state, n, reply) is None for reply in refused)

"""The monitor of deliveries: a smallest sequence reaches each wrong, and its nearest right neighbour reaches none."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subwarden.model.server.deliveries import Deliveries, Wrong
from subwarden.model.server.requests import EngineEvent, EventKind

T1, V1 = 1, 1
C1, C2 = (T1, 1), (T1, 2)  # clients 1 and 2 of thread 1
RAW, PLAIN, EITHER = frozenset((True,)), frozenset((False,)), frozenset((True, False))
KINDS = {
    "started": EventKind.TURN_STARTED,
    "item": EventKind.ITEM,
    "complete": EventKind.TURN_COMPLETE,
    "aborted": EventKind.TURN_ABORTED,
    "rolled back": EventKind.ROLLED_BACK,
}


class Run:
    """A monitor, and the faults it found."""

    def __init__(self) -> None:
        self.monitor = Deliveries()
        self.taken = 0
        self.wrong: list[Wrong] = []

    def take(self, *kinds: str, conversation: int = V1) -> None:
        for kind in kinds:
            self.taken += 1
            self.monitor.taken(T1, conversation, EngineEvent(KINDS[kind], self.taken))

    def linked(self, *pairs: tuple[int, int]) -> None:
        for pair in pairs:
            self.monitor.linked(pair)

    def send(self, pair: tuple[int, int], *numbers: int, raw: bool = False, conversation: int = V1) -> None:
        for number in numbers:
            self._note(self.monitor.sent(pair, conversation, number, raw=raw))

    def ask(self, pair: tuple[int, int]) -> None:
        self._note(self.monitor.asked(pair))

    def tell(self, open_turn: int | None) -> None:
        self._note(self.monitor.told(V1, open_turn))

    def rest(self) -> list[Wrong]:
        self._note(None if self.monitor.missing() is None else Wrong.LOST)
        return self.wrong

    def _note(self, wrong: Wrong | None) -> None:
        if wrong is not None:
            self.wrong.append(wrong)


@pytest.fixture
def run() -> Run:
    """Client 1 was told that it is subscribed."""
    made = Run()
    made.monitor.wants(C1)
    made.monitor.begins(C1)
    made.monitor.wants(C2)
    return made


# --- owed


def test_an_event_is_owed_to_every_client_that_was_told_it_is_subscribed_and_no_other(run: Run) -> None:
    run.linked(C2)
    run.take("started")
    run.send(C1, 1)
    run.send(C2, 1)  # it is subscribed, and its answer is on its way: too early is not wrong
    assert run.rest() == []


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ((1, 2), []),
        ((1,), [Wrong.LOST]),
        ((), [Wrong.LOST]),
        ((2,), [Wrong.LOST]),
        ((1, 1, 2), [Wrong.TWICE]),
        ((1, 2, 1), [Wrong.TWICE]),
    ],
)
def test_events_are_sent_once_in_order_and_one_that_is_left_out_is_lost(run: Run, sent: tuple[int, ...], wrong: list[Wrong]) -> None:
    run.take("started", "item")
    run.send(C1, *sent)
    assert run.rest() == wrong


def test_events_taken_before_the_answer_are_not_owed(run: Run) -> None:
    run.take("started")
    run.monitor.begins(C2)
    run.take("item")
    run.send(C1, 1, 2)
    run.send(C2, 2)
    assert run.rest() == []


def test_each_conversation_counts_its_own_events(run: Run) -> None:
    run.take("started", conversation=1)
    run.take("started", conversation=2)
    run.send(C1, 2, conversation=2)
    run.send(C1, 1, conversation=1)
    assert run.rest() == []


def test_sending_events_of_one_conversation_settles_nothing_of_another(run: Run) -> None:
    run.take("started", conversation=1)
    run.take("started", conversation=2)
    run.send(C1, 2, conversation=2)
    assert run.rest() == [Wrong.LOST]


@pytest.mark.parametrize("end", ["wants_end", "ends", "unloaded", "gone"])
def test_a_client_that_unsubscribes_or_closes_is_owed_nothing_more(run: Run, end: str) -> None:
    run.take("started")
    argument = {"unloaded": T1, "gone": C1[1]}.get(end, C1)
    getattr(run.monitor, end)(argument)
    run.take("item")
    assert run.rest() == []


@pytest.mark.parametrize(("end", "other"), [("unloaded", 2), ("gone", 2)])
def test_other_clients_are_still_owed_their_events(run: Run, end: str, other: int) -> None:
    run.take("started")
    getattr(run.monitor, end)(other)
    assert run.rest() == [Wrong.LOST]


# --- after the end


def test_nothing_is_sent_after_an_unsubscribe_was_answered(run: Run) -> None:
    run.take("started")
    run.monitor.wants_end(C1)
    run.send(C1, 1)  # it was on its way, which is allowed
    assert not run.wrong
    run.monitor.ends(C1)
    run.take("item")
    run.send(C1, 2)
    run.ask(C1)
    assert run.rest() == [Wrong.AFTER_END, Wrong.AFTER_END]


def test_other_clients_are_not_barred(run: Run) -> None:
    run.linked(C2, (T1 + 1, C1[1]))
    run.monitor.ends(C1)
    run.take("started")
    run.send(C2, 1)
    run.monitor.wants((T1 + 1, C1[1]))
    run.send((T1 + 1, C1[1]), 2, conversation=2)
    run.ask(C2)
    assert run.rest() == []


def test_a_client_that_subscribes_again_is_not_barred_and_owed_from_its_answer_on(run: Run) -> None:
    run.monitor.ends(C1)
    run.monitor.wants(C1)
    run.take("started")
    run.send(C1, 1)
    assert run.rest() == []
    run.monitor.begins(C1)
    run.take("item")
    assert run.rest() == [Wrong.LOST]


# --- the history in an answer


@pytest.mark.parametrize(
    ("kinds", "open_turn"),
    [
        ((), None),
        (("started",), 1),
        (("started", "item"), 2),
        (("started", "rolled back"), 1),
        (("started", "item", "complete"), None),
        (("started", "aborted"), None),
        (("item",), None),
        (("started", "complete", "started"), 3),
    ],
)
def test_the_history_is_that_of_the_open_turn(run: Run, kinds: Iterable[str], open_turn: int | None) -> None:
    run.take(*kinds)
    run.tell(open_turn)
    assert not run.wrong
    run.tell(1 if open_turn != 1 else 2)
    assert run.wrong == [Wrong.FOREIGN_HISTORY]


def test_an_empty_history_is_wrong_while_a_turn_is_open(run: Run) -> None:
    run.take("started")
    run.tell(None)
    assert run.wrong == [Wrong.FOREIGN_HISTORY]


# --- raw


@pytest.mark.parametrize(("raw", "wrong"), [(False, []), (True, [Wrong.RAW_FORCED])])
def test_a_client_that_did_not_ask_for_raw_events_is_sent_none(run: Run, raw: bool, wrong: list[Wrong]) -> None:
    run.take("started")
    run.send(C1, 1, raw=raw)
    assert run.rest() == wrong


@pytest.mark.parametrize(("raw", "wrong"), [(True, []), (False, [Wrong.RAW_LOST])])
def test_a_client_that_asked_for_raw_events_is_sent_only_those(run: Run, raw: bool, wrong: list[Wrong]) -> None:
    run.monitor.may_be_raw(C1, RAW)
    run.take("started")
    run.send(C1, 1, raw=raw)
    assert run.rest() == wrong


@pytest.mark.parametrize("raw", [True, False])
def test_while_the_choice_changes_either_form_is_right(run: Run, raw: bool) -> None:
    run.monitor.may_be_raw(C1, EITHER)
    run.take("started")
    run.send(C1, 1, raw=raw)
    assert run.rest() == []


@pytest.mark.parametrize("raw", [True, False])
def test_an_event_taken_before_a_change_of_choice_may_have_either_form_but_not_the_next(run: Run, raw: bool) -> None:
    run.take("started")
    run.monitor.may_be_raw(C1, RAW)
    run.send(C1, 1, raw=raw)
    assert not run.wrong
    run.take("item")
    run.send(C1, 2, raw=raw)
    assert run.rest() == ([] if raw else [Wrong.RAW_LOST])


def test_each_client_has_its_own_choice(run: Run) -> None:
    run.linked(C2)
    run.monitor.may_be_raw(C2, RAW)
    run.take("started")
    run.send(C1, 1)
    run.send(C2, 1, raw=True)
    assert run.rest() == []


# --- all together


@given(st.data())
def test_sending_every_owed_event_at_once_is_right_and_missing_one_is_wrong(data: st.DataObject) -> None:
    """Clients subscribe and leave at random; every subscribed one is sent each event as it is taken."""
    run = Run()
    subscribed: set[tuple[int, int]] = set()
    number = 0
    for move in data.draw(st.lists(st.sampled_from(["join", "leave", "event", "event"]), max_size=20)):
        pair = data.draw(st.sampled_from([C1, C2]))
        if move == "join":
            run.monitor.wants(pair)
            run.monitor.begins(pair)
            subscribed.add(pair)
        elif move == "leave":
            run.monitor.wants_end(pair)
            run.monitor.ends(pair)
            subscribed.discard(pair)
        else:
            number += 1
            run.take("item")
            for each in sorted(subscribed):
                run.send(each, number)
    assert run.monitor.missing() is None
    assert run.wrong == []
    run.take("item")
    assert (run.monitor.missing() is not None) == bool(subscribed)

"""The monitor of approvals: a smallest sequence reaches each wrong, and its nearest right neighbour reaches none."""

import pytest

from subwarden.model.server.approvals import Approval, Approvals
from subwarden.model.server.deliveries import Wrong

T1, V1 = 1, 1
OPEN = Approval(T1, V1, 2)


@pytest.fixture
def monitor() -> Approvals:
    """Client 1 knows that it is subscribed, and the conversation waits for an approval."""
    made = Approvals()
    made.opened(OPEN, told={1}, linked={1}, asking={})
    return made


def left(monitor: Approvals, *asking: Approval) -> list[Wrong]:
    return [wrong for wrong, _, _ in monitor.at_rest(asking)]


def test_an_approval_that_is_asked_given_told_and_heard_is_right(monitor: Approvals) -> None:
    assert monitor.sent(1, OPEN) is None
    monitor.given(1, OPEN)
    assert monitor.settled(1, OPEN) is None
    assert monitor.heard(OPEN) is None
    assert left(monitor) == []


def test_an_approval_that_is_refused_is_heard_as_refused(monitor: Approvals) -> None:
    assert monitor.sent(1, OPEN) is None
    monitor.given(1, OPEN, granted=False)
    assert left(monitor, OPEN) == [Wrong.APPROVAL_LOST]
    assert monitor.heard(OPEN) is Wrong.MISHEARD
    assert monitor.heard(OPEN, granted=False) is None


def test_the_first_answer_to_an_approval_counts(monitor: Approvals) -> None:
    monitor.wants((T1, 2))
    assert monitor.sent(1, OPEN) is monitor.sent(2, OPEN) is None
    monitor.given(1, OPEN)
    monitor.given(2, OPEN, granted=False)
    assert monitor.heard(OPEN, granted=False) is Wrong.MISHEARD
    assert monitor.heard(OPEN) is None


def test_a_subscriber_must_be_asked_while_the_approval_is_open(monitor: Approvals) -> None:
    assert left(monitor, OPEN) == [Wrong.NOT_ASKED]
    monitor.forget((T1, 1))  # it unsubscribes
    assert left(monitor, OPEN) == []


def test_a_client_that_resumes_is_asked_once_more(monitor: Approvals) -> None:
    assert monitor.sent(1, OPEN) is None
    monitor.wants((T1, 1))
    assert monitor.sent(1, OPEN) is None
    assert monitor.sent(1, OPEN) is Wrong.ASKED_AGAIN


def test_a_client_that_joins_is_owed_the_question_and_may_be_asked_once(monitor: Approvals) -> None:
    monitor.sent(1, OPEN)
    monitor.wants((T1, 2))
    monitor.begins((T1, 2), V1)
    assert left(monitor, OPEN) == [Wrong.NOT_ASKED]
    assert monitor.sent(2, OPEN) is None
    assert left(monitor, OPEN) == []
    assert monitor.sent(2, OPEN) is Wrong.ASKED_AGAIN


def test_a_client_with_a_request_in_flight_may_be_asked() -> None:
    made = Approvals()
    made.opened(OPEN, told=(), linked=(), asking={1: 1})
    assert made.sent(1, OPEN) is None
    assert made.sent(2, OPEN) is Wrong.ASKED_OTHER


def test_a_given_approval_reaches_the_engine(monitor: Approvals) -> None:
    monitor.sent(1, OPEN)
    monitor.given(1, OPEN)
    assert left(monitor, OPEN) == [Wrong.APPROVAL_LOST]
    assert left(monitor) == []  # its turn was interrupted


def test_an_approval_of_a_client_that_has_left_need_not_reach_the_engine(monitor: Approvals) -> None:
    monitor.sent(1, OPEN)
    monitor.forget((T1, 1))
    monitor.given(1, OPEN)
    assert left(monitor, OPEN) == []


def test_an_approval_that_was_given_need_not_reach_a_conversation_that_is_unloaded(monitor: Approvals) -> None:
    monitor.sent(1, OPEN)
    monitor.given(1, OPEN)
    assert monitor.must_hear(OPEN)
    monitor.unloaded(T1)
    assert not monitor.must_hear(OPEN)
    assert left(monitor, OPEN) == []


def test_the_engine_hears_of_no_approval_that_nobody_was_asked_for(monitor: Approvals) -> None:
    assert monitor.heard(OPEN) is Wrong.APPROVED_BY_NOBODY
    monitor.sent(1, OPEN)
    assert monitor.heard(OPEN) is Wrong.NOT_GIVEN
    monitor.given(1, OPEN, subscribed=False)
    assert monitor.heard(OPEN) is Wrong.NOT_GIVEN


def test_an_approval_of_another_conversation_is_another(monitor: Approvals) -> None:
    monitor.sent(1, OPEN)
    monitor.given(1, OPEN._replace(conversation=V1 + 1))
    assert monitor.heard(OPEN) is Wrong.NOT_GIVEN
    monitor.over(V1 + 1)
    monitor.given(1, OPEN)
    assert monitor.heard(OPEN) is None


def test_a_client_that_has_come_back_may_give_an_approval_that_it_was_asked_for_before(monitor: Approvals) -> None:
    monitor.sent(1, OPEN)
    monitor.forget((T1, 1))
    monitor.given(1, OPEN)
    assert monitor.heard(OPEN) is None


def test_every_client_that_was_asked_is_told_that_it_is_settled(monitor: Approvals) -> None:
    monitor.wants((T1, 2))
    monitor.begins((T1, 2), V1)
    for client in (1, 2):
        monitor.sent(client, OPEN)
    monitor.given(1, OPEN)
    monitor.settled(1, OPEN)
    monitor.heard(OPEN)
    assert left(monitor) == [Wrong.NOT_SETTLED]
    monitor.settled(2, OPEN)
    assert left(monitor) == []


@pytest.mark.parametrize("end", ["forget", "gone", "unloaded"])
def test_whoever_has_left_need_not_be_told(monitor: Approvals, end: str) -> None:
    monitor.sent(1, OPEN)
    monitor.given(1, OPEN)
    monitor.heard(OPEN)
    assert left(monitor) == [Wrong.NOT_SETTLED]
    getattr(monitor, end)({"forget": (T1, 1), "gone": 1, "unloaded": T1}[end])
    assert left(monitor) == []


def test_only_those_who_were_asked_are_told_and_once(monitor: Approvals) -> None:
    assert monitor.settled(2, OPEN) is Wrong.SETTLED_OTHER
    monitor.sent(1, OPEN)
    assert monitor.settled(1, OPEN) is None
    assert monitor.settled(1, OPEN) is Wrong.SETTLED_OTHER


def test_nothing_is_owed_once_the_turn_is_over(monitor: Approvals) -> None:
    monitor.over(T1)
    monitor.begins((T1, 2), V1)
    assert left(monitor, OPEN) == []


def test_a_client_that_was_asked_is_not_asked_again_if_only_an_id_of_its_subscription_is_removed() -> None:
    for ends, owed in ((False, False), (True, True)):
        approvals, pair, approval = Approvals(), (1, 2), Approval(1, 1, 2)
        approvals.opened(approval, {2}, {2}, {})
        assert approvals.sent(2, approval) is None
        (approvals.forget if ends else approvals.may_end)(pair)
        approvals.wants(pair)
        approvals.begins(pair, 1)
        assert approvals.owes(2, approval) is owed

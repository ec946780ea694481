"""What the engine must hear of, and what it must not."""

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply
from subwarden.model.server.submissions import Submissions

TURN, ASKING = rq.TurnStart(1, 1, False), rq.TurnStart(1, 1, True)


def test_a_turn_is_submitted_before_it_is_confirmed() -> None:
    monitor = Submissions()
    monitor.asked(TURN)
    assert monitor.made(rq.TurnStart(0, 1, False))
    assert monitor.answered(TURN, Reply.OK)
    monitor.asked(TURN)
    assert not monitor.answered(TURN, Reply.OK)  # the submission belongs to the first


def test_a_turn_of_another_kind_or_thread_does_not_count() -> None:
    for other in (ASKING, rq.TurnStart(1, 2, False)):
        monitor = Submissions()
        monitor.asked(TURN)
        monitor.asked(other)
        assert monitor.made(other)
        assert not monitor.answered(TURN, Reply.OK)


def test_the_engine_hears_of_nothing_that_was_refused_or_not_asked_for() -> None:
    monitor = Submissions()
    assert not monitor.made(rq.Rollback(0, 1))
    monitor.asked(TURN)
    assert monitor.answered(TURN, Reply.NOT_LOADED)
    assert not monitor.made(TURN)
    assert monitor.count(TURN) == 1


def test_a_cancelled_request_may_have_been_submitted() -> None:
    monitor = Submissions()
    monitor.asked(TURN)
    assert monitor.answered(TURN, Reply.CANCELLED)
    assert monitor.made(TURN)


def test_an_interrupt_may_be_confirmed_unheard() -> None:
    monitor = Submissions()
    monitor.asked(rq.TurnInterrupt(1, 1))
    assert monitor.answered(rq.TurnInterrupt(1, 1), Reply.OK)  # no turn was open

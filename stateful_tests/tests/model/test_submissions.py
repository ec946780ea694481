"""What the engine must hear of, and what it must not."""

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import EngineEvent, EventKind, Reply
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


def test_a_rollback_whose_conversation_has_ended_had_been_submitted() -> None:
    monitor = Submissions()
    for number in (1, 2):
        monitor.asked(ROLLBACK, number)
        assert monitor.made(ROLLBACK, number)
        monitor.over(ROLLBACK.thread)
        assert monitor.answered(ROLLBACK, Reply.ENDED, number)
        assert monitor.done(number, Reply.ENDED)
    monitor.asked(ROLLBACK, 3)
    assert monitor.answered(ROLLBACK, Reply.ENDED, 3)
    assert not monitor.made(ROLLBACK, 3), "it had ended before the engine was told"


def test_of_two_requests_the_one_that_is_not_refused_was_submitted() -> None:
    for answers in ((Reply.ENDED, Reply.NOT_LOADED), (Reply.NOT_LOADED, Reply.ENDED)):
        monitor = Submissions()
        monitor.asked(ROLLBACK, 1)
        monitor.asked(ROLLBACK, 2)
        assert monitor.made(ROLLBACK, 1)
        for number, reply in enumerate(answers, 1):
            assert monitor.answered(ROLLBACK, reply, number)
        monitor.asked(ROLLBACK, 3)
        assert monitor.made(ROLLBACK, 2), "the third has a submission of its own"
        assert not monitor.made(ROLLBACK, 2), "nobody has asked for another"


def test_a_request_that_was_answered_is_submitted_no_more() -> None:
    for reply in (Reply.OK, Reply.ENDED):
        monitor = Submissions()
        monitor.asked(INTERRUPT, 1)
        assert monitor.answered(INTERRUPT, reply, 1)
        assert not monitor.made(INTERRUPT, 1, 1)


def test_an_interrupt_may_be_confirmed_unheard() -> None:
    monitor = Submissions()
    monitor.asked(rq.TurnInterrupt(1, 1))
    assert monitor.answered(rq.TurnInterrupt(1, 1), Reply.OK)  # no turn was open


# --- interrupts and rollbacks


INTERRUPT, ROLLBACK = rq.TurnInterrupt(1, 1), rq.Rollback(1, 1)
STARTED, ENDED, ROLLED_BACK = EventKind.TURN_STARTED, EventKind.TURN_ABORTED, EventKind.ROLLED_BACK


class Run:
    """A monitor of conversation 1 of thread 1, which has a turn."""

    def __init__(self) -> None:
        self.monitor = Submissions()
        self.turn(1)

    def turn(self, number: int) -> None:
        self.monitor.asked(TURN)
        self.monitor.made(TURN, 1, number)

    def ask(self, request: rq.TurnInterrupt | rq.Rollback, number: int, turn: int | None = 1) -> None:
        """`turn`: what the engine says; None: it is not told."""
        self.monitor.asked(request, number)
        if turn is not None:
            self.monitor.made(request, 1, turn)

    def emit(self, kind: EventKind, *, taken: bool = True) -> None:
        self.monitor.emitted(1, 1, EngineEvent(kind, 1))
        if taken:
            self.monitor.taken(1, EngineEvent(kind, 1))


def test_an_interrupt_is_confirmed_when_a_listener_has_taken_the_end_of_its_turn() -> None:
    run = Run()
    run.ask(INTERRUPT, 1)
    run.ask(INTERRUPT, 2)
    run.emit(ENDED, taken=False)
    assert not run.monitor.done(1, Reply.OK)
    run.monitor.taken(1, EngineEvent(ENDED, 1))
    assert run.monitor.done(2, Reply.OK)


def test_the_end_of_another_turn_confirms_no_interrupt() -> None:
    run = Run()
    run.emit(ENDED, taken=False)
    run.turn(2)
    run.ask(INTERRUPT, 1, turn=2)
    run.monitor.taken(1, EngineEvent(ENDED, 1))
    assert run.monitor.told(1)
    assert not run.monitor.done(1, Reply.OK)


def test_an_interrupt_is_confirmed_while_no_turn_is_open_or_when_the_conversation_is_over() -> None:
    run = Run()
    run.emit(ENDED)
    run.ask(INTERRUPT, 1, turn=None)
    assert run.monitor.done(1, Reply.OK)
    run.turn(2)
    run.ask(INTERRUPT, 2, turn=None)
    assert not run.monitor.told(2)
    assert not run.monitor.done(2, Reply.OK)
    run.ask(INTERRUPT, 3, turn=2)
    run.monitor.over(1)
    assert run.monitor.done(3, Reply.OK)


def test_two_interrupts_do_not_share_what_the_engine_is_told() -> None:
    run = Run()
    run.monitor.asked(INTERRUPT, 1)
    run.ask(INTERRUPT, 2)
    assert [run.monitor.told(number) for number in (1, 2)] == [False, True]
    run.turn(2)  # else there was a moment without a turn, at which the other may be answered
    run.emit(ENDED)
    assert run.monitor.done(1, Reply.OK)
    assert not run.monitor.done(2, Reply.OK)


def test_an_interrupt_that_the_engine_was_not_told_of_may_be_confirmed_once_no_turn_is_open() -> None:
    run = Run()
    run.monitor.asked(INTERRUPT, 1)
    run.ask(INTERRUPT, 2)
    run.emit(ENDED)
    assert run.monitor.done(1, Reply.OK)
    assert run.monitor.done(2, Reply.OK)


def test_an_interrupt_of_a_client_that_has_gone_takes_no_submission_from_others() -> None:
    run = Run()
    run.ask(INTERRUPT, 1)
    run.monitor.asked(rq.TurnInterrupt(2, 1), 2)
    run.monitor.made(INTERRUPT, 1, 1)
    run.monitor.asked(rq.TurnInterrupt(3, 1), 3)
    run.monitor.gone(3)
    assert [run.monitor.told(number) for number in (1, 2)] == [True, True]


def test_an_interrupt_that_is_excused_takes_no_submission_from_others() -> None:
    run = Run()
    run.monitor.asked(INTERRUPT, 1)
    run.ask(rq.TurnInterrupt(2, 1), 2)
    assert [run.monitor.told(1), run.monitor.told(1, {2}), run.monitor.told(2)] == [False, True, True]


def test_an_earlier_submission_is_not_a_later_interrupt_s() -> None:
    run = Run()
    run.ask(INTERRUPT, 1)
    run.monitor.asked(INTERRUPT, 2)
    assert [run.monitor.told(number) for number in (1, 2)] == [True, False]
    run.monitor.made(INTERRUPT, 1, 1)
    assert run.monitor.told(2)


def test_each_rollback_is_confirmed_by_its_own_event() -> None:
    run = Run()
    run.ask(ROLLBACK, 1, turn=0)
    run.ask(ROLLBACK, 2, turn=None)
    assert run.monitor.done(2, Reply.BUSY)
    assert not run.monitor.done(1, Reply.OK)
    run.ask(ROLLBACK, 3, turn=0)
    run.emit(ROLLED_BACK)
    run.ask(ROLLBACK, 4, turn=0)
    assert not run.monitor.done(4, Reply.OK)
    run.emit(ROLLED_BACK)
    assert run.monitor.done(3, Reply.OK)

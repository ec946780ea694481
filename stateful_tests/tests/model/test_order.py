"""When the requests of a connection may begin: those that a handler answers itself come first."""

from subwarden.model.server import requests as rq
from subwarden.model.server.order import ANSWERS_FIRST, Order
from subwarden.model.server.waits import MAY_WAIT, WorkKind

ADD, UNSUBSCRIBE, RESUME, LIST = rq.AddListener(1, 1, 1, False), rq.Unsubscribe(1, 1), rq.Resume(1, 1), rq.ListLoaded(1)


def test_a_request_begins_when_the_one_before_it_is_answered() -> None:
    order = Order()
    assert order.arrives(1, ADD) == [(1, ADD)]
    assert order.arrives(2, UNSUBSCRIBE) == order.arrives(3, LIST) == []
    assert order.ends(3, 1) == []
    assert order.ends(1, 1) == [(2, UNSUBSCRIBE)]
    assert order.ends(2, 1) == [(3, LIST)]


def test_what_waits_for_the_engine_holds_up_nothing() -> None:
    order = Order()
    assert order.arrives(1, RESUME) == [(1, RESUME)]
    assert order.arrives(2, UNSUBSCRIBE) == [(2, UNSUBSCRIBE)]
    assert order.arrives(3, RESUME) == order.arrives(4, RESUME) == []
    assert order.ends(1, 1) == []
    assert order.ends(2, 1) == [(3, RESUME), (4, RESUME)]


def test_connections_do_not_wait_for_each_other() -> None:
    order = Order()
    order.arrives(1, ADD)
    assert order.arrives(2, rq.Unsubscribe(2, 1)) == [(2, rq.Unsubscribe(2, 1))]


def test_all_may_begin_once_nobody_hears_the_answers() -> None:
    order = Order()
    order.arrives(1, ADD)
    order.arrives(2, UNSUBSCRIBE)
    order.arrives(3, LIST)
    assert order.gone(1) == [(2, UNSUBSCRIBE), (3, LIST)]
    assert order.gone(1) == order.ends(1, 1) == []


def test_no_request_that_may_wait_for_the_engine_is_answered_first() -> None:
    waits = {kind for kind, works in MAY_WAIT.items() if works} | {rq.TurnInterrupt, rq.Rollback}
    assert not waits & set(ANSWERS_FIRST)
    assert waits | set(ANSWERS_FIRST) == set(MAY_WAIT)
    assert WorkKind.LOADS in MAY_WAIT[rq.Resume]

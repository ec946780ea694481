"""Requests as data, and random runs of the server's model: each state is settled and consistent."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import (
    Close,
    Reply,
    Request,
    decode,
    encode,
)
from subwarden.model.server.state import Change, ChangeKind, ServerState
from subwarden.model.server.transitions import States
from subwarden.stateful_tests.tests.model.server_model import T1, T2, requests


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
def test_bad_request_data_is_refused_in_one_line(data: object, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        decode(data)
    assert "\n" not in str(raised.value)


ASKED = requests().filter(lambda request: not isinstance(request, Close))
EVENTS = ("ask", "ask", "ask", "change", "change", "change", "answer", "brought", "turn", "rolled", "died", "archived", "close", "cancel")


def happens(state: ServerState, data: st.DataObject, number: int) -> ServerState:
    """One random event, if it is possible."""
    small = st.integers(1, 3)
    what: str = data.draw(st.sampled_from(EVENTS))
    thread, conversation = data.draw(small), data.draw(small)
    after: ServerState | States | None = None
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
    if isinstance(after, ServerState):
        return after
    return data.draw(st.sampled_from(after)) if after else state


@settings(max_examples=40)
@given(st.data())
def test_random_events_keep_the_state_settled_and_its_invariants(data: st.DataObject) -> None:
    state = ServerState(stored=frozenset((T1, T2)))
    for number in range(1, 15):
        before = state
        state = happens(state, data, number)
        assert pr.settle(state) == state
        now = dict(state.flight)
        for n, flight in before.flight:  # an answer once right stays right, until the request has changed something
            assert n not in now or flight.may <= now[n].may or now[n].done > flight.done or now[n].replied != flight.replied
        assert before.gone <= state.gone
        assert not state.gone & state.live
        assert not {c for _, c, _ in state.grants} & state.gone
        assert all(state.running(t) and not state.linked(t, c) for t, c in state.owed)
        assert all(loaded.rolled_back >= 0 for _, loaded in state.loaded)
        for n, flight in state.flight:
            refused = set(Reply) - flight.may
            assert not any(pr.answer(state, n, reply) for reply in refused)

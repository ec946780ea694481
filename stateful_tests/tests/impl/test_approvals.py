"""Approvals: pending until an asked client answers, oldest first, and dropped with their thread."""

import pytest

from subwarden.impl.server.approvals import Approvals
from subwarden.model.server.approvals import Approval

FIRST, SECOND, OTHER = Approval(1, 1, 2), Approval(1, 1, 5), Approval(2, 2, 2)


@pytest.fixture
def approvals() -> Approvals:
    """Three approvals of two threads, with different clients asked."""
    made = Approvals()
    made.ask(FIRST, (1, 2))
    made.ask(OTHER, (1,))
    made.ask(SECOND, ())
    return made


def test_the_pending_approvals_of_a_thread_come_oldest_first(approvals: Approvals) -> None:
    assert approvals.of_thread(1) == [FIRST, SECOND]
    assert approvals.of_thread(2) == [OTHER]
    assert approvals.of_thread(3) == []


def test_only_an_asked_client_can_answer_and_the_first_answer_counts(approvals: Approvals) -> None:
    assert not approvals.settle(FIRST, 3)
    assert approvals.settle(FIRST, 2)
    assert not approvals.settle(FIRST, 1)
    assert not approvals.settle(FIRST, 2)
    assert approvals.of_thread(1) == [SECOND]


def test_a_client_that_is_asked_later_can_answer(approvals: Approvals) -> None:
    assert not approvals.settle(SECOND, 3)
    assert approvals.also_asked(SECOND, 3)
    assert approvals.settle(SECOND, 3)
    assert not approvals.also_asked(SECOND, 1)  # settled: there is nothing to ask


def test_cancelling_a_thread_drops_its_approvals_only(approvals: Approvals) -> None:
    approvals.cancel(1)
    assert len(approvals) == 1
    assert not approvals.settle(FIRST, 1)
    assert approvals.settle(OTHER, 1)
    assert len(approvals) == 0

"""A hunt believes a finding only if its run can be followed and shows it again."""

import asyncio
from collections.abc import Generator

import pytest

from subwarden.checking import causes
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.model.manager import operations as op
from subwarden.model.properties import Property
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible, confirm, find
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.outcome import CheckOutcome, merged
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.hunt.searching import ANY, CLOSES, FIFO, Search

pytestmark = pytest.mark.usefixtures("short_rounds")


def counting() -> Generator[int, int | None]:
    """Gives 1, 2, 3, ..., or goes on from what is sent. A generator is not put back before a run."""
    number = 0
    while True:
        sent = yield number
        number = number + 1 if sent is None else sent


class Chancy(Manager):
    """Behaves differently each time it is made."""

    made = counting()
    next(made)

    def __init__(self) -> None:
        super().__init__()
        self.odd = next(self.made) % 2 == 1

    async def has_subscribers(self, thread_id: int) -> bool:
        return self.odd or await super().has_subscribers(thread_id)


def test_a_subject_with_chance_of_its_own_is_a_doubt_and_no_finding() -> None:
    search = Search(Chancy, ANY)
    with running():
        search.hunter._drive_variant(ManagerProgram(((op.HasSubscribers(1),), (op.HasSubscribers(2),))), 100)
    assert not search.told
    assert search.hunter.take().doubts


def test_a_cause_that_shows_only_every_other_time_is_not_believed() -> None:
    program = ManagerProgram(((op.HasSubscribers(1),),))
    with running():
        runner = Runner(MANAGER_LEVEL, Chancy, Order.FIFO)
        Chancy.made.send(0)
        result, names = runner.record(program, lambda *_: fixed([]))
        (cause,) = result.violations
        for made in (2, 3):  # it shows when it is followed first, or second
            Chancy.made.send(made)
            with pytest.raises(NotReproducible):
                confirm(runner, cause, program, names)


class Wavers(SourceManager):
    """Every other instance takes one step more."""

    made = counting()
    next(made)

    def __init__(self) -> None:
        super().__init__()
        self.odd = next(self.made) % 2 == 1

    async def remove_connection(self, connection_id: int) -> None:
        if self.odd:
            await asyncio.sleep(0)
        await super().remove_connection(connection_id)


def test_a_run_that_cannot_be_followed_is_not_reproducible() -> None:
    with running():
        runner = Runner(MANAGER_LEVEL, Wavers, Order.FIFO)
        _, names = runner.record(CLOSES, lambda *_: fixed([]))
        with pytest.raises(NotReproducible, match="after step"):
            confirm(runner, causes.REVIVED, CLOSES, names)


def test_a_systematic_search_gives_up_on_a_nondeterministic_subject() -> None:
    """It may not cost the finding, which is believed if it can be followed."""
    with running():
        assert find(Runner(MANAGER_LEVEL, Wavers, Order.ANY), causes.OUTLIVES, CLOSES, 50) is None


def test_better_evidence_replaces_worse() -> None:
    search = Search(SourceManager, FIFO)
    with running():
        search.hunter._drive_variant(CLOSES, 50)
    raw, small = search.told
    assert small.rank() < raw.rank()
    in_any = small._replace(finding=small.finding.__class__(small.finding.cause, Order.ANY, False, CLOSES, (), (1, 0), "manager"))
    assert small.rank() < in_any.rank()
    assert raw.rank() < in_any.rank(), "a weaker order is worth more than a smaller run"
    for told in (small, in_any), (in_any, small):  # in the gate, whichever check is merged first
        whole = merged(CheckOutcome("each", findings={kept.finding.cause: kept.finding}) for kept in told)
        assert whole.findings == {small.finding.cause: small.finding}
    assert Property.P2 is small.finding.broken

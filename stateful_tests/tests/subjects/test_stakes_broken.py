"""A count of what a server could have broken is false if a server that breaks it passes in the same run, or is found in another.

Each planted defect here never meets one duty. The sound server plays the same program by the same plain schedule: it counts the duty as one
that could have been broken if, and only if, the defect is found.
"""

import pytest

from subwarden.impl.manager.manager import Manager
from subwarden.impl.server.engine import Engine
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Closed, EventKind, Message, Notice, Request
from subwarden.model.server.stakes import Stake
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.specimens.server_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.server_defects.defect import BOTH, RESUMED, A, B, Drops
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.tests.subjects.server_play import Scripted, program, server

BY_NAME = {defect.name: defect for defect in DEFECTS}


class DropsBeginnings(Drops):
    """Nobody is sent the event that a turn begins."""

    def drops(self, connection: int, message: Message) -> bool:
        return isinstance(message, Notice) and message.event.kind is EventKind.TURN_STARTED


class SaysNoClosed(Drops):
    """Nobody is told that a thread was closed."""

    def drops(self, connection: int, message: Message) -> bool:
        return isinstance(message, Closed)

    async def broadcast(self, message: Message) -> None:
        if not self.drops(0, message):
            await super().broadcast(message)


def dropping(engine: Engine) -> DropsBeginnings:
    return DropsBeginnings(Manager(), engine)


def silent(engine: Engine) -> SaysNoClosed:
    return SaysNoClosed(Manager(), engine)


TURN, ASKING = rq.TurnStart(1, 1, False), rq.TurnStart(1, 1, True)
NEVER: tuple[tuple[Stake, Factory, tuple[Request, ...], tuple[ServerFault, ...]], ...] = (
    (Stake.ASKED, BY_NAME["AsksNobody"].factory, (*BOTH, ASKING), ()),
    (Stake.HEARD, BY_NAME["IgnoresApprovals"].factory, (*BOTH, ASKING), ()),
    (Stake.DENIED, BY_NAME["RefusalIsLost"].factory, (*BOTH, ASKING), (ServerFault(FaultKind.DENIES, 2), ServerFault(FaultKind.DENIES, 3))),
    (Stake.SETTLED, BY_NAME["TellsNobodyItIsSettled"].factory, (*BOTH, ASKING), ()),
    (Stake.STARTED, BY_NAME["SaysNoStarted"].factory, (A, B, rq.Start(1, 3, False)), ()),
    (Stake.CLOSED, silent, (*RESUMED, B, rq.Archive(1, 1)), ()),
    (Stake.SUBMITTED, BY_NAME["TurnIsForgotten"].factory, (*BOTH, TURN), ()),
    (Stake.DELIVERED, dropping, (*BOTH, TURN), ()),
    (Stake.DELIVERED, dropping, (*BOTH, ASKING), (ServerFault(FaultKind.SILENT, 2), ServerFault(FaultKind.SILENT, 3))),
    (Stake.UNLOADED, BY_NAME["NeverUnloads"].factory, (*RESUMED, B, rq.Unsubscribe(1, 1)), ()),
)
AFTERWARDS: tuple[tuple[Request, ...], ...] = (
    (),
    (rq.Close(1),),
    (rq.Close(1), rq.Close(2)),
    (rq.Unsubscribe(1, 1),),
    (rq.Unsubscribe(1, 1), rq.Unsubscribe(2, 1)),
    (rq.Archive(2, 1),),
    (rq.Archive(2, 3),),
    (rq.Resume(2, 1),),
    (rq.TurnInterrupt(2, 1),),
)


def run(factory: Factory, played: ServerProgram, holding: tuple[str, ...]) -> tuple[Runner, bool]:
    runner = Runner(SERVER_LEVEL, factory, Order.FIFO)
    with controlled_locks():
        result = runner.run(played, lambda candidates: Scripted(candidates, (), holding), every_choice=True)
    return runner, bool(result.violations)


@pytest.mark.parametrize("holding", [pytest.param((), id="plain"), pytest.param(("+c1 reads",), id="slow client", marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", range(len(NEVER)), ids=lambda at: NEVER[at][0].name.lower())
def test_a_duty_could_have_been_broken_where_a_server_that_never_meets_it_is_found(case: int, holding: tuple[str, ...]) -> None:
    stake, broken, requests, faults = NEVER[case]
    counted, found = {}, {}
    for then in AFTERWARDS:
        played = program(*requests, *then, faults=faults)
        sound, violated = run(server("manager"), played, holding)
        assert not violated
        counted[then] = bool(sound.stakes[stake.value, True])
        found[then] = run(broken, played, holding)[1]
    assert counted == found
    assert True in found.values()

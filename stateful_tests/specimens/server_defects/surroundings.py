"""Defects that show when the surroundings of a server fail: the engine loses an event, a client reads no more, the server must stop.

A server that waits for the lost event, or for what would have come with it (P7, P8); that drops no client, another one, or half of one
(P2, P7); that leaves a thread loaded (P12).
"""

from functools import partial

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.outbox import Outbox
from subwarden.impl.server.owning_listener import OwningListener
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import EventKind, Message, Notice, Start, TurnInterrupt
from subwarden.stateful_tests.specimens.server_defects.defect import (
    ASKING,
    BOTH,
    RESUMED,
    TURN,
    A,
    Defect,
    Drops,
    OtherListener,
    program,
)
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault


class _CountsBeginnings(OwningListener):
    def _turn_ends(self) -> list[ConnectionRequestId]:
        self._record.turn_open = True
        return super()._turn_ends()


class CountsBeginnings(OtherListener):
    """A turn whose beginning was lost is not counted: its end answers no interrupt."""

    kind = _CountsBeginnings


class EndsOnlyWhatBegan(Drops):
    """The end of a turn is not sent on if its beginning was not: clients are told whole turns only."""

    def drops(self, connection: int, message: Message) -> bool:
        if not isinstance(message, Notice):
            return False
        begun: set[int] = self.__dict__.setdefault("begun", set())
        if message.event.kind is EventKind.TURN_STARTED:
            begun.add(message.conversation)
        return message.conversation not in begun


class WaitsForEver(OwningServer):
    """A client that reads no more is waited for."""

    def drop(self, connection: int) -> None:
        pass


class DropsAtOnce(OwningServer):
    """A client for which a message waits is dropped, though it reads."""

    def open(self, connection: int, outbox: Outbox) -> None:
        super().open(connection, outbox)
        outbox.patience = None if outbox.patience is None else 0.0


class DropsAnother(OwningServer):
    """The client that has connected first is dropped instead."""

    def open(self, connection: int, outbox: Outbox) -> None:
        super().open(connection, outbox)
        outbox.overdue = partial(self.drop, min(self.outboxes))


class DropsTheOutboxOnly(OwningServer):
    """A client that is dropped stays subscribed."""

    def drop(self, connection: int) -> None:
        self.outboxes[connection].drop()


class StopsTheServedOnly(OwningServer):
    """Only threads with subscribers are unloaded; all clients have gone by then."""

    def stop(self) -> None:
        self.stopping = True
        for record in self.records.values():
            if record.members:
                self._end(record)


class StopForgetsStarts(OwningServer):
    """A thread whose start is under way is loaded after the stop, and stays."""

    def stop(self) -> None:
        super().stop()
        self.stopping = False


LOSES = (ServerFault(FaultKind.LOSES, 1),)
HELD_UP = (  # what those who wait for ever do not get
    *map(causes.never_answered, ("initialize", "thread_resume", "turn_start")),
    causes.wrong_delivery(Wrong.LOST),
    causes.LEAKED_TASK,
)
DEAF = (ServerFault(FaultKind.DEAF, 1),)
STOPS = (ServerFault(FaultKind.STOPS, 1),)

DEFECTS = (
    Defect(
        CountsBeginnings,
        causes.never_answered("turn_interrupt"),
        program(*RESUMED, ASKING, TurnInterrupt(1, 1), faults=(*LOSES, ServerFault(FaultKind.SILENT, 1))),
    ),
    Defect(EndsOnlyWhatBegan, causes.wrong_delivery(Wrong.LOST), program(*RESUMED, TURN, faults=LOSES)),
    Defect(WaitsForEver, causes.NOT_DROPPED, program(*BOTH, TURN, faults=DEAF), also=HELD_UP),
    Defect(DropsAtOnce, causes.FALSE_DROP, program(*RESUMED, TURN, faults=DEAF)),
    Defect(
        DropsAnother,
        causes.FALSE_DROP,
        program(*BOTH, TURN, faults=(ServerFault(FaultKind.DEAF, 3),)),
        also=(causes.NOT_DROPPED, *HELD_UP),
    ),
    Defect(DropsTheOutboxOnly, causes.REVIVED, program(*RESUMED, TURN, faults=DEAF)),
    Defect(StopsTheServedOnly, causes.STAYS_LOADED, program(*RESUMED, faults=STOPS)),
    Defect(StopForgetsStarts, causes.STAYS_LOADED, program(A, Start(1, 3, False), faults=STOPS)),
)

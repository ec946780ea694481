"""Defects of a server whose engine loses an event: it waits for that, or for what would have come with it (P7, P8)."""

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.owning_listener import OwningListener
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import EventKind, Message, Notice, TurnInterrupt
from subwarden.stateful_tests.specimens.server_defects.defect import ASKING, RESUMED, TURN, Defect, Drops, OtherListener, program
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


LOSES = (ServerFault(FaultKind.LOSES, 1),)

DEFECTS = (
    Defect(
        CountsBeginnings,
        causes.never_answered("turn_interrupt"),
        program(*RESUMED, ASKING, TurnInterrupt(1, 1), faults=(*LOSES, ServerFault(FaultKind.SILENT, 1))),
    ),
    Defect(EndsOnlyWhatBegan, causes.wrong_delivery(Wrong.LOST), program(*RESUMED, TURN, faults=LOSES)),
)

"""Defects of a server whose engine refuses (P7, P8): the client is told nothing, or that it is done."""

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.engine import EngineFailed, Submission
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.requests import Reply, Rollback, TurnStart
from subwarden.stateful_tests.specimens.server_defects.defect import RESUMED, TURN, Defect, program
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault


class RefusedRollbackWaits(OwningServer):
    """A rollback that the engine refuses waits for its event."""

    async def thread_rollback(self, request_id: ConnectionRequestId, request: Rollback) -> None:
        record = self.records.get(request.thread)
        if record is None or record.closing or record.rollback is not None:
            await super().thread_rollback(request_id, request)
            return
        record.rollback = request_id
        try:
            record.conversation.submit(Submission.ROLLBACK)
        except EngineFailed:
            return


class RefusedTurnIsConfirmed(OwningServer):
    """A turn that the engine refuses is confirmed."""

    async def turn_start(self, request_id: ConnectionRequestId, request: TurnStart) -> None:
        record = self.records.get(request.thread)
        if record is not None and not record.closing and getattr(record.conversation, "_refuses", False):
            await self.answer(request_id, Reply.OK)
        else:
            await super().turn_start(request_id, request)


REFUSES = (ServerFault(FaultKind.REFUSES, 1),)

DEFECTS = (
    Defect(RefusedRollbackWaits, causes.never_answered("thread_rollback"), program(*RESUMED, Rollback(1, 1), faults=REFUSES)),
    Defect(RefusedTurnIsConfirmed, causes.NOT_SUBMITTED, program(*RESUMED, TURN, faults=REFUSES)),
)

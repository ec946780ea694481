"""Our listener: one for each loaded thread, from the load to the unload, with or without subscribers.

It alone sends a thread's events, and all messages that must be in order with them. It decides on the subscribers of an event in the same
hold of the gate in which the turn history takes the event in: a client that resumes either has it in its answer or is sent it, never both
(P8). A subscriber that has gone meanwhile is sent nothing, even by a send that was waiting for room (P8).
"""

from typing import TYPE_CHECKING

from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.impl.server.loaded_thread import Approved, LoadedThread
from subwarden.impl.server.select import first_ready
from subwarden.impl.server.source_listener import TRACKED
from subwarden.model.server.requests import Asks, EventKind, Notice, Reply, Resolved

if TYPE_CHECKING:
    from subwarden.impl.server.owned_threads import OwnedThreads


class OwningListener:
    """One listener task's work: `run`."""

    def __init__(self, server: "OwnedThreads", record: LoadedThread, state: ThreadState) -> None:
        self._server = server
        self._record = record
        self._state = state

    async def run(self) -> None:
        """Run until the record is closed or its conversation ends; then answer every request that still waits (P7)."""
        record = self._record
        while True:
            await first_ready(record, record.conversation)
            if record.queue:
                await self._say()
            elif record.closing:
                break
            elif record.approved:
                await self._resolved(record.approved.popleft())
            else:
                await self._next()
        for request_id, reply in record.pending():
            await self._server.answer(request_id, reply)

    async def _say(self) -> None:
        connection, message, wanted, instead, said = self._record.queue.popleft()
        if not await self._server.send(connection, message, wanted) and instead is not None:
            await self._server.send(connection, instead)
        if not said.done():
            said.set_result(None)

    async def _next(self) -> None:
        """Take the next event under the gate, and send it: an answer that is queued by then does not contain it."""
        record, server = self._record, self._server
        ended: list[ConnectionRequestId] = []
        rollback: ConnectionRequestId | None = None
        async with record.gate:
            if record.queue or record.closing:
                return
            event = record.conversation.next_event()
            if event is None:
                await server.conversation_ended(record)
                return  # the record is closing; messages that were queued meanwhile are sent
            if event.kind in TRACKED:
                async with self._state.lock:
                    self._state.track_current_turn_event(TRACKED[event.kind], event.number)
            raw = await server.manager.raw_choices(record.thread)
            members = {c: record.members[c] for c in raw if c in record.members}
            if event.kind is EventKind.TURN_STARTED:
                record.turns, record.turn_open = record.turns + 1, True
            elif event.kind is EventKind.APPROVAL:
                record.asked.add(event.number)
            elif event.kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
                record.asked.clear()
                ended = self._turn_ends()
            elif event.kind is EventKind.ROLLED_BACK:
                rollback, record.rollback = record.rollback, None
        for connection, member in members.items():
            notice = Notice(record.thread, record.conversation.number, event, raw[connection])
            await server.send(connection, notice, self._still(connection, member))
        if event.kind is EventKind.APPROVAL:
            for connection, member in members.items():
                await server.send(
                    connection, Asks(record.thread, record.conversation.number, event.number), self._still(connection, member)
                )
        for request_id in ended:
            await server.answer(request_id, Reply.OK)
        if rollback is not None:
            await server.answer(rollback, Reply.OK)

    def _turn_ends(self) -> list[ConnectionRequestId]:
        """A turn has ended; returns the interrupts that waited for that."""
        record = self._record
        if not record.turn_open:  # P7: the engine has lost its beginning
            record.turns += 1
        record.turn_open = False
        # P8: an interrupt waits for the end of its own turn, not of an earlier one
        ended = [request_id for turn, request_id in record.interrupts if turn <= record.turns]
        record.interrupts = [(turn, request_id) for turn, request_id in record.interrupts if turn > record.turns]
        return ended

    async def _resolved(self, approved: Approved) -> None:
        """Tell the subscribers that were asked first, then the engine: events that follow are sent after that."""
        record, number = self._record, approved.number
        for connection, member in approved.members.items():
            await self._server.send(
                connection, Resolved(record.thread, record.conversation.number, number), self._still(connection, member)
            )
        (record.conversation.approve if approved.granted else record.conversation.deny)(number)

    def _still(self, connection: int, member: object) -> "Still":
        return Still(self._record, connection, member)


class Still:
    """Whether the subscription that a message was meant for still exists."""

    __slots__ = ("_connection", "_member", "_record")

    def __init__(self, record: LoadedThread, connection: int, member: object) -> None:
        self._record = record
        self._connection = connection
        self._member = member

    def __call__(self) -> bool:
        return self._record.members.get(self._connection) is self._member

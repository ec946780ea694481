"""Our listener: one for each loaded thread, from the load to the unload, with or without subscribers.

It alone sends a thread's events, and all messages that must be in order with them. It decides on the subscribers of an event in the same
hold of the gate in which the turn history takes the event in: a client that resumes either has it in its answer or is sent it, never both
(P8). A subscriber that has gone meanwhile is sent nothing, even by a send that was waiting for room (P8).

It may be cancelled at any await (P11). What it has taken is in its record's `hand` until it is done, and another listener goes on there.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.impl.server.loaded_thread import Approved, LoadedThread, Say, Work
from subwarden.impl.server.select import first_ready
from subwarden.impl.server.source_listener import TRACKED
from subwarden.model.server.requests import AnswerSent, Asks, EngineEvent, EventKind, Notice, Reply, Resolved

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
        try:
            await self._run()
        except asyncio.CancelledError:  # from outside
            if not self._server.loop_closes():
                self._server.listens(self._record, self)
            raise

    async def _run(self) -> None:
        record = self._record
        while True:
            await first_ready(record, record.conversation)
            if record.hand:
                await self._finish()
            elif record.queue:
                await self._say()
            elif record.closing:
                break
            elif record.approved:
                await self._resolved(record.approved.popleft())
            else:
                await self._next()
        self._answer(record.pending())
        await self._finish()

    async def _say(self) -> None:
        self._record.hand.append(self._record.queue.popleft())
        await self._finish()

    async def _finish(self) -> None:
        """Do what is in hand. It stays there until it is done, so that a cancelled listener loses nothing."""
        hand = self._record.hand
        while hand:
            work = hand[0]
            await self._do(work)
            if hand and hand[0] is work:
                hand.popleft()

    async def _do(self, work: Work) -> None:
        if not isinstance(work, Say):
            await work()
            return
        connection, message, wanted, instead, said = work
        if not await self._server.send(connection, message, wanted) and instead is not None:
            await self._server.send(connection, instead)
        if said is not None and not said.done():
            said.set_result(None)

    async def _next(self) -> None:
        """Take the next event under the gate, and send it: an answer that is queued by then does not contain it."""
        record = self._record
        async with record.gate:
            if record.queue or record.closing:
                return
            async with self._state.lock:
                event = record.conversation.next_event()
                if event is not None:
                    self._take(event)
            if event is None:
                await self._server.conversation_ended(record)
                return  # the record is closing; messages that were queued meanwhile are sent
        await self._finish()

    def _take(self, event: EngineEvent) -> None:
        """Add the event to the history, choose its recipients, and take everything in hand that it leads to: all in one step."""
        record, kind = self._record, event.kind
        if kind in TRACKED:
            self._state.track_current_turn_event(TRACKED[kind], event.number)
        raw = self._server.manager.raw_choices(record.thread)
        members = {c: record.members[c] for c in raw if c in record.members}
        of = record.thread, record.conversation.number
        record.hand += [Say(c, Notice(*of, event, raw[c]), self._still(c, member)) for c, member in members.items()]
        if kind is EventKind.TURN_STARTED:
            record.turns, record.turn_open = record.turns + 1, True
        elif kind is EventKind.APPROVAL:
            record.asked.add(event.number)
            record.hand += [Say(c, Asks(*of, event.number), self._still(c, member)) for c, member in members.items()]
        elif kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
            record.asked.clear()
            self._answer([(request_id, Reply.OK) for request_id in self._turn_ends()])
        elif kind is EventKind.ROLLED_BACK and record.rollback is not None:
            self._answer([(record.rollback, Reply.OK)])
            record.rollback = None

    def _answer(self, answers: list[tuple[ConnectionRequestId, Reply]]) -> None:
        self._record.hand += [Say(each.connection_id, AnswerSent(each.request_id, reply)) for each, reply in answers]

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
        settled = Resolved(record.thread, record.conversation.number, number)
        record.hand += [Say(c, settled, self._still(c, member)) for c, member in approved.members.items()]
        hears = record.conversation.approve if approved.granted else record.conversation.deny
        record.hand.append(partial(_tell, hears, number))
        await self._finish()

    def _still(self, connection: int, member: object) -> "Still":
        return Still(self._record, connection, member)


async def _tell(hears: Callable[[int], None], number: int) -> None:
    hears(number)


class Still:
    """Whether the subscription that a message was meant for still exists."""

    __slots__ = ("_connection", "_member", "_record")

    def __init__(self, record: LoadedThread, connection: int, member: object) -> None:
        self._record = record
        self._connection = connection
        self._member = member

    def __call__(self) -> bool:
        return self._record.members.get(self._connection) is self._member

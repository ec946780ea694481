"""The listener of the source document's callers: drains one conversation and sends its events to the subscribers of that moment.

It is faithful: a resume is answered first and subscribed last; an interrupt is answered when a turn ends, and never otherwise; commands
that are queued when the listener is told to stop are dropped.
"""

from typing import TYPE_CHECKING

from subwarden.impl.manager.listener_commands import (
    ChannelClosed,
    CommandReceiver,
    ListenerCommand,
    PendingThreadResumeRequest,
    ResolveServerRequest,
)
from subwarden.impl.manager.oneshot import Receiver
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.impl.server.engine import EngineConversation
from subwarden.impl.server.select import first_ready
from subwarden.model.manager.operations import TurnEvent
from subwarden.model.server.approvals import Approval
from subwarden.model.server.requests import Asks, EngineEvent, EventKind, Notice, Reply, Resolved

if TYPE_CHECKING:
    from subwarden.impl.server.source_server import SourceServer

TRACKED = {
    EventKind.TURN_STARTED: TurnEvent.TURN_STARTED,
    EventKind.ITEM: TurnEvent.ITEM,
    EventKind.APPROVAL: TurnEvent.ITEM,
    EventKind.TURN_COMPLETE: TurnEvent.TURN_COMPLETE,
    EventKind.TURN_ABORTED: TurnEvent.TURN_COMPLETE,
}


class SourceListener:
    """One listener task's work: `run`."""

    def __init__(
        self,
        server: "SourceServer",
        thread: int,
        conversation: EngineConversation,
        state: ThreadState,
        cancelled: Receiver,
        commands: CommandReceiver,
        generation: int,
    ) -> None:
        self._server = server
        self._thread = thread
        self._conversation = conversation
        self._state = state
        self._cancelled = cancelled
        self._commands = commands
        self._generation = generation

    async def run(self) -> None:
        """Run until told to stop, or the conversation ends."""
        while True:
            at = await first_ready(self._cancelled, self._conversation, self._commands)
            if at == 0:
                break
            if at == 1:
                event = self._conversation.next_event()
                if event is None:
                    break
                await self._event(event)
                continue
            try:
                command = self._commands.get_nowait()
            except ChannelClosed:
                break
            assert command is not None, "it was ready"
            await self._command(command)
        for left in self._commands.close():
            if isinstance(left, ResolveServerRequest):  # dropped with its sender, as the source document's language does
                left.completion.drop()
        async with self._state.lock:
            if self._state.listener_generation == self._generation:
                self._state.clear_listener()

    async def _event(self, event: EngineEvent) -> None:
        server, state = self._server, self._state
        async with state.lock:
            if event.kind in TRACKED:
                state.track_current_turn_event(TRACKED[event.kind], event.number)
            raw = state.experimental_raw_events
        subscribers = await server.manager.subscribed_connection_ids(self._thread)
        notice = Notice(self._thread, self._conversation.number, event, raw)
        for connection in subscribers:
            await server.send(connection, notice)
        if event.kind is EventKind.APPROVAL:
            server.approvals.ask(Approval(self._thread, self._conversation.number, event.number), subscribers)
            for connection in subscribers:
                await server.send(connection, Asks(self._thread, self._conversation.number, event.number))
        elif event.kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
            server.approvals.cancel(self._thread)
            async with state.lock:
                interrupts, state.pending_interrupts = state.pending_interrupts, []
            for request_id, _ in interrupts:
                await server.answer(request_id, Reply.OK)
        elif event.kind is EventKind.ROLLED_BACK:
            async with state.lock:
                rollback, state.pending_rollbacks = state.pending_rollbacks, None
            if rollback is not None:
                await server.answer(rollback, Reply.OK)

    async def _command(self, command: ListenerCommand) -> None:
        if isinstance(command, ResolveServerRequest):
            for connection in await self._server.manager.subscribed_connection_ids(self._thread):
                await self._server.send(connection, Resolved(self._thread, self._conversation.number, command.number))
            command.completion.send()
        else:
            await self._resume(command.request)

    async def _resume(self, pending: PendingThreadResumeRequest) -> None:
        server, connection = self._server, pending.request_id.connection_id
        async with self._state.lock:
            turn = self._state.active_turn_snapshot()
        await server.answer(pending.request_id, Reply.OK, open_turn=None if turn is None else turn.last)
        for approval in server.approvals.of_thread(self._thread):
            if server.approvals.also_asked(approval, connection):
                await server.send(connection, Asks(*approval))
        await server.manager.try_add_connection_to_thread(self._thread, connection)

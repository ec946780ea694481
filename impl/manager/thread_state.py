"""The state of one thread: its listener's conversation, cancel sender and command channel, and the open turn.

Faithful to the source document's ThreadState, where the handle is a state behind a mutex. Here the mutex is `lock` (called T), and
callers take it with `async with state.lock`. No method takes it or suspends, so a holder of T never sees a half-done change.
"""

import asyncio
import weakref
from dataclasses import dataclass, field

from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.listener_commands import CommandChannel, CommandReceiver, ConnectionRequestId
from subwarden.impl.manager.oneshot import Sender
from subwarden.impl.manager.turn_history import Turn, TurnHistory
from subwarden.model.manager.operations import TurnEvent
from subwarden.model.manager.projection import ShownEntry

GENERATIONS = 2**64  # the source document counts in 64 bits and wraps


@dataclass(slots=True)
class TurnSummary:
    """The latest events of a running turn."""

    file_change_started: set[str] = field(default_factory=set)
    command_execution_started: set[str] = field(default_factory=set)
    last_error: str | None = None


class ThreadState:
    """One thread's state. Every attribute is read and changed under `lock`, except by `shown`, which only reads."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.pending_interrupts: list[tuple[ConnectionRequestId, str]] = []  # with the caller's API version
        self.pending_rollbacks: ConnectionRequestId | None = None
        self.turn_summary = TurnSummary()
        self.cancel_tx: Sender | None = None
        self.experimental_raw_events = False
        self.listener_generation = 0
        self._command_tx: CommandChannel | None = None
        self._turn_history = TurnHistory()
        self._listener_thread: weakref.ref[Conversation] | None = None

    def listener_matches(self, conversation: Conversation) -> bool:
        """Whether the listener follows this very conversation."""
        return self._listener_thread is not None and self._listener_thread() is conversation

    def set_listener(self, cancel: Sender, conversation: Conversation) -> tuple[CommandReceiver, int] | None:
        """Replace the listener; the previous one is signalled to stop.

        Returns the new listener's command receiver and its generation. A subclass that refuses returns None and leaves `cancel` to the
        caller; this class never refuses.
        """
        if self.cancel_tx is not None:
            self.cancel_tx.send()
        self.cancel_tx = cancel
        self.listener_generation = (self.listener_generation + 1) % GENERATIONS
        self._close_commands()
        self._command_tx = CommandChannel()
        self._listener_thread = weakref.ref(conversation)
        return CommandReceiver(self._command_tx), self.listener_generation

    def clear_listener(self) -> None:
        """Signal the listener to stop, close its command channel, forget its conversation and turn. The generation stays."""
        if self.cancel_tx is not None:
            self.cancel_tx.send()
        self.cancel_tx = None
        self._close_commands()
        self._turn_history.reset()
        self._listener_thread = None

    def set_experimental_raw_events(self, enabled: bool) -> None:
        """Set the thread's one raw flag."""
        self.experimental_raw_events = enabled

    def listener_command_tx(self) -> CommandChannel | None:
        """The channel to the running listener, or None. Unlike the source document's clones it closes when the listener goes."""
        return self._command_tx

    def active_turn_snapshot(self) -> Turn | None:
        """A copy of the open turn, or None."""
        return self._turn_history.active_turn_snapshot()

    def track_current_turn_event(self, event: TurnEvent, number: int = 1) -> None:
        """Feed the turn history; without an open turn nothing is kept."""
        self._turn_history.handle_event(event, number)
        if not self._turn_history.has_active_turn():
            self._turn_history.reset()

    def shown(self) -> ShownEntry:
        """The observable part of this state."""
        return ShownEntry(*self.seen())

    def seen(self) -> tuple[int, int | None, int | None]:
        """The fields of `shown()` as a plain tuple, which is faster to make: it is compared at every step."""
        if self.cancel_tx is None or self._listener_thread is None:
            return self.listener_generation, None, self._turn_history.active_items()
        followed = self._listener_thread()
        return self.listener_generation, None if followed is None else followed.number, self._turn_history.active_items()

    def _close_commands(self) -> None:
        if self._command_tx is not None:
            self._command_tx.close()
            self._command_tx = None

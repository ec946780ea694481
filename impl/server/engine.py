"""The conversation engine as the request layer sees it: slow, able to fail, and nobody's to command.

Whoever runs the server brings an engine. It refuses to say how a conversation is held: only what can be asked of one, and what it tells.
"""

from abc import ABC, abstractmethod
from enum import Enum
from typing import Protocol

from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.server.select import Source
from subwarden.model.server.requests import EngineEvent

TIME_LIMIT = 10.0  # seconds that a conversation has to shut down


class EngineFailed(Exception):
    """The engine could not do what it was asked."""


class Submission(Enum):
    """What a conversation can be asked. It answers by events, in the order of what was asked."""

    TURN = "a turn"  # more input for the open turn, if there is one
    ASKING_TURN = "a turn in which it will ask for an approval"
    INTERRUPT = "an interrupt"  # nothing, if no turn is open
    ROLLBACK = "a rollback"
    SHUTDOWN = "to shut down"


class EngineConversation(Conversation, Source, ABC):
    """A loaded conversation. Ready when `next_event` has something to return."""

    __slots__ = ()

    @abstractmethod
    def next_event(self) -> EngineEvent | None:
        """The next event of a conversation that is ready; None: its stream has ended."""

    @abstractmethod
    def submit(self, what: Submission) -> int:
        """Ask for something; never suspends. The number of the turn (the first is 1) that is open or will be, 0 if none is: an interrupt
        is then answered by nothing. Raises EngineFailed if the conversation takes nothing any more."""

    @abstractmethod
    def approve(self, number: int) -> None:
        """Answer what event `number` asked; nothing, if it is settled already."""

    @abstractmethod
    async def ended(self) -> None:
        """Wait until it has shut down."""


class Engine(Protocol):
    """Starts conversations, and keeps those that are not loaded in its store."""

    async def start(self, thread: int) -> EngineConversation:
        """A new conversation, kept as `thread`. Slow (tool servers are authenticated). Raises EngineFailed."""

    async def fork(self, thread: int, fork: int) -> EngineConversation:
        """A new conversation with the history of `thread`, kept as `fork`. Slow. Raises EngineFailed."""

    async def load(self, thread: int) -> EngineConversation:
        """The conversation that is kept as `thread`. Slow. Raises EngineFailed."""

    def stored(self, thread: int) -> bool:
        """Whether `thread` is kept, and can be loaded."""

    def archive(self, thread: int) -> None:
        """Take `thread` out of the store."""

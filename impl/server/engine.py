"""The conversation engine, as the request layer sees it: slow, able to fail, and free to answer when it likes.

A server is given its engine. This file has only the questions to a conversation and its events; it refuses to say how one is held.
"""

from abc import ABC, abstractmethod
from enum import Enum
from typing import Protocol

from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.server.select import Source
from subwarden.model.server.requests import EngineEvent

TIME_LIMIT = 10.0  # seconds in which a conversation must shut down


class EngineFailed(Exception):
    """The engine could not do it."""


class Submission(Enum):
    """The requests to a conversation. It answers by events, in the order of the requests."""

    TURN = "a turn"  # more input for the open turn, if there is one
    ASKING_TURN = "a turn in which it will ask for an approval"
    INTERRUPT = "an interrupt"  # has no effect if no turn is open
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
        """Send a request; never suspends. Returns the number of the turn (from 1) that is open or will be; 0: there is none, and no event
        answers an interrupt. Raises EngineFailed if the conversation takes no more requests."""

    @abstractmethod
    def approve(self, number: int) -> None:
        """Give the approval that event `number` asked for; no effect if it is settled already."""

    @abstractmethod
    def deny(self, number: int) -> None:
        """Refuse the approval that event `number` asked for: the turn is aborted. No effect if it is settled already."""

    @abstractmethod
    async def ended(self) -> None:
        """Wait until it has shut down."""


class Engine(Protocol):
    """Starts conversations, and keeps those that are not loaded in its store. All three ways to get one are slow and may fail."""

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

"""Puts a run of level server into words: requests, messages, locks, and the changes of maps and registry."""

import asyncio
from typing import TYPE_CHECKING

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.server.evidence import WrongMaps, WrongReply
from subwarden.model.manager.projection import View, disagreements, project
from subwarden.model.manager.words import say_changes
from subwarden.model.server.requests import Message, Request
from subwarden.model.server.words import say_message, say_registry, say_request

if TYPE_CHECKING:
    from subwarden.stateful_tests.subjects.server.play import ServerPlay


class ServerNarrator:
    """See `stateful_tests.exploring.level.Narrator`."""

    def __init__(self, play: "ServerPlay") -> None:
        self._play = play
        self._view = View(frozenset(), (), frozenset(), frozenset(), frozenset())
        self._loaded: dict[int, int] = {}
        self._closing: set[int] = set()
        self._lock_names: dict[int, str] = {}

    def lock(self, verb: str, lock: asyncio.Lock) -> str:
        self._learn_locks()
        return f"{verb} {self._lock_names.get(id(lock), 'a lock')}"

    def call(self, verb: str, operation: Request) -> str:
        return f"{verb} {say_request(operation)}"

    def answer(self, operation: Request, answer: object) -> str:
        raise AssertionError("a server answers by a message")

    def message(self, client: int, message: Message) -> str:
        return f"sends c{client}: {say_message(message)}"

    def changes(self) -> list[str]:
        """The differences between maps and registry now and at the last call of this method."""
        self._learn_locks()
        server = self._play.server
        before, self._view = self._view, project(self._play.judge.visible.shown)
        shown = server.show()
        said = say_changes(before, self._view) + say_registry(self._loaded, shown.loaded, shown.closing, self._closing)
        self._loaded, self._closing = shown.loaded, shown.closing
        return said

    def explain(self, cause: Cause) -> str:
        judge = self._play.judge
        detail = judge.details[cause]
        match judge.evidence.get(cause):
            case WrongReply(_, _, allowed):
                right = " or ".join(sorted(reply.value for reply in allowed))
                return f"{detail}; the model allows {right}" if right else f"{detail}, which was right at no moment"
            case WrongMaps(shown, _) if cause == causes.MAPS_DISAGREE:
                return disagreements(shown)[0]
        return detail

    def _learn_locks(self) -> None:
        self._lock_names |= {id(lock): name for name, lock in self._play.server.locks().items()}

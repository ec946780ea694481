"""Puts a run of the core level into words: what was called, answered and locked, what shows since, and who received what."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from subwarden.checking.core.judge import CoreJudge, Maps
from subwarden.model.core.step import Id
from subwarden.model.core.words import say_answer, say_operation
from subwarden.model.words import DONE, say_return


class CallTeller:
    """What is told alike of all adapters: calls, answers and locks."""

    def __init__(
        self, lock_name: Callable[[asyncio.Lock], str], say_operation: Callable[[Any], str], say_answer: Callable[[object], str]
    ) -> None:
        self._lock_name = lock_name
        self._say_operation = say_operation
        self._say_answer = say_answer

    def say(self, what: str, about: object) -> str:
        """An entry of the loop's log."""
        if isinstance(about, asyncio.Lock):
            return f"{what} {self._lock_name(about)}"
        operation, answer = cast(tuple[Any, object], about)
        if what == "answers":
            return say_return(operation.name, DONE if answer is None else self._say_answer(answer))
        return f"{what} {self._say_operation(operation)}"


class CoreNarrator(CallTeller):
    """Tells one run, as it goes."""

    def __init__(
        self, judge: CoreJudge, received: Callable[[], Mapping[Id, Sequence[object]] | None], lock_name: Callable[[asyncio.Lock], str]
    ) -> None:
        super().__init__(lock_name, say_operation, say_answer)
        self._judge = judge
        self._received = received
        self._maps: Maps = {}
        self._got: dict[Id, int] = {}

    def changes(self) -> list[str]:
        """What shows now and did not before."""
        before, self._maps = self._maps, self._judge.seen
        several = len(self._maps) > 1
        told: list[str] = []
        for name, pairs in self._maps.items():
            where = f"{name}: " if several else ""
            old = before.get(name, frozenset())
            told += [f"{where}{client} on {topic}" for client, topic in sorted(pairs - old, key=str)]
            told += [f"{where}{client} no longer on {topic}" for client, topic in sorted(old - pairs, key=str)]
        received = self._received() or {}
        for client in sorted(received, key=str):
            new = received[client][self._got.get(client, 0) :]
            self._got[client] = len(received[client])
            told += [f"{client} receives {message}" for message in new]
        return told

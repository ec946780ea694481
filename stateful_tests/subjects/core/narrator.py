"""Puts a run of the core level into words: its calls, answers and locks, the changes of its maps, and the messages received."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.core.connection_states import Maps
from subwarden.checking.core.judge import CoreJudge
from subwarden.model.core.step import CoreOperation, CoreState, Id, core_step
from subwarden.model.core.words import say_answer, say_operation
from subwarden.model.words import DONE, say_return
from subwarden.reports.html.trace_record import StateRecord
from subwarden.stateful_tests.exploring.findings.pictured.compared import compared
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import ModelMoves


class CallNarrator:
    """Puts calls, answers and locks into words, for adapters of any model."""

    def __init__(
        self,
        details: Mapping[Cause, str],
        lock_name: Callable[[asyncio.Lock], str],
        say_operation: Callable[[Any], str],
        say_answer: Callable[[object], str],
    ) -> None:
        self._details = details
        self._lock_name = lock_name
        self._say_operation = say_operation
        self._say_answer = say_answer

    def lock(self, verb: str, lock: asyncio.Lock) -> str:
        return f"{verb} {self._lock_name(lock)}"

    def call(self, verb: str, operation: Any) -> str:
        return f"{verb} {self._say_operation(operation)}"

    def answer(self, operation: Any, answer: object) -> str:
        return say_return(operation.name, DONE if answer is None else self._say_answer(answer))

    def explain(self, cause: Cause) -> str:
        return self._details[cause]

    def message(self, client: object, message: object) -> str:
        raise AssertionError("an adapter is asked what was delivered; it does not say so")


class CoreNarrator(CallNarrator):
    """See `stateful_tests.exploring.level.Narrator`."""

    def __init__(
        self,
        judge: CoreJudge,
        received: Callable[[], Mapping[Id, Sequence[object]] | None],
        lock_name: Callable[[asyncio.Lock], str],
        initial: CoreState,
    ) -> None:
        super().__init__(judge.details, lock_name, say_operation, say_answer)
        self._judge = judge
        self._received = received
        self._initial = initial
        self._maps: Maps = {}
        self._got: dict[Id, int] = {}

    def changes(self) -> list[str]:
        before, self._maps = self._maps, self._judge.seen
        several = len(self._maps) > 1
        changes: list[str] = []
        for name, pairs in self._maps.items():
            where = f"{name}: " if several else ""
            old = before.get(name, frozenset())
            changes += [f"{where}{client} on {topic}" for client, topic in sorted(pairs - old, key=str)]
            changes += [f"{where}{client} no longer on {topic}" for client, topic in sorted(old - pairs, key=str)]
        received = self._received() or {}
        for client in sorted(received, key=str):
            new = received[client][self._got.get(client, 0) :]
            self._got[client] = len(received[client])
            changes += [f"{client} receives {message}" for message in new]
        return changes

    def moves(self) -> ModelMoves:
        def step(state: CoreState, _memory: object, operation: CoreOperation) -> list[tuple[CoreState, None]]:
            return [(core_step(state, operation)[0], None)]

        return ModelMoves(self._initial, step, lambda state: [f"{client} on {topic}" for topic, client in sorted(state.links, key=str)])

    def state(self) -> StateRecord:
        judge = self._judge
        maps = list(judge.seen.items())
        first = maps[0][1] if maps else frozenset()
        facts = [f"{client} on {topic}" for client, topic in sorted(first, key=str)]
        for name, pairs in maps[1:]:
            facts += [f"{name} has {client} on {topic}" for client, topic in sorted(pairs - first, key=str)]
            facts += [f"{name} does not have {client} on {topic}" for client, topic in sorted(first - pairs, key=str)]
        must: list[str] = []
        may: list[str] = []
        connections = [each.states.now for each in judge.connections.values()]
        for connection in connections:
            surely, possibly = connection.topics()
            must += [f"{connection.name} on {topic}" for topic in sorted(surely, key=str)]
            may += [f"{connection.name} on {topic}" for topic in sorted(possibly - surely, key=str)]
        received = self._received() or {}
        more = [f"{client} received {', '.join(map(str, received[client]))}" for client in sorted(received, key=str) if received[client]]
        links = [[str(client), str(topic)] for client, topic in sorted(first, key=str)]
        followed = not any(connection.lost for connection in connections)
        return compared(facts, [must + may, must], links, followed=followed, visible=judge.observed, more=more)

"""Puts a run of level custom into words: its calls, answers and locks, and the changes of what it shows."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from subwarden.checking.custom.judge import CustomJudge
from subwarden.checking.custom.model import BadModel
from subwarden.checking.custom.text import text_of
from subwarden.reports.html.trace_record import StateRecord
from subwarden.stateful_tests.exploring.findings.pictured.compared import compared
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import ModelMoves
from subwarden.stateful_tests.subjects.core.narrator import CallNarrator


class CustomNarrator(CallNarrator):
    """See `stateful_tests.exploring.level.Narrator`."""

    def __init__(self, judge: CustomJudge, lock_name: Callable[[asyncio.Lock], str]) -> None:
        super().__init__(judge.details, lock_name, str, text_of)
        self._judge = judge
        self._before: dict[str, str] = self._shown()

    def changes(self) -> list[str]:
        before, self._before = self._before, self._shown()
        return changes_of(before, self._before)

    def state(self) -> StateRecord:
        judge = self._judge
        try:
            states, shows = judge.allowed()
        except BadModel:  # the judge will meet it, and say so
            states, shows = [], False
        visible = shows and judge.observed
        return compared(facts_of(judge.seen), [facts_of(state) for state in states], [], followed=judge.followed, visible=visible)

    def moves(self) -> ModelMoves:
        model = self._judge.model

        def step(state: Any, _memory: object, operation: Any) -> list[tuple[Any, None]]:
            return [(after, None) for after, _ in model.steps(state, operation)]

        return ModelMoves(model.initial, step, lambda state: facts_of(state if model.shows is None else model.shown(state)))

    def _shown(self) -> dict[str, str]:
        return parts_of(self._judge.seen)


def changes_of(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The parts of two observations that differ, in words."""
    changes = [f"{name}: {text}" if name else text for name, text in after.items() if before.get(name) != text]
    return changes + [f"{name}: gone" for name in before if name and name not in after]


def parts_of(seen: object) -> dict[str, str]:
    """The parts of an observation, by name, in words. An observation without parts is one part with the name ""."""
    if isinstance(seen, Mapping):
        return dict(sorted((key if isinstance(key, str) else text_of(key), text_of(part)) for key, part in seen.items()))
    return {} if seen is None else {"": text_of(seen)}


def facts_of(seen: object) -> list[str]:
    """What an observation shows, part by part."""
    return [f"{name}: {text}" if name else text for name, text in parts_of(seen).items()]

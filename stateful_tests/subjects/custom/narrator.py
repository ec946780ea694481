"""Puts a run of level custom into words: its calls, answers and locks, and the changes of what it shows."""

import asyncio
from collections.abc import Callable, Mapping

from subwarden.checking.custom.judge import CustomJudge
from subwarden.checking.custom.text import text_of
from subwarden.stateful_tests.subjects.core.narrator import CallNarrator


class CustomNarrator(CallNarrator):
    """See `stateful_tests.exploring.level.Narrator`."""

    def __init__(self, judge: CustomJudge, lock_name: Callable[[asyncio.Lock], str]) -> None:
        super().__init__(judge.details, lock_name, str, text_of)
        self._judge = judge
        self._before: dict[str, str] = self._shown()

    def changes(self) -> list[str]:
        before, self._before = self._before, self._shown()
        changes = [f"{name}: {text}" if name else text for name, text in self._before.items() if before.get(name) != text]
        return changes + [f"{name}: gone" for name in before if name and name not in self._before]

    def _shown(self) -> dict[str, str]:
        """The parts of the last observation, by name, in words. An observation without parts is one part with the name ""."""
        seen = self._judge.seen
        if isinstance(seen, Mapping):
            return dict(sorted((key if isinstance(key, str) else text_of(key), text_of(part)) for key, part in seen.items()))
        return {} if seen is None else {"": text_of(seen)}

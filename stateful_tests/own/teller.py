"""Puts a run of somebody's own operations into words: what was called, answered and locked, and what shows since."""

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

from checking.own.judge import OwnJudge
from checking.own.model import OwnOperation
from checking.own.text import text_of


class Teller:
    """Tells one run, as it goes."""

    def __init__(self, judge: OwnJudge, lock_name: Callable[[asyncio.Lock], str]) -> None:
        self._judge = judge
        self._lock_name = lock_name
        self._before: dict[str, str] = self._shown()

    def say(self, what: str, about: object) -> str:
        """An entry of the loop's log."""
        if isinstance(about, asyncio.Lock):
            return f"{what} {self._lock_name(about)}"
        operation, answer = cast(tuple[OwnOperation, object], about)
        if what == "answers":
            return f"{operation.name} answers: {'done' if answer is None else text_of(answer)}"
        return f"{what} {operation}"

    def changes(self) -> list[str]:
        """What shows now and did not before."""
        before, self._before = self._before, self._shown()
        told = [f"{name}: {text}" if name else text for name, text in self._before.items() if before.get(name) != text]
        return told + [f"{name}: gone" for name in before if name and name not in self._before]

    def _shown(self) -> dict[str, str]:
        """What shows, part by part, where it has parts."""
        seen = self._judge.seen
        if isinstance(seen, Mapping):
            return dict(sorted((key if isinstance(key, str) else text_of(key), text_of(part)) for key, part in seen.items()))
        return {} if seen is None else {"": text_of(seen)}

"""Puts a run of level manager into words: what was called, answered and locked, and what shows since."""

import asyncio
from typing import cast

from subwarden.checking.manager.judge import ManagerJudge
from subwarden.checking.observable import Observable
from subwarden.model.manager.operations import Operation
from subwarden.model.manager.projection import View, project
from subwarden.model.manager.words import say_answer, say_changes, say_operation
from subwarden.model.words import say_return

NOTHING = View(frozenset(), (), frozenset(), frozenset(), frozenset())


class ManagerNarrator:
    """Tells one run of `subject`, as it goes."""

    def __init__(self, judge: ManagerJudge, subject: Observable) -> None:
        self._judge = judge
        self._subject = subject
        self._view = NOTHING if judge.shown is None else project(judge.shown)
        self._lock_names: dict[int, str] = {}  # also of those whose thread has been torn down; locks live as long as the run

    def say(self, what: str, about: object) -> str:
        """An entry of the loop's log."""
        self._learn_locks()
        if isinstance(about, asyncio.Lock):
            known = [name for name, lock in self._subject.locks().items() if lock is about]
            return f"{what} {known[0]}" if known else f"{what} {self._lock_names.get(id(about), 'a lock')} (torn down)"
        operation, answer = cast(tuple[Operation, object], about)
        if what == "answers":
            return say_return(operation.name, say_answer(operation, answer))
        return f"{what} {say_operation(operation)}"

    def changes(self) -> list[str]:
        """What shows now and did not before."""
        self._learn_locks()
        shown = self._judge.shown
        if shown is None:
            return []
        before, self._view = self._view, project(shown)
        return say_changes(before, self._view)

    def _learn_locks(self) -> None:
        self._lock_names |= {id(lock): known for known, lock in self._subject.locks().items()}

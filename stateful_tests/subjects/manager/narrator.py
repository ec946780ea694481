"""Puts a run of level manager into words: its calls, answers and locks, and the changes of its maps."""

import asyncio
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.manager.judge import ManagerJudge
from subwarden.checking.observable import Observable
from subwarden.model.manager.operations import Operation, StateOperation
from subwarden.model.manager.projection import View, disagreements, project, view
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, Call, begin, step
from subwarden.model.manager.words import say_answer, say_changes, say_facts, say_operation
from subwarden.model.words import say_return
from subwarden.reports.html.trace_record import StateRecord
from subwarden.stateful_tests.exploring.findings.pictured.compared import compared
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import ModelMoves
from subwarden.stateful_tests.subjects.manager.explain import explain

NOTHING = View(frozenset(), (), frozenset(), frozenset(), frozenset())


class ManagerNarrator:
    """See `stateful_tests.exploring.level.Narrator`; of one run of `subject`."""

    def __init__(self, judge: ManagerJudge, subject: Observable) -> None:
        self._judge = judge
        self._subject = subject
        self._view = NOTHING if judge.shown is None else project(judge.shown)
        self._lock_names: dict[int, str] = {}  # of threads that have been torn down, too; a lock lives as long as its run

    def lock(self, verb: str, lock: asyncio.Lock) -> str:
        self._learn_locks()
        known = [name for name, each in self._subject.locks().items() if each is lock]
        return f"{verb} {known[0]}" if known else f"{verb} {self._lock_names.get(id(lock), 'a lock')} (torn down)"

    def call(self, verb: str, operation: Operation) -> str:
        return f"{verb} {say_operation(operation)}"

    def answer(self, operation: Operation, answer: object) -> str:
        return say_return(operation.name, say_answer(operation, answer))

    def message(self, client: object, message: object) -> str:
        raise AssertionError("a manager sends no messages")

    def changes(self) -> list[str]:
        self._learn_locks()
        shown = self._judge.shown
        if shown is None:
            return []
        before, self._view = self._view, project(shown)
        return say_changes(before, self._view)

    def state(self) -> StateRecord:
        judge = self._judge
        shown = judge.shown
        facts = [] if shown is None else [*say_facts(project(shown)), *disagreements(shown)]
        links = [] if shown is None else [[f"c{c}", f"t{t}"] for t, c in sorted(project(shown).links)]
        return compared(facts, [say_facts(view) for view in judge.allowed()], links, followed=judge.parted is None)

    def moves(self) -> ModelMoves:
        return ModelMoves(State(), _step, lambda state: say_facts(view(state)))

    def explain(self, cause: Cause) -> str:
        evidence = self._judge.evidence.get(cause)
        return self._judge.details[cause] if evidence is None else explain(cause, evidence)

    def _learn_locks(self) -> None:
        self._lock_names |= {id(lock): known for known, lock in self._subject.locks().items()}


def _step(state: State, handle: Call | None, operation: Any) -> list[tuple[State, Call | None]]:
    """`handle`: of the state that the task has received last; without one, a state operation cannot be called."""
    if isinstance(operation, StateOperation):
        return [(state, None)] if handle is None else [(step(state, Call(operation, handle.incarnation, handle.thread)).state, handle)]
    call = begin(state, operation)
    outcome = step(state, call)
    if outcome.answer is not Answer.HANDLE:
        return [(outcome.state, handle)]
    entry = outcome.state.entry(operation.thread)
    return [(outcome.state, Call(operation, None if entry is None else entry.incarnation, operation.thread))]

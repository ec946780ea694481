"""Judges a quiescent run: no task may wait for ever, and no task, lock or exception may be left behind (P12, P13)."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from subwarden.checking import causes
from subwarden.checking.place import told
from subwarden.scheduling.locks import held, waiting
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.exploring.findings.actors import task_said
from subwarden.stateful_tests.exploring.findings.where import where
from subwarden.stateful_tests.exploring.level import RunJudge

Task = asyncio.Task[Any]
LockName = Callable[[asyncio.Lock], str]


def judge_stuck(judge: RunJudge, loop: ControlledLoop, stuck: Iterable[Task], lock_name: LockName) -> None:
    """The tasks `stuck` have not ended, and nothing can move: because of a lock that nobody is left to release, or of one another."""
    waited = list(waiting(loop).values())
    gone = [lock for holder, lock in loop.holding if holder is None or holder.done()]
    kept = any(lock is other for lock in waited for other in gone)
    judge.violated(causes.LEAKED_LOCK if kept else causes.DEADLOCK, "; ".join(waits(loop, stuck, lock_name)))


def judge_left(judge: RunJudge, loop: ControlledLoop, left: Sequence[Task], lock_name: LockName) -> None:
    """`left`: tasks that should not be there any more."""
    if left:
        judge.violated(causes.LEAKED_TASK, ", ".join(sorted(_suspended(task) for task in left)))
    if loop.holding:
        judge.violated(causes.LEAKED_LOCK, ", ".join(lock_name(lock) for _, lock in loop.holding))
    for context in loop.unhandled:
        error, message = context.get("exception"), str(context.get("message", ""))
        task = context.get("task") or context.get("future")
        who = f"{task_said(task)}: " if isinstance(task, asyncio.Task) else "" if error is None else f"{message}: "
        judge.violated(causes.unretrieved(error), who + (message if error is None else told(error)))


def _suspended(task: Task) -> str:
    """A task, and where it is suspended."""
    at = where(task)
    return f"{task_said(task)} at {at}" if at else task_said(task)


def waits(loop: ControlledLoop, tasks: Iterable[Task], lock_name: LockName) -> list[str]:
    """The wait-for graph in words, a line for each of the tasks."""
    said: list[str] = []
    waited, holds = waiting(loop), held(loop)
    for task in tasks:
        lock = waited.get(task)
        if lock is None:
            said.append(f"{_suspended(task)} waits for something that nobody will do")
            continue
        holders = [task_said(t) for t, locks in holds.items() if t is not None and any(lock is each for each in locks)]
        said.append(f"{_suspended(task)} waits for {lock_name(lock)}, held by {', '.join(holders) or 'nobody'}")
    return said

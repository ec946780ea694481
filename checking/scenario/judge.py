"""The judge of one run of a scenario: conditions after every step, and how the run ends.

It only decides whether the run fails, and how; the words are made later, in the one run that is told (`checking.scenario.explain`).
"""

import asyncio
from collections.abc import Callable, Collection
from threading import get_ident
from typing import Any

from subwarden.checking.scenario.failure import Failure, FailureKind
from subwarden.checking.scenario.names import plain_name
from subwarden.checking.scenario.places import innermost, raised_at, waits_at
from subwarden.checking.scenario.waits import cycle, waits
from subwarden.scheduling.events import Event
from subwarden.scheduling.isolation.installed import own
from subwarden.scheduling.loop import ENTERED, ControlledLoop
from subwarden.scheduling.run import Ending
from subwarden.scheduling.state_search.objects import Value

Condition = Callable[[], object]


def always(condition: Condition | bool, name: str | None = None) -> None:
    """From now on, `condition()` must be true after every step of the run. `name` is for reports. Outside a run it does nothing.

    A bool is judged once, here.
    """
    judge = _judge()
    if judge is None:
        return
    said = name or str(getattr(condition, "__name__", "a condition"))
    if callable(condition):
        judge.conditions.append((condition, said))
        judge.listen()
    elif not condition:
        judge.fail(Failure(FailureKind.ALWAYS, said))


def sometimes(condition: Condition | bool, name: str | None = None) -> None:
    """In some run, `condition()` must be true after some step; if it never is, exploring is inconclusive. Outside a run it does nothing.

    A bool is judged once, here.
    """
    judge = _judge()
    if judge is None:
        return
    said = name or str(getattr(condition, "__name__", "a condition"))
    met = judge.met
    if not callable(condition):
        met[said] = met.get(said, False) or bool(condition)
    elif not met.setdefault(said, False):
        judge.hopes.append((condition, said))
        judge.listen()


def _judge() -> "ScenarioJudge | None":
    loop = ENTERED.get(get_ident())
    judge = None if loop is None else loop.observer
    return judge if isinstance(judge, ScenarioJudge) else None


class ScenarioJudge:
    """`leave`: names of tasks and functions that may be left behind. `met`: the conditions of `sometimes` and whether they have held, over
    all runs. `cancelled`: the scenario has been cancelled from outside.
    """

    __slots__ = ("_born", "_done", "_leave", "_loop", "cancelled", "conditions", "error", "failure", "hopes", "main", "met", "outside")

    def __init__(self, loop: ControlledLoop, leave: Collection[str], met: dict[str, bool]) -> None:
        self._loop = loop
        self._leave = leave
        self.met = met
        self.conditions: list[tuple[Condition, str]] = []
        self.hopes: list[tuple[Condition, str]] = []
        self.failure: Failure | None = None
        self.error: BaseException | None = None  # behind the failure
        self.cancelled = False
        self._born: int | None = None  # the number of tasks when the scenario has ended
        self.outside: Event | None = None  # the fault that cancels the scenario

    def begin(self, main: "asyncio.Task[Any]") -> None:
        """`main` runs the scenario."""
        self.main = main
        self._done = main.done

    def digest_parts(self) -> object:
        """All that decides the rest of a run and its judgement, beside the tasks: the conditions."""
        cancelled = sorted(task.get_name() for task, _ in self._loop.cancelled_calls)
        dropped = sorted(task.get_name() for task in self._loop.dropped)
        decided = Value((self.failure, self.cancelled, self._loop.failed, *cancelled, *dropped))
        return decided, [condition for condition, _ in self.conditions]

    def fail(self, failure: Failure, error: BaseException | None = None) -> None:
        """Record the first failure of the run."""
        if self.failure is None:
            self.failure, self.error = failure, error
            self.listen()

    def listen(self) -> None:
        """Be told of every step from now on. Before, there is nothing to look at until the scenario has ended."""
        self._loop.attentive = True

    def stepped(self) -> bool:
        """A step has run. True once the rest of the run could tell nothing more."""
        if self.conditions or self.hopes:
            self._look()
        if self._done():
            return self.failure is not None or self._over()
        return self.failure is not None

    def _look(self) -> None:
        for condition, name in self.conditions if self.failure is None else ():
            try:
                if not condition():
                    self.fail(Failure(FailureKind.ALWAYS, name))
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                self._raised(FailureKind.ALWAYS, name, error)
        for hope in self.hopes[:] if self.failure is None else ():
            try:
                if hope[0]():
                    self.met[hope[1]] = True
                    self.hopes.remove(hope)
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                self._raised(FailureKind.SOMETIMES, hope[1], error)

    def _raised(self, kind: FailureKind, name: str, error: BaseException) -> None:
        self.fail(Failure(kind, name), error)
        if not isinstance(error, Exception):  # it may be Ctrl-C
            raise error

    def _over(self) -> bool:
        """The scenario has ended. Whether nothing is left to wait for."""
        main = self.main
        if self._born is None:
            self._born = len(self._loop.tasks)
        if self.outside is not None:
            if self.outside in self._loop.faults:
                self._loop.faults.remove(self.outside)
            self.outside = None
        if not main.cancelled() and main.exception() is not None:
            return True
        return bool(self._leave) and all(task.done() or self.may_stay(task) for task in self._loop.tasks)

    def may_stay(self, task: "asyncio.Task[Any]") -> bool:
        """Whether `task` may be left behind."""
        return task.get_name() in self._leave or plain_name(task) in self._leave

    def ended_by(self, error: BaseException) -> None:
        """`error` has gone through the loop, and ended it: SystemExit or KeyboardInterrupt."""
        raised = [task for task in self._loop.tasks if task.done() and not task.cancelled() and task.exception() is error]
        kind = FailureKind.CALLBACK_RAISED if not raised else FailureKind.RAISED if self.main in raised else FailureKind.TASK_RAISED
        self.fail(Failure(kind, _identity(error)), error)

    def finish(self, ending: Ending) -> None:
        """The run has ended: judge that."""
        if self.failure is not None:
            return
        if self._loop.blocked is not None:
            self.fail(Failure(FailureKind.BLOCKED, at=self._loop.blocked))
        elif self.main.done():
            self._finished(ending)
        elif ending is Ending.LIMIT and not getattr(self._loop, "steady", False):
            self.fail(Failure(FailureKind.RESTLESS))
        else:
            stuck = waits(self._loop)
            if cycle(stuck):
                self.fail(Failure(FailureKind.DEADLOCK))
            else:
                self.fail(Failure(FailureKind.STUCK, _where(self.main)))

    def _finished(self, ending: Ending) -> None:
        """The scenario has ended by itself."""
        main, loop = self.main, self._loop
        if main.cancelled():
            gone: BaseException = main._make_cancelled_error()  # type: ignore[attr-defined]  # CPython's own, in C and Python
            if not (self.cancelled or loop.failed or self._passed_on(gone)):
                return self.fail(Failure(FailureKind.CANCELLED), gone)
        elif (error := main.exception()) is not None:
            return self.fail(Failure(FailureKind.RAISED, _identity(error)), error)
        loop.report_unretrieved()
        for context in loop.unhandled:
            raised = context.get("exception")
            if raised is None:
                continue
            kind = FailureKind.TASK_RAISED if "future" in context else FailureKind.CALLBACK_RAISED
            return self.fail(Failure(kind, _identity(raised)), raised)
        if loop.dropped and not (self.cancelled or loop.failed or loop.cancelled_calls):
            for task in loop.dropped:
                if own(task.get_coro().cr_code.co_filename):
                    return self.fail(Failure(FailureKind.CANCELLED_CHILD, plain_name(task)))
        return self._judge_left(ending)

    def _passed_on(self, error: BaseException | None) -> bool:
        """Whether the scenario is cancelled since a call of `may_cancel` was: by the `error` that left its own call, or by the end of
        another call's task.

        A call that was cancelled may have cancelled what others wait for, too, and may even hand its own error to them, by a future. Where
        its task has caught the error, theirs was not asked for.
        """
        calls = self._loop.cancelled_calls
        if any(task is not self.main and task.cancelled() for task, _ in calls):
            return True
        its = [known for task, known in calls if task is self.main]
        while error is not None and all(error is not known for known in its):
            error = error.__cause__ or error.__context__
        return error is not None

    def _judge_left(self, ending: Ending) -> None:
        """The scenario has ended well: judge what it leaves behind."""
        main, loop = self.main, self._loop
        since = self._born if ending is Ending.LIMIT else None  # cut off: a later one, of a timer that goes on, may be about to end
        for task in loop.tasks[:since]:
            if not task.done() and not self.may_stay(task):
                return self.fail(Failure(FailureKind.LEFT_TASK, plain_name(task)))
        for holder, _lock in loop.holding:
            if holder is None or not self.may_stay(holder):
                return self.fail(Failure(FailureKind.LEFT_LOCK, "" if holder is None else plain_name(holder)))
        if ending is Ending.QUIESCENT and not main.cancelled():  # else some may be about to close
            for name in loop.connections():
                if name not in self._leave:
                    return self.fail(Failure(FailureKind.LEFT_CONNECTION, name))
        return None


def _where(task: "asyncio.Task[Any]") -> str:
    spot = waits_at(task.get_coro())
    return "" if spot is None else spot.at()


def _identity(error: BaseException) -> str:
    """The class of an exception, and the line that raised it: messages may differ from run to run."""
    spots = raised_at(error)
    return type(innermost(error)).__name__ + (f" at {spots[-1].at()}" if spots else "")

"""Runs programs on a subject, one after the other, in a process that is started again after a run that spoiled it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType

from subwarden.scheduling.run import Choose
from subwarden.scheduling.schedule import Follower, Guide, fixed
from subwarden.scheduling.strategies.strategy import Strategy, once
from subwarden.stateful_tests.exec import driver, stepper
from subwarden.stateful_tests.exec.messages import Hello
from subwarden.stateful_tests.exec.models.core import CORE
from subwarden.stateful_tests.exec.models.exec_model import ExecModel
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.process import BadProcess
from subwarden.stateful_tests.exec.program import ExecProgram
from subwarden.stateful_tests.exec.session import Session
from subwarden.stateful_tests.exec.stepper import ExecCandidates


class ExecRunner:
    """A context manager: leaving it leaves no process behind. `restarts` counts the processes after the first."""

    def __init__(self, command: str, limit: float, model: ExecModel = CORE) -> None:
        """`limit`: seconds that any answer may take; `model`: what the process is judged by. Raises BadProcess."""
        self.command = command
        self.limit = limit
        self.runs = 0
        self.restarts = 0
        self._session: Session | None = Session(command, limit, model)
        self.hello: Hello = self._session.hello
        self.model = self._session.model

    def __enter__(self) -> "ExecRunner":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if kind is None and self._session is not None and not self._session.open:
            with suppress(BadProcess):  # it may tidy up; the conformance test checks whether it ends as it should
                self._session.bye()
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def run(self, program: ExecProgram) -> ExecRun:
        """One run: by first choices where the process can be scheduled, else as the process schedules itself. Raises BadProcess."""
        return self._run(program, ExecCandidates(program), fixed(()))

    def run_strategy(self, program: ExecProgram, strategy: Strategy) -> ExecRun | None:
        """One run under `strategy`; None if it is exhausted. Raises BadProcess, Nondeterministic."""
        return once(strategy, partial(self.led, program))

    def follow(self, program: ExecProgram, names: Sequence[str]) -> ExecRun:
        """One run by exactly these names, and after the last by first choices: a run that once ended in a finding may go on now.

        Raises BadProcess, and Divergence at the first step that cannot be followed.
        """
        candidates = ExecCandidates(program)
        return self._run(program, candidates, Follower(candidates, names, open_ended=True), every_choice=True)

    def led(self, program: ExecProgram, make: Callable[[ExecCandidates], Choose], *, every_choice: bool = True) -> ExecRun:
        """One run under the chooser that `make` makes, which may end it by `stepper.Enough`. Raises BadProcess, and its errors."""
        candidates = ExecCandidates(program)
        return self._run(program, candidates, make(candidates), every_choice=every_choice)

    def guided(self, program: ExecProgram, names: Sequence[str]) -> ExecRun:
        """One run along `names`, as far as they go. Raises BadProcess."""
        candidates = ExecCandidates(program)
        return self._run(program, candidates, Guide(candidates, names), every_choice=True)

    def _run(self, program: ExecProgram, candidates: ExecCandidates, choose: Choose, *, every_choice: bool = False) -> ExecRun:
        session = self._ready()
        self.runs += 1
        try:
            if self.hello.steps:
                made = stepper.run(session, program, candidates, choose, every_choice=every_choice)
            else:
                made = driver.run(session, program)
        except BaseException:
            self.close()
            raise
        if made.spoiled:
            self.close()
        return made

    def _ready(self) -> Session:
        if self._session is None:
            self.restarts += 1
            self._session = Session(self.command, self.limit, self.model)
            if self._session.hello != self.hello:
                raise self._session.bad("its hello is another than that of the process before; it must not change from start to start")
        return self._session

"""Runs a program on a process that lists its own steps. A strategy chooses every step, so the run has a schedule and can be replayed.

At every choice the candidates are, in this order, the steps that the process lists and the calls that may arrive now (`+A`: the next
call of task A). Choice 0 is the process's own, if the world outside were slow, as in `scheduling.order`. The process alone decides which
steps there are, so it alone decides the meaning of schedules.
"""

from collections.abc import Sequence

from subwarden.checking import causes
from subwarden.scheduling.candidates import Candidates
from subwarden.scheduling.run import Choose
from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec import messages
from subwarden.stateful_tests.exec.play import ExecRun, Row
from subwarden.stateful_tests.exec.process import Ended, Silent
from subwarden.stateful_tests.exec.program import FIRST, LAST, AnyOperation, ExecProgram
from subwarden.stateful_tests.exec.session import Session

LIMIT = 1_000  # steps of one run; the longest programs have fourteen operations


class Enough(Exception):
    """Raised by a chooser: the run goes no further, and is judged as far as it went."""


class ExecCandidates(Candidates):
    """The steps that the process lists as ready, then the tasks whose next call may arrive. A task is a chain.

    A step is a task's if its name is the task's, or begins with it and a colon; other steps are chains of their own. `left`: the calls that
    each task has still to make; `rows`: the table of the run so far.
    """

    __slots__ = ("arriving", "left", "ready", "rows", "tasks")

    def __init__(self, program: ExecProgram) -> None:
        self.tasks = [task.name for task in program.tasks]
        self.ready: list[str] = []
        self.arriving: list[str] = []
        self.left: dict[str, list[AnyOperation]] = {}
        self.rows: list[Row] = []

    def names(self) -> list[str]:
        return self.ready + [f"+{task}" for task in self.arriving]

    def chain_names(self) -> list[str]:
        return [self.task_of(name)[0] or name for name in self.ready] + self.arriving

    def task_of(self, step: str) -> tuple[str, str]:
        """The task that makes `step`, and its words for the step; both empty if the step is no task's."""
        task, _, words = step.partition(":")
        return (task, words.strip()) if task in self.tasks else ("", "")


def run(
    session: Session, program: ExecProgram, candidates: ExecCandidates, choose: Choose, *, every_choice: bool = False, reset: bool = True
) -> ExecRun:
    """Run `program` to rest, or to the first thing wrong.

    `choose(n)` picks one of the n `candidates`; it is asked where there are at least two, or always with `every_choice`. `reset`: from a
    fresh start. Raises BadProcess, and the errors of `choose`.
    """
    if reset:
        session.reset()
    return _Stepped(session, program, candidates, choose, 0 if every_choice else 1).run()


class _Stepped:
    """One run under way."""

    def __init__(self, session: Session, program: ExecProgram, candidates: ExecCandidates, choose: Choose, least: int) -> None:
        self.session = session
        self.play = session.model.play(session, program)
        self.candidates = candidates
        self.choose = choose
        self.least = least
        self.left = candidates.left = {task.name: list(task.operations) for task in program.tasks}
        candidates.rows = self.play.rows
        self.names: list[str] = []
        self.choices: list[int] = []
        self.steps = 0
        self.spoiled = False

    def run(self) -> ExecRun:
        program = self.play.program
        try:
            self._one_by_one(FIRST, program.first)
            self._all_at_once()
            if not self.session.hello.observe:
                self._one_by_one(LAST, self.play.last_calls())
        except Enough:
            pass
        except Silent:
            self.play.wrong(causes.BLOCKED, self.session.stuck("a step, or poll"))
            self.spoiled = True
        except Ended as error:
            if not self.play.open:
                raise self.session.bad(f"{error}, with nothing to do; fix that first") from None
            self.play.wrong(own.ENDS, str(error))
            self.spoiled = True
        made = self.play.end()
        made.steps, made.names, made.choices, made.spoiled = self.steps, tuple(self.names), self.choices, self.spoiled
        return made

    def _one_by_one(self, task: str, operations: Sequence[AnyOperation]) -> None:
        """Each call alone, to its answer, by choice 0."""
        for operation in operations:
            if self._over():
                return
            self._arrive(task, operation)
            while self.play.open and self.candidates.ready and not self._over():
                self._step(self.candidates.ready[0], told=False)
            if self.play.open and not self._over():
                self._stuck()

    def _all_at_once(self) -> None:
        candidates = self.candidates
        while not self._over():
            busy = {task for task, _ in self.play.open.values()}
            candidates.arriving = [name for name, left in self.left.items() if left and name not in busy]
            names = candidates.names()
            if not names:
                if self.play.open:
                    self._stuck()
                return
            pick = self.choose(len(names)) if len(names) > self.least else 0
            self.names.append(names[pick])
            if len(names) > 1:
                self.choices.append(pick)
            if pick < len(candidates.ready):
                self._step(names[pick])
            else:
                task = candidates.arriving[pick - len(candidates.ready)]
                self._arrive(task, self.left[task].pop(0))

    def _stuck(self) -> None:
        """Nothing can run, and calls are open."""
        if not self.play.may_wait():
            self.play.wrong(causes.DEADLOCK)

    def _over(self) -> bool:
        return self.play.broken is not None

    def _arrive(self, task: str, operation: AnyOperation) -> None:
        self.play.row(task)
        self.play.perform([(task, operation)])
        ready, came = self.session.wait("poll", self.session.ask("poll"), patient=True)
        self.play.take(came)  # it may refuse a call at once
        self.candidates.ready = self.session.shaped(messages.steps, ready)

    def _step(self, name: str, told: bool = True) -> None:
        self.steps += 1
        if told:
            task, words = self.candidates.task_of(name)
            self.play.row(task or name).did.append(f"({words or 'runs'})" if task else f"({name})")
        observe = self.session.hello.observe
        asked = self.session.ask_all([("step", {"step": name}), ("observe", {})] if observe else [("step", {"step": name})])
        result, came = self.session.wait("step", asked[0], patient=True)
        self.play.take(came)
        self.candidates.ready = self.session.shaped(messages.steps, result)
        if observe:
            shown, _ = self.session.wait("observe", asked[1], patient=True)
            self.play.show(self.session.shaped(self.session.model.shown, shown))
        if self.steps >= LIMIT:
            self.play.wrong(causes.RESTLESS)

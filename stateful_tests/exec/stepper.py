"""Runs a program on a process that can be scheduled from outside: every step is chosen, so a run has a schedule and can be replayed.

At every choice the candidates are, in this order, the steps that the process lists and the calls that may arrive now (`+A`: the next
call of task A). Choice 0 is what the process would do if the world outside were slow, as in `scheduling.order`. The process alone
decides which steps there are, so it alone decides what the schedules stand for.
"""

from collections.abc import Callable, Sequence

from subwarden.checking import causes
from subwarden.model.core.step import CoreOperation, Publish
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.strategies.strategy import Nondeterministic, Strategy
from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec import messages
from subwarden.stateful_tests.exec.play import ExecPlay, ExecRun
from subwarden.stateful_tests.exec.process import Ended, Silent
from subwarden.stateful_tests.exec.program import FIRST, LAST, ExecProgram
from subwarden.stateful_tests.exec.session import Session

LIMIT = 1_000  # steps of one run; the longest programs have fourteen operations

Choose = Callable[[list[str]], int]


class ExecNotReproducible(Exception):
    """The same choices made another run; the message says so."""


def by_number(choose: Callable[[int], int]) -> Choose:
    """A strategy's chooser, asked where there is a choice. Raises NotReproducible where the strategy knows of other candidates."""

    def by_name(names: list[str]) -> int:
        if len(names) == 1:
            return 0
        try:
            return choose(len(names))
        except Nondeterministic as error:  # a systematic strategy goes back to a choice that is not there any more
            raise ExecNotReproducible(f"the process does not repeat: {error}") from None

    return by_name


def end(strategy: Strategy, run: ExecRun) -> None:
    """Tell `strategy` what the run that it chose has done. Raises NotReproducible as `by_number`."""
    try:
        strategy.end(run.choices, run.steps)
    except Nondeterministic as error:
        raise ExecNotReproducible(f"the process does not repeat: {error}") from None


def follow(wanted: Sequence[str]) -> Choose:
    """Do exactly what `wanted` says, and after it choice 0: a run that once ended in a finding goes on where it is mended.

    Raises Divergence where what it says cannot be.
    """
    at = 0

    def choose(names: list[str]) -> int:
        nonlocal at
        if at == len(wanted):
            return 0
        at += 1
        if wanted[at - 1] not in names:
            raise Divergence(at, wanted[at - 1], names)
        return names.index(wanted[at - 1])

    return choose


def guide(wanted: Sequence[str]) -> Choose:
    """Follow `wanted` as far as it goes: what cannot happen now is skipped, and after the last comes choice 0."""
    at = 0

    def choose(names: list[str]) -> int:
        nonlocal at
        for place in range(at, len(wanted)):
            if wanted[place] in names:
                at = place + 1
                return names.index(wanted[place])
        return 0

    return choose


def run(session: Session, program: ExecProgram, choose: Choose, reset: bool = True) -> ExecRun:
    """Run `program` under `choose`, to rest or to the first thing wrong. `reset`: from a fresh start. Raises BadProcess, Divergence."""
    if reset:
        session.reset()
    return _Stepped(session, program, choose).run()


class _Stepped:
    """One run under way."""

    def __init__(self, session: Session, program: ExecProgram, choose: Choose) -> None:
        self.session = session
        self.play = ExecPlay(session, program)
        self.choose = choose
        self.ready: list[str] = []
        self.left = {task.name: list(task.operations) for task in program.tasks}
        self.names: list[str] = []
        self.choices: list[int] = []
        self.steps = 0
        self.spoiled = False

    def run(self) -> ExecRun:
        program = self.play.program
        try:
            self._one_by_one(FIRST, program.first)
            self._all_at_once()
            if not self.session.hello.observe and "publish" in self.session.hello.operations:
                self._one_by_one(LAST, [Publish(topic) for topic in program.topics()])
        except Silent:
            self.play.wrong(causes.BLOCKED, self.session.stuck("a step, or poll"))
            self.spoiled = True
        except Ended as error:
            if not self.play.open:
                raise self.session.bad(f"{error}, with nothing to do; mend that first") from None
            self.play.wrong(own.ENDS, str(error))
            self.spoiled = True
        made = self.play.end()
        made.steps, made.names, made.choices, made.spoiled = self.steps, tuple(self.names), self.choices, self.spoiled
        return made

    def _one_by_one(self, task: str, operations: Sequence[CoreOperation]) -> None:
        """Each call alone, to its answer, by choice 0."""
        for operation in operations:
            if self._over():
                return
            self._arrive(task, operation)
            while self.play.open and self.ready and not self._over():
                self._step(self.ready[0], told=False)
            if self.play.open and not self._over():
                self.play.wrong(causes.DEADLOCK)

    def _all_at_once(self) -> None:
        while not self._over():
            busy = {task for task, _ in self.play.open.values()}
            arriving = [name for name, left in self.left.items() if left and name not in busy]
            names = self.ready + [f"+{name}" for name in arriving]
            if not names:
                if self.play.open:
                    self.play.wrong(causes.DEADLOCK)
                return
            pick = self.choose(names)
            self.names.append(names[pick])
            if len(names) > 1:
                self.choices.append(pick)
            if pick < len(self.ready):
                self._step(names[pick])
            else:
                task = arriving[pick - len(self.ready)]
                self._arrive(task, self.left[task].pop(0))

    def _over(self) -> bool:
        return self.play.broken is not None

    def _arrive(self, task: str, operation: CoreOperation) -> None:
        self.play.row(task)
        self.play.perform([(task, operation)])
        ready, came = self.session.wait("poll", self.session.ask("poll"), patient=True)
        self.play.take(came)  # it may refuse a call at once
        self.ready = self.session.shaped(messages.steps, ready)

    def _step(self, name: str, told: bool = True) -> None:
        self.steps += 1
        if told:
            task, _, what = name.partition(":")
            self.play.row(task).did.append(f"({what.strip() or 'runs'})" if task in self.left else f"({name})")
        observe = self.session.hello.observe
        asked = self.session.ask_all([("step", {"step": name}), ("observe", {})] if observe else [("step", {"step": name})])
        result, came = self.session.wait("step", asked[0], patient=True)
        self.play.take(came)
        self.ready = self.session.shaped(messages.steps, result)
        if observe:
            shown, _ = self.session.wait("observe", asked[1], patient=True)
            self.play.show(self.session.shaped(messages.relation, shown))
        if self.steps >= LIMIT:
            self.play.wrong(causes.RESTLESS)

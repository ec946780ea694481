"""Plays a scenario on the controlled loop, once for each call of `run`. Exploring, shrinking and telling are built on it."""

import gc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from unittest import SkipTest

from subwarden.checking.scenario.failure import Failure
from subwarden.checking.scenario.judge import ScenarioJudge
from subwarden.processes.signals import was_interrupted
from subwarden.scheduling.events import Event
from subwarden.scheduling.handles import TaskNames
from subwarden.scheduling.isolation.kept import begin_alike
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order, loop_for
from subwarden.scheduling.run import Choose, Ending, run_on
from subwarden.scheduling.watchdog import WATCHDOG, Blocked
from subwarden.stateful_tests.exploring.black_box import BLACK_BOX
from subwarden.stateful_tests.exploring.runner import COLLECT_EVERY
from subwarden.stateful_tests.subjects.scenario.end_state import EndStates
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario, Body, Scenario, check_coroutine
from subwarden.world.loop import WorldLoop

LIMIT = 10_000  # steps of a run; after as many more in fifo, which is fair to all, it is said not to come to rest
_HYPOTHESIS = ("UnsatisfiedAssumption", "StopTest", "Frozen")
VALUE = "choose "

Make = Callable[[LoopCandidates], Choose]


class ScenarioCandidates(LoopCandidates):
    """Also names the values while `world.decisions.choose` picks one."""

    __slots__ = ()

    def names(self) -> list[str]:
        deciding = self.loop.deciding
        if deciding is None:
            return super().names()
        return [f"{VALUE}{value!r}" for value in deciding]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a run. `slow_steps`: a timer may fire while steps are ready. `faults`: `may_cancel` and `may_fail` may strike;
    `cancel`: the scenario itself may be cancelled, too. `paced`: the scenario sets the pace (`scheduling.order`).
    """

    order: Order
    slow_steps: bool = True
    faults: bool = True
    cancel: bool = False
    paced: bool = False


@dataclass(slots=True)
class Result:
    """The result of one run."""

    failure: Failure | None
    choices: list[int]
    steps: int


class ScenarioRunner:
    """One scenario under one set of rules. `met`: the conditions of `sometimes`, and whether they have held in any run."""

    def __init__(self, scenario: Scenario, rules: Rules, leave: frozenset[str] = frozenset(), met: dict[str, bool] | None = None) -> None:
        self.scenario = scenario
        self.rules = rules
        self.leave = leave
        self.met: dict[str, bool] = {} if met is None else met
        self.schedules = 0
        self.steps = 0
        self.decided = False  # whether any run has asked for a value
        self.sample_end = False  # whether to look at the end state of the next run
        self.end_state: int | None = None
        self._ends = EndStates()
        self.limit = LIMIT
        self._collected = 0

    def run(self, make: Make, *, decide: Choose | None = None, every_choice: bool = False, listener: Any = None) -> Result:
        """Play it once. `decide` picks values, in the place of the chooser that `make` makes. `listener` hears of the run.

        Raises BadScenario.
        """
        rules = self.rules
        loop = loop_for(rules.order, early_timers=rules.slow_steps, make=WorldLoop)
        loop.kept = begin_alike(self.scenario.start)
        loop.slow_step = loop.slow  # as the network: a time-out of five seconds that guards a test is not lost
        loop.may_interrupt = rules.faults
        loop.timers_in_turn = True
        judge = loop.observer = ScenarioJudge(loop, self.leave, self.met)
        WATCHDOG.watch(loop if listener is None or listener.impatient else None)
        with loop.entered():
            try:
                choices, steps = self._play(loop, judge, make, decide, every_choice, listener)
            except BaseException:  # nothing can be tried, Ctrl-C: nothing may be left to complain
                loop.abandon()
                raise
        WATCHDOG.watch(None)  # until the next run the work is ours
        refusal = loop.refusal
        loop.abandon()
        if refusal is not None:
            why = refusal()
            raise BadScenario(f"{self.scenario.name}: {why}") from why
        if judge.error is not None and _is_for_the_test(judge.error):
            raise judge.error
        self.schedules += 1
        self.steps += steps
        if self.steps - self._collected >= COLLECT_EVERY:
            self._collected = self.steps
            gc.collect(0)  # the objects since the last time
        return Result(judge.failure, choices, steps)

    def _play(
        self, loop: WorldLoop, judge: ScenarioJudge, make: Make, decide: Choose | None, every_choice: bool, listener: Any
    ) -> tuple[list[int], int]:
        """Run it to its end and judge it. Returns the choices and the number of steps."""
        rules, scenario = self.rules, self.scenario
        coroutine = scenario.start()
        if self.schedules == 0:
            check_coroutine(scenario, coroutine)
        main = loop.create_task(coroutine, name=scenario.function)
        judge.begin(main)
        loop.waits_on = lambda: not main.done()
        if rules.paced:
            loop.pace, loop.slow = main, 0.0
            loop.names = TaskNames(loop.tasks, frozenset())
        frame = getattr(coroutine, "cr_frame", None) if self.sample_end else None
        if rules.cancel:
            _may_be_cancelled(loop, judge, main, scenario.body)
        choose = make(candidates := ScenarioCandidates(loop, rules.order))
        loop.decide = decide or choose
        if BLACK_BOX.on:
            BLACK_BOX.begins({**asdict(rules), "order": rules.order.value})
            decide = BLACK_BOX.recording(candidates, loop.decide, every_choice=every_choice)
            choose, every_choice = BLACK_BOX.recording(candidates, choose, every_choice=every_choice), True
            loop.decide = decide
        stepped = judge.stepped
        loop.attentive = listener is not None
        if listener is not None:
            listener.begun(loop, judge)
            stepped = listener.stepping(stepped)
        try:
            ending, choices, steps = run_on(loop, rules.order, choose, stepped, limit=self.limit, every_choice=every_choice, done=main.done)
            if (ending is Ending.LIMIT and judge.failure is None) or (ending is Ending.QUIESCENT and _swept(judge, main, loop)):
                loop.faults.clear()
                loop.early_timers = False
                ending, _, more = run_on(loop, rules.order, _first, stepped, limit=self.limit, done=main.done)
                steps += more
        except Blocked:  # outside of any task: in a callback, or in a condition
            ending, choices, steps = Ending.STOPPED, loop.choices, 0
        except (SystemExit, KeyboardInterrupt) as error:  # a loop lets them through, from wherever they are raised, and ends
            if was_interrupted():
                raise KeyboardInterrupt from None
            judge.ended_by(error)
            stepped()
            ending, choices, steps = Ending.STOPPED, loop.choices, 0
        judge.finish(ending)
        self.decided = self.decided or loop.decided
        if frame is not None and scenario.body is not None:
            frame = scenario.body.frame or frame
        self.end_state = None if frame is None else self._ends.of(frame, main, judge.failure, loop.kept.changed() if loop.kept else ())
        if listener is not None:
            listener.finished()
        return choices, steps


def _is_for_the_test(error: BaseException) -> bool:
    """Whether `error` tells pytest or Hypothesis something, and is no failure: a skip, an expected failure, an assumption."""
    kind = type(error)
    if isinstance(error, SkipTest):
        return True
    if kind.__module__.startswith("hypothesis."):
        return kind.__name__ in _HYPOTHESIS
    return kind.__name__ != "Failed" and any(base.__name__ == "OutcomeException" for base in kind.__mro__)  # of pytest


def _first(_n: int) -> int:
    return 0


def _may_be_cancelled(loop: ControlledLoop, judge: ScenarioJudge, main: Any, body: Body | None) -> None:
    def strike() -> None:
        judge.cancelled = True
        main.cancel()

    outside = judge.outside = Event(f"cancel {main.get_name()}", strike)
    if body is None:
        loop.faults.append(outside)
        return

    def spare() -> None:
        if outside in loop.faults:
            loop.faults.remove(outside)

    body.begins, body.ends = partial(loop.faults.append, outside), spare


def _swept(judge: ScenarioJudge, main: Any, loop: ControlledLoop) -> bool:
    """Cancel what a cancelled scenario has left, as `asyncio.run` does; whether there was anything."""
    if judge.failure is not None or not main.done() or not main.cancelled():
        return False
    left = [task for task in loop.tasks if not task.done()]
    for task in left:
        task.cancel()
    return bool(left)

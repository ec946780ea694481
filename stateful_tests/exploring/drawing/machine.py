"""The common part of the rule machines of all levels: Hypothesis draws a program while it runs, one step or event at a time.

A level's machine adds the rules that start its operations. One Hypothesis example costs milliseconds, a schedule a fraction of one; so an
example ends by handing its program to a driver, which makes many more schedules of it.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from subwarden.checking.bad_observation import BadObservation
from subwarden.checking.causes import Cause
from subwarden.scheduling.events import Event
from subwarden.scheduling.isolation.kept import begin_alike
from subwarden.scheduling.isolation.replaced import put_back
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order, happen, loop_for, width
from subwarden.scheduling.watchdog import WATCHDOG, Blocked, abandon
from subwarden.stateful_tests.exploring.black_box import BLACK_BOX
from subwarden.stateful_tests.exploring.coverage.overlap import out_of_turn
from subwarden.stateful_tests.exploring.coverage.points import EVENT_BETWEEN, Point
from subwarden.stateful_tests.exploring.drawing.escape import escaping
from subwarden.stateful_tests.exploring.level import Drawing, Drawn, Factory

RUNS_SUBJECT = ("__init__", "arrive", "pick", "teardown")  # methods in which a subject's or a driver's code runs


class DrawnEnough(Exception):
    """No further example is needed. It is raised before an example begins, so that nothing is left half done."""


class Machine(RuleBasedStateMachine):
    """Bound to a subject, an order and a listener by `bound`; not to be used as it is.

    A subclass makes `play` and `program` in its `__init__`, and defines `cancellation` for its level.
    """

    factory: Factory
    order: Order
    cancelling: bool
    drawn: Drawn
    enough: Callable[[], bool]
    fired: set[str]
    rules_fired: set[str]
    happened: set[Point]
    transitions: set[Any]
    graph: Callable[[], Any]

    limit = 2_000  # names of one run; the explorer's runs may be longer, this one only draws the program
    early_timers = False
    loop_class: type[ControlledLoop] = ControlledLoop

    play: Any
    program: Any

    def __init__(self) -> None:
        if type(self).enough():
            raise DrawnEnough
        super().__init__()
        begin_alike(self.factory)
        self.loop = loop_for(self.order, early_timers=self.early_timers, make=self.loop_class)
        self.names: list[str] = []
        self.over = False  # the run has been given up: it blocks, or does not come to rest

    # --- a level defines

    def cancellation(self, place: int) -> tuple[Any, Event]:
        """The cancellation of the task at `place`: as a fault of the program, and as the event."""
        raise NotImplementedError

    def shown(self) -> dict[Cause, int] | None:
        """The violations of the run; None: it was given up, and cannot be judged."""
        violations: dict[Cause, int] = self.play.judge.violations
        return None if self.over else violations

    # --- rules use

    def room(self) -> bool:
        """Whether another task may start."""
        return True

    def arrive(self, rule_name: str, task: Any, chain: tuple[Any, ...]) -> None:
        """The outside event: the request of `task`, which makes the calls of `chain`, arrives."""
        self.program = replace(self.program, tasks=(*self.program.tasks, chain))
        self.rules_fired.add(rule_name)
        self.names.append(f"+{task.start}")
        if self.loop.ready:
            self.happened.add(EVENT_BETWEEN[self.order])
        self.noted()
        with self.loop.entered():
            self.play.start(task)

    def pick(self, pick: int) -> None:
        """Run candidate `pick`, alone, and judge it."""
        self.names.append(LoopCandidates(self.loop, self.order).names()[pick])
        self.noted()
        self.happened.update(out_of_turn(self.order, pick, width(self.loop, self.order), len(self.loop.events)))
        limit = sys.getrecursionlimit()
        WATCHDOG.watch(self.loop)
        try:
            with self.loop.entered():
                if happen(self.loop, self.order, pick):
                    self.play.audience.stepped()
        except Blocked:  # outside of any task
            pass
        finally:
            WATCHDOG.watch(None)  # until the next step Hypothesis is at work, which on a busy machine takes long
            replaced = put_back(limit)
        if replaced:
            raise BadObservation(replaced)
        if self.loop.blocked is not None or len(self.names) > self.limit:
            self.over = True  # a driver will play the program again and judge it; here nothing can go on
            abandon(self.loop)

    def noted(self) -> None:
        """The run until now is written down, where the subject may end the process."""
        if BLACK_BOX.on:
            BLACK_BOX.begins({"order": self.order.value, "program": self.program.encode()}, self.names)

    def moving(self) -> bool:
        """Whether a step, an event or a timer is left."""
        loop = self.loop
        if self.over:
            return False
        return bool(loop.ready or loop.events or (loop.has_timers() and not (loop.resting is not None and loop.resting())))

    def rest(self) -> None:
        """Run to quiescence, first in, first out."""
        while self.moving():
            self.pick(0)

    # --- the rules of all levels

    @precondition(lambda self: self.loop.ready or self.loop.events)
    @rule(pick=st.integers(0, 9))
    def advance(self, pick: int) -> None:
        """A chosen step runs, or a chosen outside event happens."""
        self.rules_fired.add("advance")
        self.pick(pick % (width(self.loop, self.order) + len(self.loop.events)))

    @precondition(lambda self: self.moving() or not self.room())  # nothing moves and nobody may come: Hypothesis wants a rule all the same
    @rule()
    def settle(self) -> None:
        """Run to quiescence."""
        self.rules_fired.add("settle")
        self.rest()

    @precondition(lambda self: self.cancelling and not self.over and self.cancellable())
    @rule(pick=st.integers(0, 9))
    def cancel(self, pick: int) -> None:
        """A caller goes away: its task is cancelled where it waits, even if it has been woken already."""
        self.rules_fired.add("cancel")
        running = self.cancellable()
        fault, event = self.cancellation(running[pick % len(running)])
        self.program = replace(self.program, faults=(*self.program.faults, fault))
        self.names.append(f"+{event.label}")
        with self.loop.entered():
            event.deliver()

    def cancellable(self) -> list[int]:
        """The places of the tasks that are under way and not cancelled yet."""
        return [place for place in self.play.unfinished() if self.cancellation(place)[0] not in self.program.faults]

    def teardown(self) -> None:
        """The end of an example: its program is handed to the driver."""
        try:
            self.rest()
            if not self.over:
                with self.loop.entered():
                    self.play.finish()
            if self.program.tasks:
                type(self).drawn(self.program, self.names, self.shown())
        finally:  # even if the subject raises, nothing may be left to complain
            abandon(self.loop)
            self.play.let_go()
            WATCHDOG.watch(None)  # between two examples Hypothesis may take long


Kind = TypeVar("Kind", bound=Machine)


def bound(kind: type[Kind], drawing: Drawing) -> type[Kind]:
    """The machine class `kind` for a subject and an order."""
    attributes: dict[str, object] = {
        "factory": staticmethod(drawing.factory),
        "order": drawing.order,
        "cancelling": drawing.cancel,
        "drawn": staticmethod(drawing.drawn),
        "enough": staticmethod(drawing.enough),
        "fired": drawing.fired,
        "rules_fired": drawing.rules,
        "happened": drawing.happened,
        "transitions": drawing.transitions,
        "graph": staticmethod(drawing.graph),
        **{name: escaping(getattr(kind, name)) for name in RUNS_SUBJECT},
    }
    return type(kind.__name__, (kind,), attributes)

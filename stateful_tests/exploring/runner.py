"""Runs programs on one subject in one order, as often as asked. Exploring, shrinking and narrating are built on it."""

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from graphlib import CycleError, TopologicalSorter
from typing import Any

from subwarden.checking import causes
from subwarden.checking.bad_observation import BadObservation
from subwarden.checking.causes import Cause
from subwarden.checking.place import in_a_line, shortened
from subwarden.processes.signals import noticing
from subwarden.scheduling.isolation import entry_points
from subwarden.scheduling.isolation.kept import begin_alike, beginning_alike
from subwarden.scheduling.isolation.printed import captured
from subwarden.scheduling.isolation.replaced import put_back, watched
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order, loop_for
from subwarden.scheduling.run import Choose, Ending, run
from subwarden.scheduling.schedule import Follower, Guide, Recorder
from subwarden.scheduling.strategies.strategy import Strategy, once
from subwarden.scheduling.watchdog import WATCHDOG, Blocked, abandon
from subwarden.stateful_tests.exploring.black_box import BLACK_BOX
from subwarden.stateful_tests.exploring.coverage.points import FREE_LOCK, Point
from subwarden.stateful_tests.exploring.level import Factory, Level, Play, Program
from subwarden.stateful_tests.exploring.observers import Observer, heard
from subwarden.world.chance import controlled_chance
from subwarden.world.clock import controlled_clocks
from subwarden.world.direct_tasks import directed_tasks
from subwarden.world.groups import watched_groups

MakeChoose = Callable[[LoopCandidates], Choose]
SUSPENDED = frozenset({FREE_LOCK})
COLLECT_EVERY = 10_000  # steps; a run's garbage is small, and collecting it after each run would cost more than the run


@dataclass(slots=True)
class Result:
    """The result of one run."""

    violations: dict[Cause, int]
    details: dict[Cause, str]
    choices: list[int]
    steps: int


@cache
def _has_cycle(pairs: frozenset[tuple[str, str]]) -> bool:
    graph = TopologicalSorter[str]()
    for outer, inner in pairs:
        graph.add(inner, outer)
    try:
        graph.prepare()
    except CycleError:
        return True
    return False


class Runner:
    """One subject in one order. It counts runs and steps; `fired` collects the kinds of the model's transitions that happened."""

    def __init__(self, level: Level, factory: Factory, order: Order, *, early_timers: bool = True) -> None:
        self.level = level
        self.factory = factory
        self.order = order
        self._early_timers = early_timers
        self.graph: Any = level.new_graph()
        self.fired: set[str] = set()
        self.schedules = 0
        self.steps = 0
        self._collected = 0
        self.happened: set[Point] = set()
        self.stakes: Counter[tuple[str, bool]] = Counter()  # the runs in which each duty was at stake; True: and could have been broken
        self.nested: dict[tuple[str, str], Program] = {}  # (outer, inner) lock kinds -> a program that takes them so
        self._program: Program | None = None  # the last one played, and its prepared form
        self._prepared: Any = None

    def run(self, program: Program, make: MakeChoose, *, every_choice: bool = False, observers: Sequence[Observer] = ()) -> Result:
        """Play `program` once. Raises UncontrolledSource if the subject used a source of order that cannot be controlled."""
        loop = loop_for(self.order, early_timers=self._early_timers, make=self.level.loop_class)
        loop.kept = begin_alike(self.factory)
        limit = sys.getrecursionlimit()
        WATCHDOG.watch(loop)
        with loop.entered():
            play = self.level.play(self.factory, self.prepared(program), loop, self.graph, self.fired, observers)
            if observers:
                play.audience.begun(play)
            try:
                choose = make(candidates := LoopCandidates(loop, self.order))
                if BLACK_BOX.on:
                    BLACK_BOX.begins({"order": self.order.value, "program": program.encode()})
                    choose, every_choice = BLACK_BOX.recording(candidates, choose, every_choice=every_choice), True
                ended = run(loop, self.order, choose, play.audience.stepped, every_choice=every_choice)
            except Blocked:  # outside of any task: in a callback, or in show()
                ended = Ending.STOPPED, [], play.judge.steps
            except BaseException:  # nothing can be tried, a schedule cannot be followed, Ctrl-C: nothing may be left to complain
                replaced = put_back(limit)
                abandon(loop)
                play.let_go()
                if replaced:
                    raise BadObservation(replaced) from None
                raise
            if replaced := put_back(limit):
                abandon(loop)
                play.let_go()
                raise BadObservation(replaced)
            result = self._finish(play, *ended)
        WATCHDOG.watch(None)  # until the next run the work is ours, and on a busy machine takes long
        return result

    def prepared(self, program: Program) -> Any:
        """`program`, made ready for many runs."""
        if program is not self._program:
            self._program, self._prepared = program, self.level.prepare(program)
        return self._prepared

    def run_strategy(self, program: Program, strategy: Strategy) -> Result | None:
        """Play `program` once more under `strategy`; None when that is exhausted."""
        return once(strategy, partial(self.run, program))

    def _finish(self, play: Play, ending: Ending, choices: list[int], steps: int) -> Result:
        loop, judge = play.loop, play.judge
        _insist(loop)
        if judge.show_raised is not None:
            abandon(loop)
            error = judge.show_raised
            if isinstance(error, BadObservation):
                raise error
            what = f"{judge.shows_by}() raised {in_a_line(error)}"
            raise BadObservation(f"{what}; it must be able to show the maps after any step")
        if loop.blocked is not None:
            judge.violated(causes.BLOCKED, shortened(loop.blocked))
        elif ending is Ending.LIMIT and not getattr(loop, "steady", False):
            judge.violated(causes.RESTLESS, f"after {steps} steps")
        else:
            loop.report_unretrieved()
            play.finish()
            _insist(loop)  # also on what `close()` does
        if loop.nested:
            self._lock_order(play)
        if play.audience is not judge:
            play.audience.finished()
        if at_stake := play.at_stake:
            self.stakes.update(at_stake)
        abandon(loop)
        play.let_go()
        if play.happened:
            self.happened |= play.happened
        if loop.suspended_free:
            self.happened |= SUSPENDED  # which hashes nothing anew, as adding a point would
        self.schedules += 1
        self.steps += steps
        if self.steps - self._collected >= COLLECT_EVERY:
            self._collected = self.steps
            WATCHDOG.watch(None)  # collecting takes long, and is not the subject's work
            gc.collect(0)  # the objects since the last time; nothing was collected in between
        return Result(judge.violations, judge.details, choices, steps)

    def _lock_order(self, play: Play) -> None:
        """Lock kinds taken inside one another, over all runs (P13): a cycle needs one run that shows both of its directions."""
        here = frozenset((play.lock_kind(outer), play.lock_kind(inner)) for outer, inner in play.loop.nested)
        for outer, inner in sorted(here):
            assert self._program is not None
            self.nested.setdefault((outer, inner), self._program)
        if _has_cycle(here):
            play.judge.violated(causes.LOCK_CYCLE, ", ".join(f"{inner} inside {outer}" for outer, inner in sorted(here)))

    def record(self, program: Program, make: MakeChoose) -> tuple[Result, list[str]]:
        """Play once; returns the run, and the names of its steps and outside events."""
        recorders: list[Recorder] = []

        def recording(candidates: LoopCandidates) -> Choose:
            recorders.append(Recorder(candidates, make(candidates)))
            return recorders[0]

        result = self.run(program, recording, every_choice=True)
        return result, recorders[0].names

    def follow(self, program: Program, names: Sequence[str], observers: Sequence[Observer] = ()) -> Result:
        """Play exactly `names`. Raises Divergence at the first step that cannot be followed."""
        followers: list[Follower] = []
        chosen = heard(observers, "chosen")

        def following(candidates: LoopCandidates) -> Choose:
            follower = Follower(candidates, names)
            followers.append(follower)
            if chosen is None:
                return follower

            def choose(n: int) -> int:
                pick = follower(n)
                chosen(names[follower.at - 1])
                return pick

            return choose

        result = self.run(program, following, every_choice=True, observers=observers)
        followers[0].finish()
        return result

    def guided(self, program: Program, names: Sequence[str]) -> tuple[Result, list[str]]:
        """Play along `names` as far as they go; returns the run, and its own names."""
        return self.record(program, lambda candidates: Guide(candidates, names))


@contextmanager
def running() -> Iterator[None]:
    """Around many runs: locks, clocks and chance under control, a guard against blocking, threads and processes refused, printed text
    captured, what a run leaves behind put back, and no collection of garbage in the middle of a run. Ctrl-C is told apart from a subject's
    own KeyboardInterrupt.
    """
    with (
        noticing(),
        uncollected(),
        controlled_locks(),
        controlled_clocks(),
        controlled_chance(),
        watched_groups(),
        directed_tasks(),
        WATCHDOG.guarded(),
        entry_points.refused(),
        watched(),
        captured(),
        beginning_alike(),
    ):
        yield


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection of garbage, whose moment would be chance. The young objects are collected before; older garbage would take longer than
    many an exploration.

    A full collection that is asked for passes over what was there before: it is frozen, unless somebody else has frozen objects. Ours could
    not be thawed without theirs, and frozen garbage stays for good.
    """
    gc.collect(1)
    if not gc.isenabled():  # the outer one of two has done all of this
        yield
        return
    freezes = not _others_freeze()
    if freezes:
        gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if freezes:
            gc.unfreeze()
        gc.enable()


@cache
def _others_freeze() -> bool:
    """Asked once: Python goes through all frozen objects to count them."""
    return gc.get_freeze_count() > 0


def _insist(loop: ControlledLoop) -> None:
    """Raises UncontrolledSource if the subject started something past the loop."""
    if loop.refusal is not None:
        abandon(loop)
        raise loop.refusal()

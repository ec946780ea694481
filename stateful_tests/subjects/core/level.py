"""The core level. See `stateful_tests.exploring.level`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from subwarden.checking.core.configurations import CoreGraph
from subwarden.model.core.step import CORE_BY_NAME, CORE_KINDS, CoreOperation
from subwarden.model.core.words import say_operation
from subwarden.reports.script.core import write
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.overlap import pairs
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind, fired, points
from subwarden.stateful_tests.exploring.drawing.machine import bound
from subwarden.stateful_tests.exploring.findings.claimant import Claimant
from subwarden.stateful_tests.exploring.level import Drawing, Factory, FailingRun, Names
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.subjects.core.adapter_level import ABOUT_TO_RUN, AdapterLevel
from subwarden.stateful_tests.subjects.core.claim import claimant
from subwarden.stateful_tests.subjects.core.machine import CoreMachine
from subwarden.stateful_tests.subjects.core.play import CorePlay
from subwarden.stateful_tests.subjects.core.program import CoreProgram, PreparedCalls, prepare
from subwarden.stateful_tests.subjects.core.simpler import simpler

RULES = (*CORE_BY_NAME, "advance", "settle", "cancel")
OVERLAPS = pairs(CORE_BY_NAME)


class CoreLevel(AdapterLevel):
    """See `stateful_tests.exploring.level.Level`."""

    name = "core"
    code: int | str = "core"
    drawn_as = "core"
    scope = "core"

    def new_graph(self) -> CoreGraph:
        """The model's states, shared by the runs of one runner."""
        return CoreGraph()

    def prepare(self, program: CoreProgram) -> PreparedCalls:
        """The tasks of `program`, compiled."""
        return prepare(program)

    def play(
        self,
        factory: Factory,
        prepared: PreparedCalls,
        loop: ControlledLoop,
        graph: CoreGraph,
        fired: set[str],
        observers: Sequence[Observer] = (),
    ) -> CorePlay:
        """A run, ready to be scheduled."""
        return CorePlay(factory, prepared, loop, graph, fired, observers)

    def machine(self, drawing: Drawing) -> Any:
        """A class of rule machines that draw programs."""
        return bound(CoreMachine, drawing)

    def simpler(self, program: CoreProgram, names: Names) -> Iterator[tuple[CoreProgram, Names]]:
        """See `stateful_tests.subjects.core.simpler`."""
        return simpler(program, names)

    def expected(self, order: Order, cancellation: bool) -> set[Point]:
        """Every rule, operation and kind of transition, and with `cancellation` a cancellation."""
        expected = points(PointKind.RULE, (rule for rule in RULES if rule != "cancel" or cancellation))
        expected |= points(PointKind.OPERATION, CORE_BY_NAME) | points(PointKind.TRANSITION, CORE_KINDS)
        return expected | ({ABOUT_TO_RUN} if cancellation else set())

    def fired(self, kinds: Iterable[str]) -> set[Point]:
        """The points of coverage, named as in `expected`, of the kinds of transitions that fired."""
        return fired(kind for kind in kinds if kind)

    def overlaps(self, factory: Factory) -> frozenset[str]:
        """All pairs of operations."""
        return OVERLAPS

    def decode(self, data: object) -> CoreProgram:
        """The program that `CoreProgram.encode` wrote as `data`."""
        return CoreProgram.decode(data)

    def claimant(self, run: FailingRun) -> Claimant:
        """See `stateful_tests.subjects.core.claim`."""
        return claimant(run)

    def write_script(self, record: dict[str, Any]) -> str:
        """See `reports.script.core`."""
        return write(record)

    def say_operation(self, operation: CoreOperation) -> str:
        """`operation` in words."""
        return say_operation(operation)


CORE_LEVEL = CoreLevel()

"""The core level. See `stateful_tests.exploring.level`."""

from collections.abc import Iterable, Mapping
from typing import Any

from subwarden.checking.core.connection_states import CoreGraph
from subwarden.checking.core.options.all import kinds_of
from subwarden.model.core.options import PLAIN
from subwarden.model.core.step import CORE_BY_NAME, CORE_KINDS, OPTION_KINDS, Attach, Connect, Publish, Subscribe, Unsubscribe
from subwarden.model.core.words import say_operation
from subwarden.reports.script.core import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.overlap import pairs
from subwarden.stateful_tests.exploring.coverage.points import DELIVERED_IN, Point, PointKind, fired, points
from subwarden.stateful_tests.exploring.drawing.machine import bound
from subwarden.stateful_tests.exploring.level import Drawing, Factory
from subwarden.stateful_tests.subjects.core.adapter import CoreAdapter
from subwarden.stateful_tests.subjects.core.adapter_level import ABOUT_TO_RUN, AdapterLevel
from subwarden.stateful_tests.subjects.core.claim import claimant
from subwarden.stateful_tests.subjects.core.drawing.vocabulary import CoreVocabulary
from subwarden.stateful_tests.subjects.core.machine import CoreMachine
from subwarden.stateful_tests.subjects.core.options.machine import OptionsMachine
from subwarden.stateful_tests.subjects.core.options.reading import operations_of
from subwarden.stateful_tests.subjects.core.play import CorePlay
from subwarden.stateful_tests.subjects.core.program import CoreProgram, prepare
from subwarden.stateful_tests.subjects.core.simpler import simpler

RULES = (*CORE_BY_NAME, "advance", "settle", "cancel")
SUBSCRIBES = Attach("c1", "s1"), Connect("c1"), Subscribe("c1", "t1")
DELIVERS = CoreProgram(((*SUBSCRIBES, Publish("t1")),))
LEAVES = CoreProgram(((*SUBSCRIBES, Unsubscribe("c1", "t1"), Publish("t1")),))
TO_NOBODY = "publish: to nobody"


class CoreLevel(AdapterLevel):
    """See `stateful_tests.exploring.level.Level`."""

    name = "core"
    code: int | str = "core"
    drawn_as = "core"
    scope = "core"
    new_graph = CoreGraph
    play = CorePlay
    prepare = staticmethod(prepare)
    simpler = staticmethod(simpler)
    decode = CoreProgram.decode
    claimant = staticmethod(claimant)
    write_script = staticmethod(write)
    say_operation = staticmethod(say_operation)

    def machine(self, drawing: Drawing) -> Any:
        """A class of rule machines that draw programs."""
        adapter: CoreAdapter = drawing.factory()
        return bound(CoreMachine if adapter.kind.options == PLAIN else OptionsMachine, drawing)

    def vocabulary(self, factory: Factory) -> CoreVocabulary:
        """The operations that the adapter has."""
        adapter: CoreAdapter = factory()
        kind = adapter.kind
        return CoreVocabulary(kind.plays, kind.options, again=kind.reconnects)

    def expected(self, order: Order, cancellation: bool) -> set[Point]:
        """Every rule, operation and kind of transition, and with `cancellation` a cancellation."""
        expected = points(PointKind.RULE, (rule for rule in RULES if rule != "cancel" or cancellation))
        expected |= points(PointKind.OPERATION, CORE_BY_NAME) | points(PointKind.TRANSITION, CORE_KINDS)
        return expected | {DELIVERED_IN[order]} | ({ABOUT_TO_RUN} if cancellation else set())

    def sure_of(self, order: Order) -> Mapping[Point, CoreProgram]:
        """A program that delivers a message, and one that delivers none to a client that has left the topic. A subject that runs slowly
        has few drawn programs.
        """
        return {DELIVERED_IN[order]: DELIVERS, Point(PointKind.TRANSITION, TO_NOBODY): LEAVES}

    def brings(self, factory: Factory) -> set[Point]:
        """Beside what any adapter brings, the operations and transitions of its options."""
        adapter: CoreAdapter = factory()
        options = adapter.kind.options
        operations = operations_of(options)
        brought = points(PointKind.OPERATION, operations) | points(PointKind.RULE, operations.keys() - {"detach"})
        kinds = [kind for kind in OPTION_KINDS if kind.split(":")[0] in operations]
        return super().brings(factory) | brought | points(PointKind.TRANSITION, (*kinds, *kinds_of(options)))

    def fired(self, kinds: Iterable[str]) -> set[Point]:
        """The points of coverage, named as in `expected`, of the kinds of transitions that fired."""
        return fired(kind for kind in kinds if kind)

    def overlaps(self, factory: Factory) -> frozenset[str]:
        """All pairs of operations that the adapter has."""
        return pairs(CORE_BY_NAME.keys() & factory().kind.has)


CORE_LEVEL = CoreLevel()

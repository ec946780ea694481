"""Level custom. See `stateful_tests.exploring.level`."""

from collections.abc import Iterable
from typing import Any

from subwarden.checking.custom.configurations import CustomGraph
from subwarden.reports.script.core import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.overlap import pairs
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind, fired, points
from subwarden.stateful_tests.exploring.drawing.machine import bound
from subwarden.stateful_tests.exploring.level import Drawing, Factory
from subwarden.stateful_tests.subjects.core.adapter_level import ABOUT_TO_RUN, AdapterLevel
from subwarden.stateful_tests.subjects.core.claim import claimant
from subwarden.stateful_tests.subjects.custom.adapter import CustomAdapter
from subwarden.stateful_tests.subjects.custom.machine import rule_of, with_rules
from subwarden.stateful_tests.subjects.custom.play import CustomPlay
from subwarden.stateful_tests.subjects.custom.program import CustomProgram, prepare
from subwarden.stateful_tests.subjects.custom.simpler import simpler
from subwarden.stateful_tests.subjects.custom.vocabulary import CustomVocabulary


class CustomLevel(AdapterLevel):
    """See `stateful_tests.exploring.level.Level`."""

    name = "custom"
    code: int | str = "own"
    drawn_as = "own model"
    scope = "custom"
    new_graph = CustomGraph
    play = CustomPlay
    prepare = staticmethod(prepare)
    simpler = staticmethod(simpler)
    decode = CustomProgram.decode
    claimant = staticmethod(claimant)
    write_script = staticmethod(write)
    say_operation = staticmethod(str)

    def machine(self, drawing: Drawing) -> Any:
        """A class of rule machines that draw programs."""
        adapter: CustomAdapter = drawing.factory()
        return bound(with_rules(adapter.kind.model), drawing)

    def vocabulary(self, factory: Factory) -> CustomVocabulary:
        """The operations of the adapter's model."""
        adapter: CustomAdapter = factory()
        return CustomVocabulary(adapter.kind.model)

    def expected(self, order: Order, cancellation: bool) -> set[Point]:
        """The rules that every model has, and with `cancellation` a cancellation."""
        expected = points(PointKind.RULE, ("advance", "settle", *["cancel"] * cancellation))
        return expected | ({ABOUT_TO_RUN} if cancellation else set())

    def brings(self, factory: Factory) -> set[Point]:
        """Every operation of the model that need not always wait, and every answer that is the only right one in some state."""
        adapter: CustomAdapter = factory()
        model = adapter.kind.model
        brought = points(PointKind.OPERATION, model.answering) | points(PointKind.RULE, map(rule_of, model.operations))
        return super().brings(factory) | brought | points(PointKind.TRANSITION, model.kinds)

    def fired(self, kinds: Iterable[str]) -> set[Point]:
        """The points of coverage, named as in `brings`, of the kinds of transitions that fired."""
        return {point for point in fired(kinds) if point.kind is PointKind.OPERATION or ":" in point.name}

    def overlaps(self, factory: Factory) -> frozenset[str]:
        """All pairs of the model's operations."""
        adapter: CustomAdapter = factory()
        return pairs(adapter.kind.model.operations)


CUSTOM_LEVEL = CustomLevel()

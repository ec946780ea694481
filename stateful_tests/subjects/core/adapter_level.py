"""The common part of levels core and custom, whose subjects are adapters.

Failures of the environment are not among the faults of their programs.
"""

from subwarden.stateful_tests.exploring.coverage.awaits import awaits_in, modules_of
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind
from subwarden.stateful_tests.exploring.drawing.chains import ChainLevel
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.subjects.core.adapter import OBSERVED, Adapter
from subwarden.world.loop import WorldLoop

ABOUT_TO_RUN = Point(PointKind.CANCELLATION, "while about to run")


class AdapterLevel(ChainLevel):
    """A part of `stateful_tests.exploring.level.Level`."""

    share = 1.0
    windows = True
    loop_class = WorldLoop

    def absent(self, factory: Factory) -> set[Point]:
        """The expected points of coverage that the adapter cannot reach."""
        adapter: Adapter = factory()
        return set(adapter.absent)

    def brings(self, factory: Factory) -> set[Point]:
        """The points of coverage that are expected because the adapter has the means: an `observe()` must show something."""
        adapter: Adapter = factory()
        return {OBSERVED} if "observe" in adapter.kind.has else set()

    def awaits(self, factory: Factory) -> set[str]:
        """The awaits in the adapter's own module, without those of its imports."""
        adapter: Adapter = factory()
        return awaits_in(modules_of(adapter.kind.type))

"""What the levels of adapters have in common, whichever model an adapter is held against.

What the environment may do to them is not counted among the faults of their programs.
"""

from subwarden.stateful_tests.exploring.coverage.awaits import awaits_in, modules_of
from subwarden.stateful_tests.exploring.drawing.chains import ChainLevel
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.subjects.core.adapter import Adapter


class AdapterLevel(ChainLevel):
    """See `stateful_tests.exploring.level.Level`, of which this is a part."""

    share = 1.0

    def absent(self, factory: Factory) -> set[str]:
        """What of that an adapter does not have."""
        adapter: Adapter = factory()
        return set(adapter.absent)

    def awaits(self, factory: Factory) -> set[str]:
        """See `stateful_tests.exploring.coverage.awaits`; those of the adapter's own module, not of what that imports."""
        adapter: Adapter = factory()
        return awaits_in(modules_of(adapter.kind.type))

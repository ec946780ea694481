"""All planted defects of the core level."""

from typing import Any

from subwarden.stateful_tests.specimens.core_defects import deliveries, ending, maps

DEFECTS = (*maps.DEFECTS, *deliveries.DEFECTS, *ending.DEFECTS)


def __getattr__(name: str) -> Any:
    """The adapter of the defect `name`, so that `--subject stateful_tests.specimens.core_defects.catalogue:NAME` and a script can import
    it."""
    for defect in DEFECTS:
        if defect.name == name:
            return defect.factory
    raise AttributeError(name)

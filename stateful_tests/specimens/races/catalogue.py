"""All race programs, in one place."""

from subwarden.stateful_tests.specimens.races import deep, lifecycle, locks, signals, updates
from subwarden.stateful_tests.specimens.races.race import RACES, Race

MODULES = (updates, locks, signals, lifecycle, deep)  # importing a module enters its programs


def races() -> list[Race]:
    """Every program, in the order of the modules."""
    return list(RACES)

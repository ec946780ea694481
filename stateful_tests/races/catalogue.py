"""All race programs, in one place."""

from stateful_tests.races import deep, endings, locks, signals, updates
from stateful_tests.races.race import RACES, Race

MODULES = (updates, locks, signals, endings, deep)  # importing a module enters its programs


def races() -> list[Race]:
    """Every program, in the order of the modules."""
    return list(RACES)

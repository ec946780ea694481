"""All race programs, in one place."""

from subwarden.stateful_tests.specimens.races import deep, locks, signals, updates
from subwarden.stateful_tests.specimens.races import lifecycle as endings
from subwarden.stateful_tests.specimens.races.race import RACES, Race

MODULES = (updates, locks, signals, endings, deep)  # importing a module enters its programs


def races() -> list[Race]:
    """Every program, in the order of the modules."""
    return list(RACES)

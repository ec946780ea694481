"""The checks of level manager, which most tests are about."""

from subwarden.stateful_tests.exploring.check import checks_of
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL

CHECKS = checks_of(MANAGER_LEVEL.name)

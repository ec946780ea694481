"""The levels by name: on which of them a subject is judged, and what a replay was recorded on."""

from stateful_tests.core.level import CORE
from stateful_tests.exploring.level import Level
from stateful_tests.level1.level import LEVEL_1
from stateful_tests.level2.level import LEVEL_2
from stateful_tests.own.level import OWN

ALL: tuple[Level, ...] = (LEVEL_1, LEVEL_2, CORE, OWN)
LEVELS: dict[str, Level] = {level.name: level for level in ALL}

"""The levels by name: on which of them a subject is judged, and what a replay was recorded on."""

from subwarden.stateful_tests.exploring.level import Level
from subwarden.stateful_tests.subjects.core.level import CORE
from subwarden.stateful_tests.subjects.custom.level import OWN
from subwarden.stateful_tests.subjects.manager.level import LEVEL_1
from subwarden.stateful_tests.subjects.server.level import LEVEL_2

ALL: tuple[Level, ...] = (LEVEL_1, LEVEL_2, CORE, OWN)
LEVELS: dict[str, Level] = {level.name: level for level in ALL}

"""The levels by name: on which of them a subject is judged, and what a replay was recorded on."""

from subwarden.stateful_tests.exploring.level import Level
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL

ALL: tuple[Level, ...] = (MANAGER_LEVEL, SERVER_LEVEL, CORE_LEVEL, CUSTOM_LEVEL)
LEVELS: dict[str, Level] = {level.name: level for level in ALL}

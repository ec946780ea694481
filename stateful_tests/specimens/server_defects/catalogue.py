"""All planted defects of level 2."""

from subwarden.stateful_tests.specimens.server_defects import answers, listeners, maps, progress

DEFECTS = (*maps.DEFECTS, *listeners.DEFECTS, *answers.DEFECTS, *progress.DEFECTS)

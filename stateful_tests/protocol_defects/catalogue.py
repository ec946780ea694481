"""All planted defects of level 2."""

from stateful_tests.protocol_defects import answers, listeners, maps, progress

DEFECTS = (*maps.DEFECTS, *listeners.DEFECTS, *answers.DEFECTS, *progress.DEFECTS)

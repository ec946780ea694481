"""All planted defects. Those that block the loop take seconds of wall-clock time a run, and are listed apart."""

from subwarden.stateful_tests.specimens.manager_defects import answers, cancellation, connections, leaks, listeners, maps, progress

DEFECTS = (
    *maps.DEFECTS,
    *connections.DEFECTS,
    *listeners.DEFECTS,
    *answers.DEFECTS,
    *cancellation.DEFECTS,
    *leaks.DEFECTS,
    *progress.DEFECTS,
)
BLOCKING = progress.BLOCKING

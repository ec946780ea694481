"""All planted defects of level server."""

from subwarden.stateful_tests.specimens.server_defects import (
    answers,
    approvals,
    attribution,
    cancellations,
    duties,
    effects,
    identity,
    listeners,
    maps,
    progress,
    refusals,
    surroundings,
)

DEFECTS = (
    *maps.DEFECTS,
    *listeners.DEFECTS,
    *answers.DEFECTS,
    *progress.DEFECTS,
    *duties.DEFECTS,
    *approvals.DEFECTS,
    *identity.DEFECTS,
    *attribution.DEFECTS,
    *effects.DEFECTS,
    *refusals.DEFECTS,
    *surroundings.DEFECTS,
    *cancellations.DEFECTS,
)

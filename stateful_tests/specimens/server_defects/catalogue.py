"""All planted defects of level server."""

from subwarden.stateful_tests.specimens.server_defects import (
    answers,
    approvals,
    attribution,
    duties,
    effects,
    identity,
    listeners,
    losses,
    maps,
    progress,
    refusals,
    stops,
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
    *losses.DEFECTS,
    *stops.DEFECTS,
)

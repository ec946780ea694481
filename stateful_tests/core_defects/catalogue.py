"""All planted defects of the core level."""

from stateful_tests.core_defects import deliveries, ending, maps

DEFECTS = (*maps.DEFECTS, *deliveries.DEFECTS, *ending.DEFECTS)

"""Draws depend on the seed alone, not on the folder of subwarden or on how it was started.

Hypothesis mixes constants into its draws that it reads in the source of loaded modules, except installed packages and folders named `test`.
Of all that our machines draw, only the share of rules that swarm testing turns off could be such a constant, and it means nothing there.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis.stateful  # noqa: F401  # loads the provider

MIXES_IN = "_maybe_draw_constant"  # private, and no setting turns it off; versions before 6.135 have none
PROVIDER: Any = getattr(sys.modules.get("hypothesis.internal.conjecture.providers"), "HypothesisProvider", None)


@contextmanager
def by_seed_alone() -> Iterator[None]:
    """Around Hypothesis: no constants are mixed in. Draws outside, such as those of a user's own tests, stay as they are."""
    mixes_in = getattr(PROVIDER, MIXES_IN, None)
    if mixes_in is None:
        yield
        return
    setattr(PROVIDER, MIXES_IN, _none)
    try:
        yield
    finally:
        setattr(PROVIDER, MIXES_IN, mixes_in)


def _none(*_of: object, **_given: object) -> None:
    """Instead of a constant: none is to be drawn here."""

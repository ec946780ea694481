"""What is drawn hangs on the seed, not on where subwarden lies or how it was started.

Hypothesis mixes constants that it reads in the source of loaded modules into what it draws, though not of installed packages, nor of what
lies in a folder named `test`. Of all that our machines draw, only the share of rules that swarm testing turns off could be such a constant,
which means nothing there.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis.stateful  # noqa: F401  # loads what is asked for below

MIXES_IN = "_maybe_draw_constant"  # of no use to anybody else, and no setting turns it off; versions before 6.135 have none
PROVIDER: Any = getattr(sys.modules.get("hypothesis.internal.conjecture.providers"), "HypothesisProvider", None)


@contextmanager
def by_seed_alone() -> Iterator[None]:
    """Around Hypothesis: no constants are mixed in. Whoever draws outside, as the tests of a user's own do, draws as ever."""
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

"""Chance, seeded in a run: module `random`, `uuid4`, `secrets`, `os.urandom`. What comes from elsewhere is found by the second run.

Every run begins with the same seed, so that the same schedule draws the same numbers. Outside of runs chance is the system's, and the state
of module `random` is put back. What it refuses to do: a `random.Random()` that was made before the run, or by C code, keeps its own state.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from subwarden.scheduling.loop import ENTERED

SEED = 0
_urandom = os.urandom
_SEEDED = random.Random(SEED).getstate()
_shared: Any = random.setstate.__self__  # type: ignore[attr-defined]  # the instance behind the functions of the module
_set = super(random.Random, _shared).setstate  # without the checks of `random.setstate`, for a state that is right
_open = 0


def _bytes(size: int) -> bytes:
    loop: Any = ENTERED.get(get_ident())
    if loop is None:
        return _urandom(size)
    source = loop.__dict__.get("_chance")
    if source is None:
        source = loop.__dict__["_chance"] = random.Random(SEED)
    made: bytes = source.randbytes(size)
    return made


def system_chance() -> dict[Callable[..., Any], str]:
    """The functions that ask the system for chance, with their names."""
    found: dict[Callable[..., Any], str] = {_urandom: "os.urandom"}
    if hasattr(os, "getrandom"):
        found[os.getrandom] = "os.getrandom"
    makes_uuid1 = getattr(sys.modules.get("uuid"), "_generate_time_safe", None)  # in C: of the machine, its clock and a file of its own
    if makes_uuid1 is not None:
        found[makes_uuid1] = "uuid.uuid1"
    return found


def begin() -> None:
    """A run begins: module `random` starts from the seed."""
    if _open:
        _set(_SEEDED[1])
        _shared.gauss_next = None


@contextmanager
def controlled_chance() -> Iterator[None]:
    """While open, chance is seeded in runs. May be nested."""
    global _open  # noqa: PLW0603  # the patch is global by nature: one count of its users
    before = random.getstate()
    _open += 1
    os.urandom = random._urandom = _bytes  # type: ignore[attr-defined]  # `random` has bound it by its own name, for `secrets`
    try:
        yield
    finally:
        _open -= 1
        random.setstate(before)
        if not _open:
            os.urandom = random._urandom = _urandom  # type: ignore[attr-defined]  # as above

"""Clocks and chance that escape: the lines of a run that ask the system for the time or for chance, past what is virtual and seeded.

It is used for one more run, once a scenario was seen to do different things under the same schedule, and for the run that is told. A
profiler sees each call of a C function, with the line that calls it. What it refuses to do: C code that asks by itself is not seen, nor is
the order of a set.
"""

import datetime
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from subwarden.scheduling.uncontrolled import is_library, place_of
from subwarden.world.chance import system_chance
from subwarden.world.clock import CLOCKS

ROOT = str(Path(__file__).resolve().parents[1])
ROOMS = tuple(f"{ROOT}/{room}/" for room in ("scheduling", "world", "checking", "stateful_tests/subjects", "stateful_tests/exploring"))
DRAWS = ("random", "getrandbits")
DATES = ("datetime.", "date.")
NOW = ("now", "utcnow", "today")
SHOWN = 3
OF_A_MOMENT = ("localtime", "gmtime", "ctime", "asctime", "strftime")  # that is given, as a rule: which, a profiler does not see


class Escapes:
    """What asked for the time or for chance, as `time.time at hub.py:12`, each once, in the order of the calls."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}
        self._made: list[random.Random] = []  # in this run
        self._names: dict[Callable[..., Any], str] = {real: f"time.{name}" for name, (real, _) in CLOCKS.items() if name not in OF_A_MOMENT}
        self._names |= system_chance()

    def __bool__(self) -> bool:
        return bool(self._found)

    def __str__(self) -> str:
        return ", ".join(list(self._found)[:SHOWN])

    def dates(self) -> list[str]:
        """Those of module `datetime`, which is virtual in a user's own modules alone."""
        return [each for each in self._found if each.startswith(DATES)][:SHOWN]

    @contextmanager
    def seen(self) -> Iterator[None]:
        """Around one run."""
        before = sys.getprofile()
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(before)

    def _profile(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or frame.f_code.co_filename.startswith(ROOMS):
            return
        name = self._named(frame, called)
        caller: FrameType | None = frame
        while name is not None and caller is not None:
            if not is_library(caller.f_code.co_filename):
                self._found[f"{name} at {place_of(caller)}"] = None
                return
            if caller.f_code.co_filename.startswith(ROOMS):
                return
            caller = caller.f_back

    def _named(self, frame: FrameType, called: Any) -> str | None:
        name, of = called.__name__, getattr(called, "__self__", None)
        if isinstance(of, random.Random) and of is not random._inst:  # that is the one of the module, which is seeded
            if name == "seed":
                self._made.append(of)
                return "random.Random()" if frame.f_locals.get("a", of) is None else None  # else its numbers repeat
            made_before = name in DRAWS and not any(each is of for each in self._made)
            return f"a random.{type(of).__name__} of before the run" if made_before else None
        if isinstance(of, type) and issubclass(of, datetime.date) and name in NOW:
            return f"{of.__name__}.{name}"
        return self._names.get(called) if called.__hash__ is not None else None

"""The inner state of a subject, roughly: what a search takes for progress (`exploring.drawing.growth`).

It looks at all that the subject holds, as the search of states does (`scheduling.state_search`), but leaves out what says little: which
tasks, futures and functions there are, great numbers, and what cannot be looked into. Nothing is proved by it.
"""

import asyncio
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from types import BuiltinFunctionType, CoroutineType, FunctionType, GeneratorType, MethodType
from typing import Any

from subwarden.scheduling.state_search.objects import Objects
from subwarden.scheduling.state_search.structure import Indigestible, Look

SMALL = 8  # from here on numbers are alike if they have as many bits
OPAQUE = (asyncio.AbstractEventLoop, asyncio.Future, asyncio.Handle)


class InnerStates(Objects):
    """Looks at subjects of one round. It keeps the constants that it has met, so that a search needs a new one in each."""

    def of(self, thing: object) -> bytes | None:
        """The state of `thing`: equal for those that are alike. None: it cannot be looked into."""
        self.begin()
        try:
            self.add(thing)
        except (Indigestible, RecursionError):
            return None
        return blake2b(array("q", self.out).tobytes(), digest_size=8).digest()

    def _table(self) -> Iterable[tuple[tuple[type, ...], Look]]:
        yield from super()._table()
        yield (int,), self._number
        yield (float,), lambda _: self.name(float)
        yield (FunctionType, MethodType, BuiltinFunctionType, type("".__str__)), lambda f: self.name(f.__qualname__)
        yield (CoroutineType, GeneratorType), lambda c: self.name(c.__qualname__)

    def _look_at(self, kind: type) -> Look:
        if issubclass(kind, OPAQUE) or hasattr(kind, "digest_parts"):
            return lambda _: self.name(kind)
        try:
            return super()._look_at(kind)
        except Indigestible:
            return lambda _: self.name(kind)

    def _number(self, number: Any) -> None:
        self.name(("number", number if -SMALL < number < SMALL else number.bit_length()))

"""The inner state of a subject, roughly: what a search takes for progress (`exploring.drawing.growth`).

It looks at all that the subject holds, as the search of states does (`scheduling.state_search`), but leaves out what says little: which
tasks, futures and functions there are, great numbers, addresses in texts, and what cannot be looked into. Nothing is proved by it.
"""

import asyncio
import re
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from types import BuiltinFunctionType, CoroutineType, FunctionType, GeneratorType, MethodType
from typing import Any

from subwarden.scheduling.state_search.objects import Objects
from subwarden.scheduling.state_search.structure import Indigestible, Look

ADDRESS = re.compile(r"\b(0x)?[0-9a-f]{8,}\b")  # another one in every run, as in the messages of anyio's cancellations
SMALL = 8  # from here on numbers are alike if they have as many bits
OPAQUE = (asyncio.AbstractEventLoop, asyncio.Future, asyncio.Handle)


class InnerStates(Objects):
    """Looks at subjects of one round. It keeps the constants that it has met, so that a search needs a new one in each."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[str, tuple[str, str]] = {}

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
        yield (str,), self._text
        yield (float,), lambda _: self.name(float)
        yield (FunctionType, MethodType, BuiltinFunctionType, type("".__str__)), lambda f: self.name(f.__qualname__)
        yield (CoroutineType, GeneratorType), lambda c: self.name(c.__qualname__)

    def _look_at(self, kind: type) -> Look:
        if hasattr(kind, "inner_parts"):
            return self.once(lambda thing: self._row(kind, (self._keep(thing.inner_parts()),)))
        if issubclass(kind, OPAQUE) or hasattr(kind, "digest_parts"):
            return lambda _: self.name(kind)
        try:
            return super()._look_at(kind)
        except Indigestible:
            return lambda _: self.name(kind)

    def _number(self, number: Any) -> None:
        self.name(("number", number if -SMALL < number < SMALL else number.bit_length()))

    def _text(self, text: str) -> None:
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = ("text", ADDRESS.sub("#", text))
        self.name(known)

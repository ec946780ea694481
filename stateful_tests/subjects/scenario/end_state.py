"""The state in which a run of a scenario ends: the values of its local variables then, of its result, and of what globals and the like hold
that they did not before. Two runs that nobody could tell apart have the same.

Values that cannot be looked into are left out, so the count of end states is a count of those that can be told apart.
"""

from array import array
from collections.abc import Iterable
from hashlib import blake2b
from types import FrameType
from typing import Any

from subwarden.scheduling.state_search.portable import PortableNumbers
from subwarden.scheduling.state_search.structure import NO_HASH, Indigestible
from subwarden.scheduling.state_search.suspended import Suspended


class EndStates:
    """Digests end states, equal ones equally, in every process."""

    def __init__(self) -> None:
        self._made: Suspended | None = None  # at the first use: it looks at every module, which takes long

    def of(self, frame: FrameType, main: Any, failure: object, kept: Iterable[tuple[str, Any]] = ()) -> int:
        """The digest of the end of a run. `frame`: of the scenario, which has been kept alive; `kept`: what would outlive the run."""
        structure = self._made = self._made or _portable()
        structure.begin()
        result = main.result() if main.done() and not main.cancelled() and main.exception() is None else None
        parts: list[object] = [("failure", repr(failure)), ("done", main.done())]
        for name, value in [*sorted(frame.f_locals.items()), ("return", result), *kept]:
            before = len(structure.out)
            try:
                structure.add(value)
            except (Indigestible, RecursionError, TypeError) as error:
                if isinstance(error, TypeError) and NO_HASH not in str(error):
                    raise
                del structure.out[before:]
                structure.out.append(0)
            parts.append(name)
        whole = repr(parts).encode(errors="surrogatepass") + array("q", structure.out).tobytes()
        return int.from_bytes(blake2b(whole, digest_size=8).digest(), "big")


def _portable() -> Suspended:
    structure = Suspended()
    structure.numbers = PortableNumbers()
    return structure

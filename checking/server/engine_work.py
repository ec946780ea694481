"""The engine's work that is still to come, read from the outside events that a run offers (P14), and the requests that came beside it."""

from functools import lru_cache

from subwarden.checking.server.at_stake import AtStake
from subwarden.model.server.stakes import Stake
from subwarden.model.server.waits import Work, WorkKind
from subwarden.scheduling.loop import ControlledLoop

BRINGS = {kind.value: kind for kind in (WorkKind.STARTS, WorkKind.FORKS, WorkKind.LOADS)}


class EngineWork:
    """That of one run, whose events `loop` has."""

    def __init__(self, loop: ControlledLoop, stakes: AtStake) -> None:
        self._loop = loop
        self._stakes = stakes
        self._thread_of: dict[int, int] = {}  # of each conversation
        self._beside: set[int] = set()  # requests that arrived while the engine was at work

    def arrives(self, number: int) -> None:
        """A request has arrived."""
        if self._works():
            self._stakes.arises(Stake.SERVED)
            self._beside.add(number)

    def answered(self, number: int) -> None:
        """A request is answered: if the engine still is at its work, that request has not waited for it."""
        if number in self._beside and self._works():
            self._stakes.met(Stake.SERVED)

    def brought(self, thread: int, conversation: int | None) -> None:
        """The engine has brought a conversation; None: it could not."""
        self._stakes.lapse((Stake.SERVED,))
        if conversation is not None:
            self._thread_of[conversation] = thread

    def left(self) -> tuple[list[Work], set[int]]:
        """The work that is left, and the clients that have messages to read."""
        left, readers = [], set[int]()
        for event in self._loop.events:
            known = _parsed(event.label)
            if known is None:
                continue
            kind, number = known
            if kind is None:
                readers.add(number)
            else:
                left.append(Work(kind, self._thread_of[number] if kind in (WorkKind.SHUTS_DOWN, WorkKind.TURNS) else number))
        return left, readers

    def _works(self) -> bool:
        return any(event.label.startswith("engine") for event in self._loop.events)


@lru_cache(maxsize=1_000)
def _parsed(label: str) -> tuple[WorkKind | None, int] | None:
    """The kind of work that an event is, and the number of its thread or conversation. Without a kind: a client reads, and
    its number. None: neither."""
    first, _, rest = label.partition(" ")
    if first == "engine":
        verb, _, thread = rest.partition(" ")
        return BRINGS[verb], int(thread[1:])
    if first[:1] == "v" and first[1:].isdigit():
        return WorkKind.SHUTS_DOWN if rest == WorkKind.SHUTS_DOWN.value else WorkKind.TURNS, int(first[1:])
    return (None, int(first[1:])) if rest == "reads" else None

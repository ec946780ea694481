"""The active turn of a conversation: the open turn and its items so far. Finished turns belong to the conversation and are not kept."""

from typing import NamedTuple

from subwarden.model.manager.operations import TurnEvent


class Turn(NamedTuple):
    """An open turn at one moment."""

    id: str
    items: tuple[str, ...]
    last: int  # the number of its last event


class TurnHistory:
    """Follows turn events. An item outside an open turn is ignored, as is the end of a turn that is not open."""

    __slots__ = ("_items", "_last", "_open")

    def __init__(self) -> None:
        self._open: str | None = None
        self._items: list[str] = []
        self._last = 0

    def handle_event(self, event: TurnEvent, number: int = 1) -> None:
        """Apply `event`. `number` names the turn it opens (`turn-N`) or the item it appends (`item-N`)."""
        self._last = number
        if event is TurnEvent.TURN_STARTED:
            self._open = f"turn-{number}"
            self._items = []
        elif event is TurnEvent.TURN_COMPLETE:
            self._open = None
        elif self._open is not None:
            self._items.append(f"item-{number}")

    def has_active_turn(self) -> bool:
        """Whether a turn is open."""
        return self._open is not None

    def active_turn_snapshot(self) -> Turn | None:
        """A copy of the open turn, or None."""
        return None if self._open is None else Turn(self._open, tuple(self._items), self._last)

    def active_items(self) -> int | None:
        """How many items the open turn has, or None."""
        return None if self._open is None else len(self._items)

    def reset(self) -> None:
        """Forget everything."""
        self._open = None
        self._items = []

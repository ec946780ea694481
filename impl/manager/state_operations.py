"""The operations on a thread state that a manager returned, the same for all subjects: each is one section under T.

They drop the command receiver of a new listener: a caller that runs a listener uses `ThreadState.set_listener` itself.
"""

from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.oneshot import Sender
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager.operations import TurnEvent


async def state_set_listener(state: ThreadState, cancel: Sender, conversation: Conversation) -> int | None:
    """Set a listener, which `cancel` stops, on the state. Returns its generation, or None if the state refused.

    If the state does not take `cancel`, because it refused or because this call was cancelled while it waited for T, the sender is
    dropped: a receiver that waits for it is woken.
    """
    placed = None
    try:
        async with state.lock:
            placed = state.set_listener(cancel, conversation)
    finally:
        if placed is None:
            cancel.drop()
    return None if placed is None else placed[1]


async def state_clear_listener(state: ThreadState) -> None:
    """Stop the state's listener, if it has one."""
    async with state.lock:
        state.clear_listener()


async def state_listener_matches(state: ThreadState, conversation: Conversation) -> bool:
    """Whether the state's listener follows this very conversation."""
    async with state.lock:
        return state.listener_matches(conversation)


async def state_track_event(state: ThreadState, event: TurnEvent, number: int = 1) -> int | None:
    """Feed the turn history. Returns the number of items of the turn that is open afterwards, or None."""
    async with state.lock:
        state.track_current_turn_event(event, number)
        return state.shown().turn

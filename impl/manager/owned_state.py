"""The thread state of `impl.manager.manager`: one that belongs to an entry of the map, and ends with it.

It refuses a listener once the manager has torn it down, and it refuses to show a turn for a conversation that it may not be of.
"""

from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.listener_commands import CommandReceiver
from subwarden.impl.manager.oneshot import Sender
from subwarden.impl.manager.thread_state import ThreadState


class OwnedThreadState(ThreadState):
    """A thread state that knows whether it is still the one in the map."""

    def __init__(self) -> None:
        super().__init__()
        self.retired = False

    def set_listener(self, cancel: Sender, conversation: Conversation) -> tuple[CommandReceiver, int] | None:
        """As in `ThreadState`; None on a retired state, whose caller keeps `cancel`."""
        # P3: a state taken before the teardown may be used after it; a listener put there would run where nothing can reach it.
        if self.retired:
            return None
        # P9: the turn shown is of the conversation that the listener follows. Only a listener of that same conversation vouches for it;
        # where none is, a late event of an earlier one may have opened it. So any other start is without a turn.
        if not self.listener_matches(conversation):
            self._turn_history.reset()
        return super().set_listener(cancel, conversation)

    def retire(self) -> None:
        """End this state: its listener is told to stop, and it never gets another."""
        self.clear_listener()
        self.retired = True

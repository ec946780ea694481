"""The thread state of `impl.manager.manager`: it belongs to an entry of the map, and ends with it.

Once torn down it refuses a listener. It never shows a turn that may belong to another conversation than the listener's.
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
        # P3: a caller may hold this state from before the teardown; a listener set now would run where nothing can reach it.
        if self.retired:
            return None
        # P9: the turn shown belongs to the listener's conversation. Only a listener of the same conversation guarantees that; without
        # one, a late event of an earlier conversation may have opened the turn. So every other listener starts without a turn.
        if not self.listener_matches(conversation):
            self._turn_history.reset()
        return super().set_listener(cancel, conversation)

    def retire(self) -> None:
        """End this state: signal its listener to stop, and refuse every later one."""
        self.clear_listener()
        self.retired = True

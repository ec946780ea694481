"""Defects of P3, P4 and P9: listeners that run where nothing reaches them, or twice, or on another conversation's turn."""

from subwarden.checking import causes
from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.listener_commands import CommandReceiver
from subwarden.impl.manager.manager import Entry, Manager
from subwarden.impl.manager.oneshot import Sender
from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager.operations import RemoveThreadState, StateSetListener
from subwarden.model.manager.operations import ThreadState as ThreadStateOperation
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class _Own(Manager):
    """A manager whose entries have states of another class."""

    kind: type[OwnedThreadState]

    def _entry(self, thread_id: int) -> Entry:
        known = thread_id in self.threads
        entry = super()._entry(thread_id)
        if not known:
            entry.state = self.kind()
        return entry


class Unretiring(OwnedThreadState):
    def retire(self) -> None:
        self.clear_listener()


class TornDownStateTakesListeners(_Own):
    """A teardown clears the listener, but the state still accepts the next one."""

    kind = Unretiring


class Deaf(OwnedThreadState):
    def retire(self) -> None:
        self.retired = True


class TeardownKeepsListener(_Own):
    """A teardown closes the state to new listeners, but does not stop the running one."""

    kind = Deaf


class Generous(OwnedThreadState):
    def set_listener(self, cancel: Sender, conversation: Conversation) -> tuple[CommandReceiver, int] | None:
        self.cancel_tx = None
        return super().set_listener(cancel, conversation)


class SupersededListenerRuns(_Own):
    """A new listener replaces one that is not stopped."""

    kind = Generous


class Nostalgic(OwnedThreadState):
    def set_listener(self, cancel: Sender, conversation: Conversation) -> tuple[CommandReceiver, int] | None:
        return None if self.retired else ThreadState.set_listener(self, cancel, conversation)


class TurnKeptOver(_Own):
    """The next conversation's listener starts with the previous conversation's turn."""

    kind = Nostalgic


class Hasty(OwnedThreadState):
    def set_listener(self, cancel: Sender, conversation: Conversation) -> tuple[CommandReceiver, int] | None:
        if self.retired:
            return None
        if self.cancel_tx is not None and not self.listener_matches(conversation):
            self._turn_history.reset()
        return ThreadState.set_listener(self, cancel, conversation)


class LateTurnKept(_Own):
    """A listener set on a state without one starts with the turn that a late event of an earlier listener opened there."""

    kind = Hasty


class TeardownClearsLater(Manager):
    """The source document's teardown: the entry is removed under M, its listener later, under T."""

    async def remove_thread_state(self, thread_id: int) -> None:
        async with self.lock:
            entry = self.threads.pop(thread_id, None)
            if entry is None:
                return
            self.index.drop_thread(thread_id)
            self.raw.difference_update([(thread_id, c) for c in entry.grants])
            entry.state.retired = True
        async with entry.state.lock:
            entry.state.clear_listener()


DEFECTS = (
    Defect(TornDownStateTakesListeners, causes.LATE_LISTENER, 4),
    Defect(TeardownKeepsListener, causes.LEFT_LISTENER, 3),
    Defect(SupersededListenerRuns, causes.TWO_LISTENERS, 3),
    Defect(TurnKeptOver, causes.FOREIGN_TURN, 3),
    Defect(LateTurnKept, causes.FOREIGN_TURN, 3),
    Defect(
        TeardownClearsLater,
        causes.LEFT_LISTENER,
        3,
        Order.ANY,
        cancellation=True,
        program=ManagerProgram(((ThreadStateOperation(1), StateSetListener(1)), (RemoveThreadState(1),)), (1,)),
    ),
)

"""Our manager, called one operation at a time, agrees with the model."""

from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.oneshot import Outcome, Receiver, oneshot
from subwarden.impl.manager.state_operations import state_clear_listener, state_listener_matches, state_set_listener, state_track_event
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import disagreements, project, view
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, Call, begin, step
from subwarden.stateful_tests.tests.impl.managers import run, show

FEW = st.integers(1, 2)


class Held(NamedTuple):
    """The result of a task's last operation that returns a state."""

    state: ThreadState
    thread: int
    incarnation: int


def operation(kind: type[op.Operation]) -> st.SearchStrategy[op.Operation]:
    types: list[type] = [kind.__annotations__[slot] for slot in kind.__match_args__]
    strategies = {int: FEW, bool: st.booleans(), op.TurnEvent: st.sampled_from(op.TurnEvent)}
    return st.builds(kind, *(strategies[wanted] for wanted in types))


# What ends something is drawn less often than the rest, or there would be little to end. HoldState does nothing unless somebody waits.
ENDINGS = (op.RemoveConnection, op.RemoveThreadState)
OPERATIONS = st.one_of([operation(kind) for kind in op.OPERATIONS if kind is not op.HoldState for _ in range(1 if kind in ENDINGS else 3)])


class SideBySide:
    """A manager and the model, given the same calls."""

    def __init__(self, manager: ManagerApi) -> None:
        self.manager = manager
        self.model = State()
        self.held: dict[int, Held] = {}
        self.conversations = {number: Conversation(number) for number in (1, 2)}
        self.receivers: list[Receiver] = []

    def perform(self, task: int, operation: op.Operation) -> None:
        if isinstance(operation, op.StateOperation):
            if task not in self.held:
                return
            held = self.held[task]
            call = Call(operation, held.incarnation, held.thread)
            answer = self.on_state(held.state, operation)
        else:
            call = begin(self.model, operation)
            arguments = (getattr(operation, slot) for slot in operation.__match_args__)
            answer = run(getattr(self.manager, operation.name)(*arguments))
        self.model, expected, kind = step(self.model, call)
        self.compare(operation, answer, expected, kind)
        if expected is Answer.HANDLE and isinstance(operation, op.RETURNS_STATE):
            entry = self.model.entry(operation.thread)
            assert entry is not None
            self.held[task] = Held(answer, operation.thread, entry.incarnation)

    def on_state(self, state: ThreadState, operation: op.StateOperation) -> Any:
        match operation:
            case op.StateSetListener(number):
                cancel, receiver = oneshot()
                self.receivers.append(receiver)
                return run(state_set_listener(state, cancel, self.conversations[number]))
            case op.StateClearListener():
                return run(state_clear_listener(state))
            case op.StateListenerMatches(number):
                return run(state_listener_matches(state, self.conversations[number]))
            case op.StateTrackEvent(event):
                return run(state_track_event(state, event))
            case other:
                raise AssertionError(f"not drawn: {other}")

    def compare(self, operation: op.Operation, answer: Any, expected: object, kind: str) -> None:
        if expected is Answer.HANDLE:
            assert isinstance(answer, ThreadState), f"{operation}: {kind}"
        elif expected is not Answer.ANY:
            wanted = None if expected is Answer.REFUSED else expected
            assert (tuple(answer) if isinstance(answer, list) else answer) == wanted, f"{operation}: {kind}"
        shown = show(self.manager)
        assert disagreements(shown) == []
        assert project(shown) == view(self.model), f"{operation}: {kind}"
        running = sum(receiver.outcome is Outcome.WAITING for receiver in self.receivers)
        followed = sum(entry.conversation is not None for entry in shown.entries.values())
        assert running == followed, f"{operation}: {running} listeners run, {followed} of them on a state in the map (P3)"


# a fixed length: left to itself Hypothesis draws mostly short lists, in which hardly any teardown finds a listener
@settings(max_examples=100)
@given(st.sets(FEW), st.lists(st.tuples(FEW, OPERATIONS), min_size=30, max_size=30))
def test_our_manager_agrees_with_the_model(live: set[int], program: list[tuple[int, op.Operation]]) -> None:
    both = SideBySide(Manager())
    for connection in sorted(live):
        both.perform(1, op.ConnectionInitialized(connection))
    for task, drawn in program:
        both.perform(task, drawn)

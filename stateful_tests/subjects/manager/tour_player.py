"""Plays a transition tour on a manager and compares every transition: the answer, and what can be seen afterwards.

One call at a time, alone: what a manager does wrong only when calls overlap is the gate's to find. Where a manager departs from the
model, the rest of the run would judge nothing, so a fresh manager is brought to where the run goes on, by transitions on which it
did agree. It refuses to guess: a state to which none of those lead is reported as out of this manager's reach.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.oneshot import oneshot
from subwarden.impl.manager.state_operations import state_clear_listener, state_listener_matches, state_set_listener, state_track_event
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import View, disagreements, project, view
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, step
from subwarden.proving.manager.open_calls import call_of
from subwarden.proving.manager.scope import Request
from subwarden.proving.tour.tour import Tour
from subwarden.proving.tour.transitions import Transition

Factory = Callable[[], ManagerApi]


@dataclass
class Toured:
    """What came of a tour: how many transitions agreed, by kind, where the manager departed, and what was out of its reach."""

    agreed: Counter[str] = field(default_factory=Counter)
    departed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # kind -> what differed
    out_of_reach: Counter[str] = field(default_factory=Counter)  # transitions from states that the manager cannot be brought to


class Pupil:
    """A manager beside the model, given the same requests."""

    def __init__(self, factory: Factory) -> None:
        self.manager = factory()
        self.state = State()
        self._conversations: dict[int, Conversation] = {}

    def perform(self, request: Request) -> str | None:
        """Perform `request` on both. What differs, in words, or None."""
        call = call_of(self.state, request)
        assert call is not None, "the tour makes only requests that can be made"
        outcome = step(self.state, call)
        answer = self.ask(request)
        self.state = outcome.state
        return _difference_of_answers(answer, outcome.answer) or _difference_of_views(self.manager, self.state)

    def ask(self, request: Request) -> object:
        """Perform `request` on the manager alone; its answer."""
        o = request.operation
        if request.thread is None:
            assert isinstance(o, op.ManagerOperation)
            return _alone(getattr(self.manager, o.name)(*(getattr(o, slot) for slot in o.__match_args__)))
        state = _alone(self.manager.thread_state(request.thread))  # the entry is there, so this only finds it
        assert isinstance(state, ThreadState)
        match o:
            case op.StateSetListener(number):
                return _alone(state_set_listener(state, oneshot()[0], self._conversation(number)))
            case op.StateClearListener():
                return _alone(state_clear_listener(state))
            case op.StateListenerMatches(number):
                return _alone(state_listener_matches(state, self._conversation(number)))
            case op.StateTrackEvent(event):
                return _alone(state_track_event(state, event))
            case _:
                return None  # HoldState: nobody else is there to notice

    def _conversation(self, number: int) -> Conversation:
        return self._conversations.setdefault(number, Conversation(number))


def play(tour: Tour, factory: Factory) -> Toured:
    """Play every run of `tour` on fresh managers."""
    toured = Toured()
    guide = _Guide(tour, factory)
    judged: set[Transition] = set()
    for run in tour.runs:
        pupil: Pupil | None = Pupil(factory)
        for transition in run:
            if pupil is None:
                pupil = guide.bring_to(transition.source)
            if pupil is None:
                toured.out_of_reach[transition.kind] += transition not in judged
                judged.add(transition)
                continue
            difference = pupil.perform(transition.request)
            if difference is not None:
                pupil = None
            if transition not in judged:
                judged.add(transition)
                if difference is None:
                    toured.agreed[transition.kind] += 1
                else:
                    toured.departed[transition.kind].append(f"{transition.request}: {difference}")
    return toured


class _Guide:
    """Knows for each state a shortest way on which the manager agrees with the model."""

    def __init__(self, tour: Tour, factory: Factory) -> None:
        self._factory = factory
        self._ways: dict[int, tuple[Request, ...]] | None = None
        self._tour = tour

    def bring_to(self, state: int) -> Pupil | None:
        if self._ways is None:
            self._ways = self._explore()
        way = self._ways.get(state)
        if way is None:
            return None
        pupil = Pupil(self._factory)
        for request in way:
            assert pupil.perform(request) is None, "the manager is not deterministic"
        return pupil

    def _explore(self) -> dict[int, tuple[Request, ...]]:
        leaving: defaultdict[int, list[Transition]] = defaultdict(list)
        for transition in self._tour.transitions:
            if transition.target != transition.source:
                leaving[transition.source].append(transition)
        start = self._tour.transitions[0].source
        ways: dict[int, tuple[Request, ...]] = {start: ()}
        todo = deque([start])
        while todo:
            state = todo.popleft()
            for transition in leaving[state]:
                if transition.target not in ways and self._agrees(ways[state], transition.request):
                    ways[transition.target] = (*ways[state], transition.request)
                    todo.append(transition.target)
        return ways

    def _agrees(self, way: tuple[Request, ...], request: Request) -> bool:
        pupil = Pupil(self._factory)
        return all(pupil.perform(r) is None for r in (*way, request))


def _alone(call: Coroutine[Any, Any, object]) -> object:
    """The answer of a call that has everything to itself, and so must not suspend."""
    try:
        call.send(None)
    except StopIteration as stop:
        return stop.value
    call.close()
    raise AssertionError("the operation suspended, though every lock was free")


def _difference_of_answers(answer: object, expected: object) -> str | None:
    if expected is Answer.HANDLE:
        return None if isinstance(answer, ThreadState) else f"answered {answer}, not a thread state"
    wanted = None if expected is Answer.REFUSED else expected
    given = tuple(answer) if isinstance(answer, list) else answer
    return None if given == wanted else f"answered {'a thread state' if isinstance(given, ThreadState) else given}, not {wanted}"


def _difference_of_views(manager: ManagerApi, state: State) -> str | None:
    shown = manager.show()
    if shown is None:
        return "the manager lock is still held"
    found = disagreements(shown)
    if found:
        return found[0]
    seen, wanted = project(shown), view(state)
    fields = [name for name in View._fields if getattr(seen, name) != getattr(wanted, name)]
    return f"{fields[0]} is {getattr(seen, fields[0])}, not {getattr(wanted, fields[0])}" if fields else None

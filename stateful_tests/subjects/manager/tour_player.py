"""Plays a transition tour on a manager and compares every transition: the answer, and the maps that it shows afterwards.

Each call runs alone, so the tour finds sequential bugs only; bugs that need overlapping calls are the gate's to find. After a difference
the rest of the run would judge nothing, so a fresh manager is brought to the state where the run goes on, by transitions on which it
agreed with the model. It refuses to guess: a state to which no such path leads is counted as unreachable.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from subwarden.checking.place import in_a_line
from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.oneshot import oneshot
from subwarden.impl.manager.state_operations import state_clear_listener, state_listener_matches, state_set_listener, state_track_event
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import View, disagreements, project, view
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, step
from subwarden.model.manager.words import say_answer, say_state, say_view
from subwarden.proving.manager.describe import request_in_words
from subwarden.proving.manager.open_calls import call_of
from subwarden.proving.manager.scope import Request
from subwarden.proving.tour.tour import Tour
from subwarden.proving.tour.transitions import Transition

Factory = Callable[[], ManagerApi]
EVERY = 100  # transitions between two reports of progress


class Difference(NamedTuple):
    """A transition on which the manager differs from the model: `request`, called in `state`.

    `part`: the part that differs: `answer`, `error`, `lock`, `maps`, or a field of `View`. `said`: both sides in words.
    """

    kind: str
    request: str
    state: str
    part: str
    said: str


@dataclass
class TourResult:
    """Transitions, each counted once: by kind those that agree and those out of reach; in the tour's order those that differ."""

    agreed: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    unreachable: Counter[str] = field(default_factory=Counter)
    fates: dict[Transition, str] = field(default_factory=dict)  # of each of them: `agreed`, `differed` or `unreachable`

    @property
    def compared(self) -> int:
        """Transitions that were played and compared."""
        return self.agreed.total() + len(self.differences)


class Pair:
    """A manager and the model, given the same requests."""

    def __init__(self, factory: Factory) -> None:
        self.manager = factory()
        self.state = State()
        self._conversations: dict[int, Conversation] = {}

    def perform(self, request: Request, kind: str = "") -> Difference | None:
        """Perform `request` on both; the difference, if there is one. `kind`: of the model's transition."""
        before = self.state
        call = call_of(before, request)
        assert call is not None, "the tour makes only requests that can be made"
        outcome = step(before, call)
        self.state = outcome.state
        allowed = say_answer(request.operation, outcome.answer)
        try:
            answer = _as_the_model_says(request.operation, self.ask(request))
        except Exception as error:  # whatever a subject raises is a difference, not our failure
            found: tuple[str, str] | None = ("error", f"raised {in_a_line(error)}; the model allows {allowed}")
        else:
            found = (
                ("answer", f"returned {say_answer(request.operation, answer)}; the model allows {allowed}")
                if answer != outcome.answer
                else _difference_of_maps(self.manager, self.state)
            )
        return None if found is None else Difference(kind, request_in_words(request), say_state(before), *found)

    def ask(self, request: Request) -> object:
        """Perform `request` on the manager alone; its answer."""
        o = request.operation
        if request.thread is None:
            assert isinstance(o, op.ManagerOperation)
            return _alone(getattr(self.manager, o.name)(*(getattr(o, slot) for slot in o.__match_args__)))
        state = _alone(self.manager.thread_state(request.thread))  # the entry exists, so this only finds it
        assert isinstance(state, ThreadState), f"thread_state returned {state!r}"
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
                return None  # HoldState: no other call is there to notice

    def _conversation(self, number: int) -> Conversation:
        return self._conversations.setdefault(number, Conversation(number))


def play(tour: Tour, factory: Factory, progress: Callable[[int, int], bool] = lambda *_: True) -> TourResult:
    """Play every run of `tour` on managers that `factory` makes.

    `progress` is called with the number of transitions played so far, of `tour.length`, and of those that differ; if it returns False, the
    tour stops there.
    """
    result = TourResult()
    guide = _Guide(tour, factory)
    fates = result.fates
    played = 0
    for run in tour.runs:
        pair: Pair | None = Pair(factory)
        for transition in run:
            played += 1
            if not played % EVERY and not progress(played, len(result.differences)):
                return result
            if pair is None:
                pair = guide.bring_to(transition.source)
            if pair is None:
                result.unreachable[transition.kind] += transition not in fates
                fates.setdefault(transition, "unreachable")
                continue
            difference = pair.perform(transition.request, transition.kind)
            if difference is not None:
                pair = None
            if transition not in fates:
                fates[transition] = "agreed" if difference is None else "differed"
                if difference is None:
                    result.agreed[transition.kind] += 1
                else:
                    result.differences.append(difference)
    return result


class _Guide:
    """Knows for each state a shortest path on which the manager agrees with the model."""

    def __init__(self, tour: Tour, factory: Factory) -> None:
        self._factory = factory
        self._paths: dict[int, tuple[Request, ...]] | None = None
        self._tour = tour

    def bring_to(self, state: int) -> Pair | None:
        """A fresh manager in `state`; None where no path is known."""
        if self._paths is None:
            self._paths = self._explore()
        path = self._paths.get(state)
        if path is None:
            return None
        pair = Pair(self._factory)
        if any(pair.perform(request) is not None for request in path):
            return None  # it agreed before: the manager is not deterministic
        return pair

    def _explore(self) -> dict[int, tuple[Request, ...]]:
        leaving: defaultdict[int, list[Transition]] = defaultdict(list)
        for transition in self._tour.transitions:
            if transition.target != transition.source:
                leaving[transition.source].append(transition)
        start = self._tour.transitions[0].source
        paths: dict[int, tuple[Request, ...]] = {start: ()}
        todo = deque([start])
        while todo:
            state = todo.popleft()
            for transition in leaving[state]:
                if transition.target not in paths and self._agrees(paths[state], transition.request):
                    paths[transition.target] = (*paths[state], transition.request)
                    todo.append(transition.target)
        return paths

    def _agrees(self, path: tuple[Request, ...], request: Request) -> bool:
        pair = Pair(self._factory)
        return all(pair.perform(r) is None for r in (*path, request))


class Suspended(Exception):
    """A call suspended although it ran alone and every lock was free."""


def _alone(call: Coroutine[Any, Any, object]) -> object:
    """The answer of a call that runs alone, and so must not suspend."""
    try:
        call.send(None)
    except StopIteration as stop:
        return stop.value
    call.close()
    raise Suspended("the call waits, though it runs alone and every lock is free")


def _as_the_model_says(operation: op.Operation, answer: object) -> object:
    if isinstance(answer, ThreadState):
        return Answer.HANDLE
    if isinstance(operation, op.SubscribedConnectionIds) and isinstance(answer, list | tuple | set | frozenset):
        return tuple(sorted(answer))
    return Answer.REFUSED if answer is None and isinstance(operation, (*op.RETURNS_STATE, op.StateSetListener)) else answer


def _difference_of_maps(manager: ManagerApi, state: State) -> tuple[str, str] | None:
    """The part that differs and how, if the manager does not show `state`."""
    shown = manager.show()
    if shown is None:
        return "lock", "returned with the manager lock still held"
    found = disagreements(shown)
    if found:
        return "maps", f"left maps that disagree: {found[0]}"
    seen, allowed = project(shown), view(state)
    if seen.live is None:  # it keeps no such record
        allowed = allowed._replace(live=None)
    part = next((name for name in View._fields if getattr(seen, name) != getattr(allowed, name)), None)
    return None if part is None else (part, f"left {say_view(seen)}; the model allows {say_view(allowed)}")

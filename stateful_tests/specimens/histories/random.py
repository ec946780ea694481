"""Small random histories of either model, and functions that change an answer or drop ends.

A history is made by running the model: calls are made, take effect and end at random moments, so an unchanged history is linearizable.
The oracle decides the verdict of a changed one.
"""

from collections.abc import Callable
from random import Random

from subwarden.checking.linearizability.history import UNANSWERED, CallEnding, Fate, HistoryCall, Moment
from subwarden.checking.linearizability.specification import UNJUDGED, Asked, Specification
from subwarden.model.core import step as core
from subwarden.model.manager import operations as op
from subwarden.model.manager.step import Answer


def core_operation(random: Random) -> core.CoreOperation:
    """Two connections, two topics; the operations that link and look more often than the others."""
    c, t = random.choice((1, 2)), random.choice(("a", "b"))
    makers: list[Callable[[], core.CoreOperation]] = [
        lambda: core.Connect(c),
        lambda: core.Subscribe(c, t),
        lambda: core.Unsubscribe(c, t),
        lambda: core.Publish(t),
        lambda: core.Disconnect(c),
        lambda: core.Teardown(t),
    ]
    return random.choices(makers, (4, 4, 2, 4, 1, 1))[0]()


def manager_operation(random: Random, states: bool) -> op.Operation:
    """Two connections, two threads, two ids; `states`: also operations on a state that the task holds."""
    c, t, s, raw = random.choice((1, 2)), random.choice((1, 1, 2)), random.choice((1, 2)), random.random() < 0.5
    makers: list[Callable[[], op.Operation]] = [
        lambda: op.ConnectionInitialized(c),
        lambda: op.RemoveConnection(c),
        lambda: op.SubscribedConnectionIds(t),
        lambda: op.HasSubscribers(t),
        lambda: op.ThreadState(t),
        lambda: op.TryEnsureConnectionSubscribed(t, c, raw),
        lambda: op.TryAddConnectionToThread(t, c),
        lambda: op.SetListener(s, t, c, raw),
        lambda: op.RemoveListener(s),
        lambda: op.UnsubscribeConnectionFromThread(t, c),
        lambda: op.RemoveThreadState(t),
        lambda: op.StateSetListener(c),
        op.StateClearListener,
        lambda: op.StateListenerMatches(c),
        lambda: op.StateTrackEvent(random.choice(list(op.TurnEvent))),
        op.HoldState,
    ]
    weights = (4, 1, 3, 1, 2, 3, 3, 3, 1, 2, 3, *((3, 1, 3, 2, 1) if states else (0, 0, 0, 0, 0)))
    return random.choices(makers, weights)[0]()


def random_history(random: Random, specification: Specification, calls: int, overlap: int, ties: float = 0.2) -> list[Moment]:
    """A history of `calls` calls, at most `overlap` at once. `ties`: the probability that an event has the previous event's time."""
    return _Maker(random, specification, overlap, ties).made(calls)


class _Maker:
    def __init__(self, random: Random, specification: Specification, overlap: int, ties: float) -> None:
        self.random = random
        self.specification = specification
        self.overlap = overlap
        self.ties = ties
        self.state = specification.initial()
        self.moments: list[Moment] = []
        self.tasks = {"x": -1.0, "y": -1.0}  # task -> when it was last busy, or infinity while it is
        self.holding: set[str] = set()
        self.open: dict[HistoryCall, int] = {}
        self.answers: dict[HistoryCall, object] = {}

    def made(self, calls: int) -> list[Moment]:
        random, line = self.random, 1
        while calls or self.open:
            pending = [call for call in self.open if call not in self.answers]
            acts = [self._effect] * len(pending) + [self._end] * min(1, len(self.open))
            if calls and len(self.open) < self.overlap:
                acts += [self._call, self._call]
            elif not calls and random.random() < 0.05:
                break  # the rest is never answered
            act = random.choice(acts)
            line += 1
            calls -= act(line)
        return self.moments

    def _moment(self, line: int, later: bool) -> Moment:
        if not self.moments or later or self.random.random() >= self.ties:
            self.moments.append(Moment(len(self.moments), [], [], line))
        self.moments[-1] = self.moments[-1]._replace(line=line)
        return self.moments[-1]

    def _call(self, line: int) -> int:
        random = self.random
        free = [task for task, busy in self.tasks.items() if busy < float("inf")]
        task = random.choice([*free, None])
        if self.specification.name == "core":
            operation: object = core_operation(random)
        else:
            operation = manager_operation(random, task in self.holding)
        moment = self._moment(line, task is not None and self.moments != [] and self.tasks[task] >= self.moments[-1].at)
        call = HistoryCall(line, line, operation, moment.at, task)
        if task is not None:
            self.tasks[task] = float("inf")
        moment.calls.append(call)
        slot = next(n for n in range(1, 1 << 20) if n not in self.open.values())
        self.open[call] = slot
        if self.specification.binds(operation):
            self.state = self.specification.bind(self.state, Asked(slot, operation, task, UNJUDGED))
        return 1

    def _effect(self, _: int) -> int:
        call = self.random.choice([c for c in self.open if c not in self.answers])
        # asked with a handle as the answer, so that the model keeps the handle for the task
        asked = Asked(self.open[call], call.operation, call.task, Answer.HANDLE)
        effect = self.specification.step(self.state, asked)
        self.state, self.answers[call] = effect.state, effect.answer
        return 0

    def _end(self, line: int) -> int:
        random = self.random
        call = random.choice(list(self.open))
        answered = call in self.answers and random.random() < 0.9
        if not answered and random.random() < 0.5:
            return 0
        moment = self._moment(line, False)
        self.state = self.specification.forget(self.state, self.open.pop(call))
        if call.task is not None:
            self.tasks[call.task] = moment.at
        answer = self.answers.pop(call, UNJUDGED)
        if answered:
            if answer is Answer.ANY:
                answer = random.choice((UNJUDGED, None))
            elif self.specification.gives_state(answer) and call.task is not None:
                self.holding.add(call.task)
            elif random.random() < 0.05:
                answer = UNJUDGED
            call.fate = Fate(CallEnding.RETURNED, answer, moment.at, line)
        else:
            call.fate = Fate(CallEnding.CANCELLED, UNJUDGED, moment.at, line)
        moment.ends.append(call)
        return 0


def with_another_answer(random: Random, history: list[Moment]) -> None:
    """Change one judged answer in place, if there is one."""
    answered = [c for m in history for c in m.ends if c.fate.end is CallEnding.RETURNED and c.fate.answer not in (UNJUDGED, None)]
    if answered:
        call = random.choice(answered)
        call.fate = call.fate._replace(answer=_another(random, call.fate.answer))


def with_lost_ends(random: Random, history: list[Moment]) -> None:
    """Drop the ends of some calls without a task, in place. (A task could not make its next call.)"""
    for moment in history:
        for call in list(moment.ends):
            if call.task is None and random.random() < 0.5:
                call.fate = UNANSWERED
                moment.ends.remove(call)


def _another(random: Random, answer: object) -> object:
    if isinstance(answer, bool):
        return not answer
    if answer is Answer.REFUSED:
        return Answer.REFUSED  # with a handle instead, the task's later calls would change their meaning
    if isinstance(answer, tuple):
        return tuple(sorted(set(answer) ^ {random.choice((1, 2))}))
    return answer + random.choice((-1, 1)) if isinstance(answer, int) else answer

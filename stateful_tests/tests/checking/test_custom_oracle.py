"""The judge of custom models agrees with brute force: every order of every choice of calls, on small random histories with both verdicts.

The oracle shares no code with `checking.possible_states`: it permutes the calls that took effect, and checks each order against the times
of the history and the model's answers.
"""

from collections.abc import Iterator
from itertools import combinations, permutations
from random import Random
from typing import Any, NamedTuple

import pytest

from subwarden.checking.adapter_judge import JudgedRules
from subwarden.checking.custom.configurations import CustomGraph
from subwarden.checking.custom.judge import CustomJudge
from subwarden.checking.custom.model import ANY, CustomModel, CustomOperation
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.subjects.custom.adapter import POOLS

HISTORIES = 1_500  # of each seed
LEAST = 200  # of each verdict, so that neither is vacuous


class Model:
    """A shelf for two: `put` waits while it is full; `take` may get any item, or at any time None; `count` is not judged on an empty
    shelf."""

    initial = ()
    operations = {"put": (("a", "b"),), "take": (), "count": ()}  # noqa: RUF012  # as users write it

    def step(self, shelf: tuple[str, ...], name: str, arguments: tuple[str, ...]) -> Any:
        if name == "put":
            return [] if len(shelf) == 2 else [(None, (*shelf, *arguments))]
        if name == "take":
            return [(None, shelf), *((shelf[at], shelf[:at] + shelf[at + 1 :]) for at in range(len(shelf)))]
        return (len(shelf), shelf) if shelf else (ANY, shelf)

    def shown(self, shelf: tuple[str, ...]) -> object:
        return sorted(shelf)


class Event(NamedTuple):
    """`call` begins, returns `about`, or is cancelled; or (`call` is -1) `about` is observed while no call is open."""

    what: str
    call: int
    about: object = None


def history(random: Random, model: CustomModel) -> list[Event]:
    """A random history of a shelf; sometimes one answer or observation in it is changed."""
    calls = list(model.calls())
    events: list[Event] = []
    state, made = model.initial, 0
    pending: list[int] = []  # calls that have not acted
    answers: dict[int, object] = {}
    orphans: list[int] = []
    operations: dict[int, CustomOperation] = {}
    opened: list[int] = []
    while made < 5 or opened:
        act = random.choice(("call", "act", "act", "end", "end", "look"))
        if act == "call" and made < 5 and len(opened) < 3:
            operations[made] = random.choice(calls)
            events.append(Event("call", made, operations[made]))
            opened.append(made)
            pending.append(made)
            made += 1
        elif act == "act" and pending:
            call = random.choice(pending)
            steps = model.steps(state, operations[call])
            if steps:
                state, answers[call] = random.choice(steps)
                pending.remove(call)
            elif made == 5:
                opened = [c for c in opened if c != call]  # it waits for ever
                pending.remove(call)
        elif act == "end" and opened:
            call = random.choice(opened)
            if call in answers and random.random() < 0.8:
                answer = random.randrange(9) if answers[call] is ANY else answers[call]
                events.append(Event("return", call, answer))
                opened.remove(call)
            elif random.random() < 0.2:
                events.append(Event("cancel", call))
                opened.remove(call)
                orphans.append(call)
        elif act == "look" and not opened:
            pending = []  # who was cancelled and has not acted will not
            events.append(Event("look", -1, model.shown(state)))
    if random.random() < 0.6:
        at = random.randrange(len(events))
        events[at] = changed(random, events[at])
    return events


def changed(random: Random, event: Event) -> Event:
    """The event with another answer or observation."""
    if event.what == "return":
        return event._replace(about=random.choice((None, "a", "b", 0, 1, 2)))
    if event.what == "look":
        return event._replace(about=random.choice(([], ["a"], ["b"], ["a", "b"], ["a", "a"])))
    return event


def judged(events: list[Event], model: CustomModel, graph: CustomGraph) -> bool:
    """Whether the judge finds no violation."""
    shows: list[object] = [None]
    loop = ControlledLoop()
    judge = CustomJudge(loop, lambda: shows[0], model, graph, set(), JudgedRules())
    for what, call, about in events:
        if what == "call":
            assert isinstance(about, CustomOperation)
            judge.called(call, about)
        elif what == "return":
            judge.returned(call, operation(events, call), about)
        elif what == "cancel":
            judge.cancelled(call, operation(events, call))
        else:
            shows[0] = about
            judge.stepped()
            shows[0] = None
    assert judge.show_raised is None
    return not judge.violations


def operation(events: list[Event], call: int) -> CustomOperation:
    """The operation of `call`."""
    return next(e.about for e in events if e.what == "call" and e.call == call)  # type: ignore[return-value]  # see `Event`


def explained(events: list[Event], model: CustomModel) -> bool:
    """The oracle: whether some order of some calls, with the observations between them, explains the history."""
    began = {e.call: at for at, e in enumerate(events) if e.what == "call"}
    ended: dict[int, int] = {}
    must: list[int] = []
    for at, event in enumerate(events):
        if event.what == "return":
            ended[event.call] = at
            must.append(event.call)
        elif event.what == "cancel":  # somebody may finish it until nothing runs any more, which is when somebody looks
            ended[event.call] = next((later for later in range(at, len(events)) if events[later].what == "look"), len(events))
    may = [call for call in began if call not in must]
    looks = [at for at, event in enumerate(events) if event.what == "look"]
    for count in range(len(may) + 1):
        for chosen in combinations(may, count):
            for order in permutations([*must, *chosen]):
                if any(ended.get(later, len(events)) < began[earlier] for i, earlier in enumerate(order) for later in order[i + 1 :]):
                    continue
                for cuts in placed(order, looks, began, ended, len(events)):
                    if follows(events, order, looks, cuts, model):
                        return True
    return False


def placed(order: tuple[int, ...], looks: list[int], began: dict[int, int], ended: dict[int, int], end: int) -> Iterator[list[int]]:
    """How many of `order` took effect before each observation; no call is open then, so at most one split is possible."""
    cuts = [sum(1 for call in order if began[call] < look) for look in looks]
    if all(ended.get(call, end) <= look for look, cut in zip(looks, cuts, strict=True) for call in order[:cut]) and all(
        began[call] > look for look, cut in zip(looks, cuts, strict=True) for call in order[cut:]
    ):
        yield cuts


def follows(events: list[Event], order: tuple[int, ...], looks: list[int], cuts: list[int], model: CustomModel) -> bool:
    """Whether the model can take `order` with the history's answers and its observations after `cuts` calls."""
    answers = {e.call: e.about for e in events if e.what == "return"}

    def right(state: Any, at: int) -> bool:
        if any(cut == at and sorted(state) != events[look].about for look, cut in zip(looks, cuts, strict=True)):
            return False
        if at == len(order):
            return True
        call = order[at]
        return any(
            right(after, at + 1)
            for after, answer in model.steps(state, operation(events, call))
            if call not in answers or answer is ANY or answer == answers[call]
        )

    return right(model.initial, 0)


@pytest.mark.parametrize("seed", range(2))
def test_the_judge_and_brute_force_agree(seed: int) -> None:
    random, model, graph = Random(seed), CustomModel(Model, POOLS), CustomGraph()
    verdicts = [0, 0]
    for _ in range(HISTORIES):
        events = history(random, model)
        wanted = explained(events, model)
        assert judged(events, model, graph) is wanted, events
        verdicts[wanted] += 1
    assert min(verdicts) >= LEAST, verdicts


def test_the_oracle_lets_a_call_without_an_end_happen_or_not() -> None:
    model = CustomModel(Model, POOLS)
    put, take = CustomOperation("put", ("a",)), CustomOperation("take", ())
    begun = [Event("call", 0, put), Event("call", 1, take)]
    assert explained([*begun, Event("return", 1, "a")], model)
    assert not explained([*begun, Event("return", 1, "b")], model)
    assert not explained([Event("call", 1, take), Event("return", 1, "a"), Event("call", 0, put)], model)
    assert not explained([Event("call", 0, put), Event("return", 0, None), Event("look", -1, [])], model)

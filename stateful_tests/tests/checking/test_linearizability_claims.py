"""The claims behind the reductions hold for the models: commuting calls commute, inert calls are inert, and `needs` is necessary."""

from itertools import combinations
from random import Random

import pytest

from subwarden.checking.linearizability.manager import ManagerSpecification
from subwarden.checking.linearizability.specification import UNJUDGED, Asked, Specification, State, clash
from subwarden.checking.linearizability.verdict import SPECIFICATIONS
from subwarden.model.manager.step import Answer, Call, step
from subwarden.stateful_tests.specimens.histories.random import core_operation, manager_operation

TASKS = ("x", "y", "z")


def drawn(random: Random, specification: Specification) -> object:
    return core_operation(random) if specification.name == "core" else manager_operation(random, True)


def situation(random: Random, specification: Specification) -> tuple[State, list[Asked]]:
    """A reachable state, with four pending calls that were made at different times, no two of one task."""
    state = specification.initial()
    pending: list[Asked] = []
    steps = random.randint(4, 25)
    for n in range(steps):
        # the first three calls of the pending four belong to a task each, so that they may act on its state
        task = TASKS[len(pending)] if n >= steps - 4 and len(pending) < 3 else None
        asked = Asked(1 << n, drawn(random, specification), task or random.choice(TASKS), Answer.HANDLE)
        if n >= steps - 4:
            asked = asked._replace(task=task)
        if specification.needs_state(asked.operation) and asked.task is None:
            continue
        if specification.binds(asked.operation):
            state = specification.bind(state, asked)
        if n >= steps - 4:
            pending.append(asked)
        else:
            state = specification.step(state, asked).state
    return state, pending


def judged(random: Random, specification: Specification, state: State, asked: Asked) -> Asked:
    """The call with an answer that a history might record: the right one here, or another."""
    answer = specification.step(state, asked).answer
    options = [answer, UNJUDGED]
    if isinstance(answer, bool):
        options += [not answer] * 2
    if isinstance(answer, tuple):
        options += [tuple(sorted(set(answer) ^ {c})) for c in (1, 2)]
    if answer in (Answer.HANDLE, Answer.REFUSED):
        options += [Answer.HANDLE, Answer.REFUSED]
    return asked._replace(answer=random.choice([o for o in options if o is not Answer.ANY]))


@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_calls_without_a_clash_commute(name: str) -> None:
    specification, random = SPECIFICATIONS[name](), Random(5)
    apart = together = 0
    for _ in range(4000):
        state, pending = situation(random, specification)
        for one, other in combinations(pending, 2):
            if clash(specification.touches(one.operation), specification.touches(other.operation)):
                together += 1
                continue
            apart += 1
            first = specification.step(state, one)
            second = specification.step(first.state, other)
            second_first = specification.step(state, other)
            first_second = specification.step(second_first.state, one)
            said = f"{specification.describe(one.operation)} and {specification.describe(other.operation)} in {state}"
            assert (first.answer, second.answer) == (first_second.answer, second_first.answer), said
            assert second.state == first_second.state, said
    assert apart > 3000 and together > 3000, (apart, together)


@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_calls_on_different_things_do_not_clash(name: str) -> None:
    """A footprint that clashes with everything would be sound but useless."""
    specification = SPECIFICATIONS[name]()
    other = {
        "core": (["subscribe", 1, "a"], ["subscribe", 2, "a"]),
        "manager": (["try_add_connection_to_thread", 1, 1], ["thread_state", 1]),
    }
    one, two = (specification.touches(specification.decode(data)) for data in other[name])
    assert not clash(one, two)


@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_inert_calls_change_nothing_in_any_state_that_gives_their_answer(name: str) -> None:
    specification, random, seen = SPECIFICATIONS[name](), Random(6), 0
    for _ in range(4000):
        state, pending = situation(random, specification)
        for asked in pending:
            asked_so = judged(random, specification, state, asked)
            effect = specification.step(state, asked_so)
            if specification.inert(asked_so) and specification.fits(effect.answer, asked_so.answer):
                seen += 1
                assert not effect.changed, f"{specification.describe(asked.operation)} in {state}"
                assert effect.state == specification.forget(state, asked.slot)
    assert seen > 1000


@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_only_calls_that_touch_its_needs_make_an_answer_possible(name: str) -> None:
    """A call that cannot give its answer cannot give it after calls that do not touch its needs, either."""
    specification, random, seen = SPECIFICATIONS[name](), Random(7), 0
    for _ in range(8000):
        state, pending = situation(random, specification)
        for asked in pending:
            asked_so = judged(random, specification, state, asked)
            if specification.fits(specification.step(state, asked_so).answer, asked_so.answer):
                continue
            needs = specification.needs(state, asked_so)
            if needs is None:
                needs = specification.touches(asked.operation)
            others = [o for o in pending if o is not asked and not clash(needs, specification.touches(o.operation))]
            after = state
            for other in random.sample(others, len(others)):
                after = specification.step(after, other).state
                seen += 1
                answer = specification.step(after, asked_so).answer
                assert not specification.fits(answer, asked_so.answer), f"{specification.describe(asked.operation)} in {state}"
    assert seen > 1000


def test_calls_that_do_not_bind_never_read_their_incarnation() -> None:
    specification, random, seen = ManagerSpecification(), Random(8), 0
    for _ in range(1000):
        state, pending = situation(random, specification)
        for asked in pending:
            if not specification.binds(asked.operation) and not specification.needs_state(asked.operation):
                seen += 1
                assert len({step(state.model, Call(asked.operation, incarnation)) for incarnation in (None, 0, 1, 2)}) == 1
    assert seen > 500

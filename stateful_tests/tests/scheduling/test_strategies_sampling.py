"""The guarantees of sampling strategies, measured: chances as their papers state them, which a weaker strategy does not have.

All seeds are fixed, so a test passes always or never; the bounds are wide enough that an honest strategy passes with nearly any seed.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable
from math import comb, sqrt
from random import Random

import pytest

from subwarden.scheduling.events import Event
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.sampling.feedback import Feedback
from subwarden.scheduling.strategies.sampling.overlap import Overlap
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.pos import Pos
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.sampling.surw import Surw
from subwarden.scheduling.strategies.sampling.urw import Urw
from subwarden.scheduling.strategies.sampling.window import Window
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.tests.scheduling.sampling import Start, sample, words, write

SAMPLERS: list[Callable[[Random], Strategy]] = [
    RandomWalk,
    Urw,
    Surw,
    Pos,
    Feedback,
    Window,
    Overlap,
    *(lambda r, d=d: Pct(r, d) for d in (1, 2, 3, 4)),
]


def fits(found: Counter[Hashable], expected: dict[Hashable, float]) -> bool:
    """Pearson's chi-square: four standard deviations above its mean is past chance."""
    runs = sum(found.values())
    distance = sum((found[word] - runs * chance) ** 2 / (runs * chance) for word, chance in expected.items())
    freedom = len(expected) - 1
    return set(found) <= set(expected) and distance < freedom + 4 * sqrt(2 * freedom)


def all_words(left: dict[str, int]) -> dict[Hashable, float]:
    """Every word, with its chance in a random walk: each task that is not done is equally likely to go on."""
    letters = [letter for letter, times in left.items() if times]
    if not letters:
        return {"": 1.0}
    found: dict[Hashable, float] = {}
    for letter in letters:
        for rest, chance in all_words({**left, letter: left[letter] - 1}).items():
            found[f"{letter}{rest}"] = chance / len(letters)
    return found


def test_random_walk_has_the_chances_of_its_choices() -> None:
    steps = {"a": 3, "b": 2, "c": 1}
    assert fits(sample(RandomWalk(Random(1)), words(**steps), 6_000), all_words(steps))


@pytest.mark.parametrize("steps", [{"a": 3, "b": 2, "c": 2}, {"a": 9, "b": 1}, {"a": 4, "b": 4}])
def test_urw_is_uniform_where_a_random_walk_is_not(steps: dict[str, int]) -> None:
    every = all_words(steps)
    uniform: dict[Hashable, float] = dict.fromkeys(every, 1 / len(every))
    runs = 40 * len(every)
    assert fits(sample(Urw(Random(2)), words(**steps), runs), uniform)
    assert not fits(sample(RandomWalk(Random(2)), words(**steps), runs), uniform)


def test_urw_counts_the_events_of_children_as_their_parent_s() -> None:
    """The paper's own example of bias: a parent that is short itself but starts long children must not be left for last."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        word: list[str] = []

        async def parent() -> None:
            loop.create_task(write("c", 3, word), name="c")

        loop.create_task(parent(), name="p")
        loop.create_task(write("a", 4, word), name="a")
        return lambda: "".join(word)

    # p has one event of its own and comes before every c: the words of p, c, c, c among a, a, a, a, with p written nowhere
    chances: dict[Hashable, float] = {}
    every = [word for word in all_words({"c": 4, "a": 4}) if isinstance(word, str)]
    for word in every:
        seen = word.replace("c", "", 1)
        chances[seen] = chances.get(seen, 0) + 1 / len(every)
    assert fits(sample(Urw(Random(3)), start, 40 * len(every)), chances)


def test_surw_interleaves_interesting_events_uniformly() -> None:
    """All sites of these tasks but their first are one site each, so runs that take all of them are URW's."""
    steps = {"a": 12, "b": 1}
    last = "a" * 12 + "b"
    runs = 1_300
    assert sample(Surw(Random(4)), words(**steps), runs)[last] > runs / 13 / 3  # one run in two, of thirteen words
    assert sample(RandomWalk(Random(4)), words(**steps), runs)[last] < 5  # one in 4,096


def windows(length: int, first: int) -> Start:
    """`long` makes so many steps. Depth 2: `short` begins right after step `first`. Depth 3: and its second step comes after the last."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        at = [0]
        seen: list[int] = []

        async def long() -> None:
            for step in range(length):
                at[0] += 1
                if step < length - 1:
                    await asyncio.sleep(0)

        async def short() -> None:
            seen.append(at[0])
            await asyncio.sleep(0)
            seen.append(at[0])

        loop.create_task(long(), name="long")
        loop.create_task(short(), name="short")
        return lambda: (seen[0] == first, seen[1] == length)

    return start


@pytest.mark.parametrize("first", [1, 4, 7])
def test_pct_finds_bugs_of_its_depth_and_a_lesser_depth_never_does(first: int) -> None:
    """n = 2 chains, k = at most 9 moments of choice: chances of at least 1/(2 * 9) for depth 2 and 1/(2 * 81) for depth 3."""
    length, runs = 8, 6_000
    choices = length + 1
    for depth in (2, 3):
        expected = runs / (2 * choices ** (depth - 1))
        assert _reached(Pct(Random(5), depth), length, first, runs, depth) >= expected - 4 * sqrt(expected)  # less would be past chance
        assert _reached(Pct(Random(5), depth - 1), length, first, runs, depth) == 0


def _reached(strategy: Strategy, length: int, first: int, runs: int, depth: int) -> int:
    wanted = {(True, True)} if depth == 3 else {(True, True), (True, False)}
    return sum(times for seen, times in sample(strategy, windows(length, first), runs).items() if seen in wanted)


def test_pct_of_depth_four_has_all_of_its_changes() -> None:
    """Of two chains, five moments of choice: a stops for b, b for a, and a again for the rest of b. Chance at least 1/(2 * 5^3)."""
    steps, runs = {"a": 3, "b": 3}, 12_000
    expected = runs / (2 * 5**3)
    assert sample(Pct(Random(5), 4), words(**steps), runs)["ababba"] >= expected - 4 * sqrt(expected)
    assert sample(Pct(Random(5), 3), words(**steps), runs)["ababba"] == 0


def test_pos_gives_the_loser_of_a_race_a_new_chance_and_is_no_random_walk() -> None:
    """That one event comes after twelve: one run in 13 if it keeps its priority (basic POS), one in 4,096 if no event does."""
    runs, last = 6_000, "a" * 12 + "b"
    assert runs / 4_096 * 4 < sample(Pos(Random(6)), words(a=12, b=1), runs)[last] < runs / 13 / 2


def test_pct_learns_how_long_runs_are() -> None:
    strategy = Pct(Random(1), 2)
    sample(strategy, words(a=5, b=5), 30)
    assert 5 <= strategy.length <= 9
    with pytest.raises(ValueError, match="at least 1"):
        Pct(Random(1), 0)


def test_pct_of_depth_one_only_orders_chains() -> None:
    assert set(sample(Pct(Random(6), 1), words(a=3, b=3, c=3), 200)) == {
        x * 3 + y * 3 + z * 3 for x in "abc" for y in "abc" for z in "abc" if len({x, y, z}) == 3
    }


def test_window_is_fifo_but_for_a_few_choices_in_a_row() -> None:
    """The first choice that is not fifo's may be anywhere in a run."""
    steps = 30
    found = sample(Window(Random(7)), words(a=steps, b=steps), 400)
    fifo = next(iter(sample(DelayBounded(0), words(a=steps, b=steps), 1)))
    first: Counter[int] = Counter()
    for word, times in found.items():
        differing = [at for at, (one, other) in enumerate(zip(str(word), str(fifo), strict=True)) if one != other]
        if differing:
            first[differing[0] // 15] += times
    assert len(first) >= 3, "the window is everywhere"
    assert sum(first.values()) > 300, "nearly no run is fifo's own"


@pytest.mark.parametrize("make", [RandomWalk, Urw, Surw, Pos, Feedback, Window])
def test_random_walk_urw_surw_pos_feedback_and_window_leave_no_schedule_out(make: Callable[[Random], Strategy]) -> None:
    assert len(sample(make(Random(7)), words(a=2, b=2, c=1), 2_500)) == comb(5, 2) * comb(3, 2)


@pytest.mark.parametrize("make", SAMPLERS)
@pytest.mark.parametrize("order", list(Order))
def test_faults_come_at_every_moment_and_some_runs_have_none(make: Callable[[Random], Strategy], order: Order) -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        word: list[str] = []

        async def write() -> None:
            for _ in range(6):
                word.append("a")
                await asyncio.sleep(0)

        loop.create_task(write())
        loop.faults.append(Event("f", lambda: word.append("f")))
        loop.faults.append(Event("g", lambda: word.append("g")))
        return lambda: "".join(word)

    found = sample(make(Random(8)), start, 400, order)
    total = sum(found.values())
    for at in range(7):
        for fault in "fg":
            early = sum(times for word, times in found.items() if str(word).replace("fg".replace(fault, ""), "").find(fault) == at)
            assert early > total / 60, f"{fault} after {at} steps came in {early} of {total} runs"
    assert total / 8 < found["aaaaaa"] < total / 2


@pytest.mark.parametrize("make", SAMPLERS)
def test_events_are_delivered_at_every_moment_in_fifo(make: Callable[[Random], Strategy]) -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        outcome = words(a=3)(loop)
        at: list[int] = []
        loop.events.append(Event("e", lambda: at.append(len(str(outcome())))))
        return lambda: at[0]

    strategy = make(Random(9))
    moments = set(sample(strategy, start, 400, Order.FIFO))
    fewer = {"pct 1": {0, 3}, "overlap": {3}}  # no candidate here is a call, so overlap's schedule is fifo's own
    assert moments == fewer.get(strategy.name, {0, 1, 2, 3})

"""Overlap: few calls are open at a time, in the program's order; left alone, the outside answers a call before the next one arrives."""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from random import Random

from subwarden.scheduling.events import Alternative, Event, park
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.sampling.overlap import MOST, Overlap
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.tests.scheduling.sampling import Start, sample, words

CALM = "aAbBcCdD"


def calls(letters: str) -> Start:
    """Calls that each write a letter as they arrive, wait for the outside, and write it large; the outcome is the word."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        word: list[str] = []

        async def call(letter: str) -> None:
            word.append(letter)
            await park(loop, f"answer to {letter}")
            word.append(letter.upper())

        def arrives(letter: str) -> None:
            loop.late -= 1
            loop.create_task(call(letter), name=letter)

        loop.late = len(letters)
        for letter in letters:
            loop.events.append(Event(f"start {letter}", partial(arrives, letter)))
        return lambda: "".join(word)

    return start


def all_words(letters: str, open_now: str = "", together: int = 0) -> Iterator[str]:
    """Every word in which letters come in this order, no more than `MOST` of them between two moments at which none waits to be large."""
    if not letters and not open_now:
        yield ""
    if letters and together < MOST:
        yield from (letters[0] + rest for rest in all_words(letters[1:], open_now + letters[0], together + 1))
    for each in open_now:
        left = open_now.replace(each, "")
        yield from (each.upper() + rest for rest in all_words(letters, left, together if left else 0))


def test_fifo_answers_each_call_before_the_next_one_arrives() -> None:
    assert set(sample(DelayBounded(0), calls("abcd"), 1, Order.FIFO)) == {CALM}


def test_every_word_of_few_open_calls_in_their_order_comes_and_no_other() -> None:
    every = set(all_words("abcd"))
    assert set(sample(Overlap(Random(1)), calls("abcd"), 6_000, Order.FIFO)) == every
    assert set(sample(Overlap(Random(1)), calls("abcd"), 24_000)) > every, "there first steps of open calls change places, too"


def test_a_call_that_is_kept_waiting_until_others_are_done_is_no_rare_run() -> None:
    """Three times as often as in a random walk of the same calls."""

    def kept(found: Counter[Hashable]) -> int:
        return sum(times for word, times in found.items() if "abBA" in str(word) or "abBcCA" in str(word))

    runs = 2_000
    assert kept(sample(Overlap(Random(2)), calls("abcd"), runs, Order.FIFO)) > 3 * kept(
        sample(RandomWalk(Random(2)), calls("abcd"), runs, Order.FIFO)
    )


def test_the_first_call_seldom_races() -> None:
    """It leads to the state in which the others are to race: a program's first task connects and subscribes several clients."""
    found = sample(Overlap(Random(4)), calls("abcd"), 2_000, Order.FIFO)
    first = sum(times for word, times in found.items() if not str(word).startswith("aA"))
    later = sum(times for word, times in found.items() if str(word).startswith("aA") and not str(word).startswith("aAbB"))
    assert 0 < 2 * first < later


def test_one_of_several_ways_is_any_of_them() -> None:
    """Also where nothing races: without a call beside it, each way has the same chance, not the first alone."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        taken: list[str] = []
        ways: list[Alternative] = []

        def takes(name: str) -> None:
            for each in ways:
                if each in loop.events:
                    loop.events.remove(each)
            taken.append(name)

        def arrives() -> None:
            loop.late -= 1
            for name in ("left", "middle", "right"):
                ways.append(Alternative(name, partial(takes, name), ways))
                loop.offer(ways[-1])

        loop.late = 1
        loop.events.append(Event("start", arrives))
        return lambda: " ".join(taken)

    found = sample(Overlap(Random(5)), start, 600, Order.FIFO)
    assert set(found) == {"left", "middle", "right"}
    assert min(found.values()) > 150


def test_without_calls_it_is_fifo() -> None:
    assert sample(Overlap(Random(3)), words(a=3, b=3), 50) == {next(iter(sample(DelayBounded(0), words(a=3, b=3), 1))): 50}


def test_a_call_may_meet_what_a_fault_has_led_to() -> None:
    """A call is struck and leaves a task behind, which waits for the outside: mostly the next call comes before that has ended."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        word: list[str] = []

        async def mends() -> None:
            await park(loop, "the mending")
            word.append("mended")

        def strikes() -> None:
            loop.faults.clear()
            word.append("struck")
            loop.create_task(mends(), name="mender")

        async def call(name: str) -> None:
            word.append(name)
            if name == "b":
                loop.faults.append(Event("strike", strikes))
                await asyncio.sleep(0)
                loop.faults.clear()

        def arrives(letter: str) -> None:
            loop.late -= 1
            loop.create_task(call(letter), name=letter)

        loop.late = 3
        for letter in "abc":
            loop.events.append(Event(f"start {letter}", partial(arrives, letter)))
        return lambda: " ".join(word)

    found = sample(Overlap(Random(1)), start, 2_000, Order.FIFO)
    assert found["a b struck c mended"] > found["a b struck mended c"] > 0, "without a race of its own, a third fewer"

"""The Good-Turing estimate: exact within its bound, bounded always, and near the truth where the truth is known."""

from collections import Counter
from random import Random

import pytest

from subwarden.stateful_tests.exploring.coverage.good_turing import DigestCounter, Tally, digest


def test_counts_are_exact_within_the_bound() -> None:
    seen = DigestCounter(bound=100)
    seen.add([(1, 1), (2, 3), (3, 1)])
    seen.add([(3, 1), (4, 1)])
    assert (seen.total, seen.distinct, seen.seen_once, seen.exact) == (7, 4, 2, True)
    assert seen.chance_of_new == pytest.approx(2 / 7)


def test_there_is_no_estimate_before_the_first_digest() -> None:
    assert DigestCounter().chance_of_new is None
    assert Tally().chance_of_new == 1.0


def test_beyond_the_bound_a_fair_part_is_kept() -> None:
    """5,000 that came once and 5,000 that came twice, in a thousand places: both counts within four standard errors."""
    bound = 1_000
    seen = DigestCounter(bound)
    for number in range(10_000):
        seen.add([(digest(f"{number}"), 1 + number % 2)])
        assert len(seen._once) <= bound
    assert not seen.exact
    assert seen.total == 15_000
    error = 4 * 1.2 / bound**0.5
    assert abs(seen.distinct / 10_000 - 1) < error
    assert abs(seen.seen_once / 5_000 - 1) < 2 * error


def test_the_sample_does_not_depend_on_the_order_of_the_digests() -> None:
    things = [(digest(f"{number}"), 1) for number in range(3_000)]
    one, other = DigestCounter(200), DigestCounter(200)
    one.add(things)
    for thing in reversed(things):
        other.add([thing])
    assert one.encode() == other.encode()


def test_a_sample_survives_being_written_and_read() -> None:
    seen = DigestCounter()
    seen.add([(digest("a"), 1), (digest("b"), 2)])
    again = DigestCounter.decode(seen.encode())
    assert again.encode() == seen.encode()
    again.add([(digest("a"), 1)])
    assert (again.distinct, again.seen_once) == (2, 0)


def test_a_digest_is_the_same_in_every_process() -> None:
    assert digest("subwarden") == 0x85F7504DCA573663


@pytest.mark.parametrize("things", [20, 200, 2_000])
def test_good_turing_is_near_the_truth(things: int) -> None:
    """Draws with chances 1, 1/2, 1/3, ...: the share that was not drawn is known."""
    weights = [1 / (1 + place) for place in range(things)]
    drawn = Random(things).choices(range(things), weights, k=400)
    tally = Tally()
    new = [tally.add(each) for each in drawn]
    unseen = sum(weight for each, weight in enumerate(weights) if each not in set(drawn)) / sum(weights)
    assert abs(tally.chance_of_new - unseen) < 0.1
    assert sum(new) == len(set(drawn))
    assert tally.once == sum(1 for times in Counter(drawn).values() if times == 1)

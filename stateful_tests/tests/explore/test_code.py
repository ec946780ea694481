"""Replay strings: short, exact, and checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subwarden.scheduling import string_hash
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.explore.code import CHECK, Coded, check_of, decode, encode
from subwarden.stateful_tests.runs.replay import BadReplay
from subwarden.stateful_tests.subjects.scenario.play import Rules

RULES = st.builds(Rules, st.sampled_from(Order), st.booleans(), st.booleans(), st.booleans(), st.booleans())
CHECKS = st.binary(min_size=CHECK, max_size=CHECK)


@given(RULES, st.lists(st.integers(0, 300), max_size=40), CHECKS, st.none() | st.integers(0, string_hash.LARGEST), st.booleans())
def test_it_reads_what_it_wrote(rules: Rules, choices: list[int], check: bytes, hash_seed: int | None, kills: bool) -> None:
    """Up to the zeros at the end, which are what fifo does."""
    while choices and not choices[-1]:
        choices.pop()
    coded = Coded(rules, choices, check, hash_seed, kills)
    assert decode(encode(coded)) == coded


@given(RULES, st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 100)), max_size=5), CHECKS)
def test_five_deviations_take_forty_characters(rules: Rules, deviations: list[tuple[int, int]], check: bytes) -> None:
    """Wherever they are in a run of ten thousand choices."""
    choices: list[int] = []
    for zeros, pick in deviations:
        choices += [0] * zeros + [pick]
    assert len(encode(Coded(rules, choices, check))) <= 40


@given(st.text(max_size=30))
def test_anything_else_is_refused(text: str) -> None:
    """Never by another error."""
    for candidate in (text, f"sx1-{text}"):
        try:
            coded = decode(candidate)
        except BadReplay:
            continue
        assert encode(coded) == candidate.strip() or coded.choices is not None


def test_the_check_tells_runs_apart() -> None:
    """By the names of their steps."""
    assert check_of(["a", "b"]) != check_of(["b", "a"])
    assert len(check_of([])) == CHECK


def test_a_long_run_is_refused_before_it_takes_all_memory() -> None:
    """A damaged number may be large."""
    with pytest.raises(BadReplay, match="damaged"):
        decode("sx1-" + "B" + "_" * 40)

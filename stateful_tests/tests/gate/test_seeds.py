"""The same seed draws the same programs and finds the same; another seed draws others. The record says which seed it was."""

from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES, Profile
from subwarden.stateful_tests.fixture.hold import hold
from subwarden.stateful_tests.tests.subjects.core_adapters import Small

TINY = Profile("tiny", examples=4, schedules=10, steps=9, derandomized=False)


def drawn(seed: int | None) -> tuple[int, list[tuple[Any, ...]]]:
    """The seed that the record names, and what each check did."""
    record = hold("small", Small, TINY, None, [], seed).record
    return record["seed"], [(c["name"], c["programs"], c["schedules"], c["steps"]) for c in record["checks"]]


def test_the_same_seed_draws_the_same_and_another_seed_something_else() -> None:
    assert drawn(3) == drawn(3)
    assert drawn(3)[1] != drawn(4)[1]


@pytest.mark.slow
def test_a_profile_without_a_fixed_seed_names_the_one_that_it_drew() -> None:
    seed, did = drawn(None)
    assert drawn(seed) == (seed, did)


def test_only_the_profile_of_ci_has_a_fixed_seed() -> None:
    assert PROFILES["ci"].seed() == 0
    assert len({PROFILES["dev"].seed() for _ in range(4)}) > 1


def test_a_seed_that_is_none_is_refused_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["gate", "--seed", "-1"])
    assert ended.value.code == 3
    assert "'-1' is no seed; give a whole number from 0 up" in capsys.readouterr().err

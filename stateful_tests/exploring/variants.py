"""Shares a program's schedules among its variants. A variant is the program with a choice of the faults that may happen in its runs."""

from collections import Counter
from random import Random

from subwarden.stateful_tests.exploring.level import Level, Program


def shares(
    level: Level,
    program: Program,
    cancellation: bool,
    random: Random,
    schedules: int,
    *,
    least: int = 1,
    most: int | None = None,
    mixed: bool = False,
) -> Counter[Program]:
    """How many of the `schedules` each variant of `program` gets, at least `least`; of more than `most` variants, `random` picks so many.

    Each variant is there once: one that the level gives twice has two shares. `mixed`: in a random order, for a driver that leaves a
    program before it has come to all of them; else only its first tasks would ever be cancelled.
    """
    variants = level.variants(program, cancellation, random)
    if mixed:
        random.shuffle(variants)
    if most is not None and len(variants) > most:
        variants = random.sample(variants, most)
    share = max(least, schedules // len(variants))
    return Counter({variant: share * times for variant, times in Counter(variants).items()})

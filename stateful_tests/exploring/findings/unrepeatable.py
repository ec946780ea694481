"""Says why a run cannot be repeated: the step at which two runs of one schedule part, the names that differ, and the likely source.

Where the subject asks for the real time or for chance that is not seeded, the line is named that does.
"""

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.world.escapes import Escapes

TWICE = "the same schedule does not give the same run twice"
TRIES = 24  # schedules of a program that are each played twice
CHANCE = "likely the order of a set or of weak references, a clock, or random numbers; sort them, use loop.time(), seed them in the factory"
SOURCES = (  # a pattern, its word, and the likely source of what it matches
    (
        re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9a-f]*\d)(?=[0-9]*[a-f])[0-9a-f]{6,}"),
        "token",
        "likely a uuid or a hash; count",
    ),
    (re.compile(r"\d{9,}(?:\.\d+)?|\d+\.\d{3,}"), "time", "likely a clock; use loop.time()"),
    (re.compile(r"\d+"), "number", "likely a counter that outlives a run; count in the object that is made for each run"),
)


def why(runner: Runner, program: Any, choices: Sequence[int] | None = None) -> str:
    """In words, where two runs of `program` part that make the same choices; empty if none did. `choices`: of a run that did."""
    walk = RandomWalk(Random(0))
    for number in range(TRIES):
        if choices is None and number:
            result = runner.run_strategy(program, walk)
            if result is None:
                break
            made: Sequence[int] = result.choices
        else:
            made = choices or ()
        first, second = (runner.record(program, lambda _candidates, made=made: fixed(made)) for _ in range(2))  # type: ignore[misc]
        said = parting(first[1], second[1])
        if not said and first[0].violations != second[0].violations:
            said = f"the steps are the same, and what the calls answer or show is not: {CHANCE}"
        if said:
            return said + _escapes(runner, program, made)
    return ""


def _escapes(runner: Runner, program: Any, made: Sequence[int]) -> str:
    """The lines of one more run that ask for the real time or for chance, to be added to what is said; empty if none does."""
    escapes = Escapes()
    with escapes.seen():
        runner.record(program, lambda _: fixed(made))
    return f"; the real clock or chance: {escapes}" if escapes else ""


def why_along(runner: Runner, program: Any, names: Sequence[str]) -> str:
    """The same for the run along `names`."""
    return why(runner, program, runner.guided(program, names)[0].choices)


def parting(first: Sequence[str], second: Sequence[str]) -> str:
    """The first step at which two schedules differ, and why that may be; empty if they are equal."""
    for at, (one, other) in enumerate(zip(first, second, strict=False), 1):
        if one != other:
            return f"at step {at} {_differing(one, other)}"
    if len(first) != len(second):
        least = min(len(first), len(second))
        return f"one run ends after step {least}, another goes on with '{max(first, second, key=len)[least]}': {CHANCE}"
    return ""


def _differing(one: str, other: str) -> str:
    """How two names of one moment differ, without what differs: a doubt is the same text in every run."""
    for pattern, word, source in SOURCES:
        masked = pattern.sub(f"<{word}>", one)
        if pattern.search(one) and masked == pattern.sub(f"<{word}>", other):
            return f"'{masked}' has another {word} in each run: {source}"
    return f"one run goes on with '{one}', another with '{other}': {CHANCE}"

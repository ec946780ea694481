"""Chance is seeded in a run, the same for each, and put back after it."""

import asyncio
import os
import random
import secrets
import uuid

import subwarden


def drawn() -> tuple[object, ...]:
    return random.random(), random.choice(range(100)), uuid.uuid4(), secrets.token_hex(8), os.urandom(4)


def test_every_run_draws_the_same_numbers() -> None:
    seen: set[tuple[object, ...]] = set()

    async def scenario() -> None:
        first = drawn()
        await asyncio.sleep(0)
        seen.add((*first, *drawn()))
        assert not set(first) & set(drawn())

    subwarden.explore(scenario, schedules=1)  # what it imports may draw numbers
    random.seed("before")
    expected = random.Random("before").random()
    found = subwarden.explore(scenario, schedules=20)
    assert found.verdict == "holds", str(found)
    assert len(seen) == 1
    assert random.random() == expected, "the state of module random is put back"
    assert os.urandom(8) != os.urandom(8)
    assert uuid.uuid4() != uuid.uuid4()

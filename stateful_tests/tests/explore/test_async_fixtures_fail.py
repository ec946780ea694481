"""Async fixtures that fail, and those that cannot be left to the runs of a test."""

import pytest

from subwarden.stateful_tests.tests.explore.test_async_fixtures import ANOTHER_LOOP, ONE

pytest_plugins = ["pytester"]

FAIL = """
import asyncio
import pytest
import subwarden

@pytest.fixture
async def log():
    made = []
    yield made
    assert made == ["a", "b"], f"{made} at the end"

async def write(log, line):
    await asyncio.sleep(0)
    log.append(line)

@subwarden.test
async def test_teardown(log):
    await asyncio.gather(write(log, "a"), write(log, "b"))

@subwarden.test
async def test_body(log):
    await write(log, "c")
    raise ValueError("the first error counts")

@pytest.fixture
async def leaves():
    asyncio.create_task(asyncio.Event().wait(), name="left")
    yield

@subwarden.test
async def test_leak(leaves):
    pass

@pytest.fixture
async def never():
    yield
    await asyncio.Event().wait()

@subwarden.test
async def test_waits(never):
    pass

@pytest.fixture
async def no_value():
    return
    yield

@subwarden.test
async def test_no_value(no_value):
    pass

@pytest.fixture
async def twice():
    yield 1
    yield 2

@subwarden.test
async def test_twice(twice):
    pass
"""
BY_HAND = """
import pytest
import subwarden

@pytest.fixture
def by_hand(request):
    return request.getfixturevalue("shared")

@pytest.mark.parametrize("number", [1, 2])
@subwarden.test
async def test_in_a_fixture(by_hand, number):
    pass

@subwarden.test
async def test_in_the_test(request, shared):
    request.getfixturevalue("shared")
"""


def test_setup_and_teardown_are_a_part_of_the_run(pytester: pytest.Pytester) -> None:
    """What fails there is a finding; so is a task that is left."""
    pytester.makepyfile(test_one=FAIL)
    result = pytester.runpytest_subprocess(*ONE)
    result.assert_outcomes(failed=6)
    for line in (
        "*test_one.py:test_teardown fails: AssertionError: *'b', 'a'* at the end",
        "*at test_one.py:* in log:  assert *",
        "*test_one.py:test_body fails: ValueError: the first error counts",
        "*test_one.py:test_leak fails: *left*",
        "*test_one.py:test_waits fails: *waits for *",
        "*test_one.py:test_no_value fails: ValueError: fixture no_value did not yield a value",
        "*test_one.py:test_twice fails: ValueError: fixture twice yields more than once",
    ):
        result.stdout.fnmatch_lines([line])


def test_a_fixture_that_is_asked_for_by_hand_is_refused_in_one_line(pytester: pytest.Pytester) -> None:
    """Nobody can know before that the test needs it."""
    pytester.makeconftest(ANOTHER_LOOP)
    pytester.makepyfile(test_one=BY_HAND)
    result = pytester.runpytest_subprocess(*ONE)
    result.assert_outcomes(failed=1, errors=2)
    said = "subwarden: request.getfixturevalue('shared') asks for an async fixture, which each run makes on its own loop; take 'shared' *"
    result.stdout.fnmatch_lines([said, said, f"*{said}"])

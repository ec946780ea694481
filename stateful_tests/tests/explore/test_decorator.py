"""`@subwarden.test`, as somebody else's project uses it: in a process of its own."""

import re

import pytest

pytest_plugins = ["pytester"]

ONE = ("-p", "no:randomly", "-p", "no:cacheprovider")
SOUND = """
import asyncio
import pytest
import subwarden
from hypothesis import given, settings, strategies as st

@pytest.fixture
def size():
    return 2

@pytest.fixture
def never():
    pytest.skip("not here")

async def passes(size):
    queue = asyncio.Queue(size)
    async def put():
        for item in range(3):
            await queue.put(item)
    async def get():
        return [await queue.get() for _ in range(3)]
    _, got = await asyncio.gather(put(), get())
    assert got == [0, 1, 2]

@subwarden.test
async def test_with_a_fixture(size, tmp_path):
    assert tmp_path.is_dir()
    await passes(size)

@pytest.mark.parametrize("limit", [1, 3])
@subwarden.test(schedules=50, order="any")
async def test_with_parameters(limit):
    await passes(limit)

@given(st.integers(1, 3))
@settings(max_examples=5, deadline=None)
@subwarden.test
async def test_given_above(limit):
    await passes(limit)

@subwarden.test(schedules=20)
@given(st.integers(1, 3))
@settings(max_examples=5, deadline=None)
async def test_given_below(limit):
    await passes(limit)

@subwarden.test
async def test_skipped_by_a_fixture(never):
    raise AssertionError

@subwarden.test
async def test_skipped_inside():
    await asyncio.sleep(0)
    pytest.skip("after all")

class TestMethods:
    @subwarden.test
    async def test_of_a_class(self, size):
        await passes(size)
"""
FAILING = """
import asyncio
import subwarden
from hypothesis import given, settings, strategies as st

@subwarden.test
async def test_order():
    log = []
    async def write(line):
        await asyncio.sleep(0)
        log.append(line)
    await asyncio.gather(write("a"), write("b"))
    assert log == ["a", "b"], log

@settings(deadline=None)
@given(st.integers(0, 100))
@subwarden.test
async def test_given(number):
    await asyncio.sleep(0)
    assert number < 7
"""


@pytest.fixture(autouse=True)
def on_somebodys_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CI is set, Hypothesis keeps no database."""
    monkeypatch.delenv("CI", raising=False)


@pytest.mark.slow
def test_it_takes_what_other_tests_take_also_on_two_workers(pytester: pytest.Pytester) -> None:
    """Fixtures, parameters, `@given` in both places, skips, methods; and no warning of a coroutine that is never awaited."""
    pytester.makepyfile(test_one=SOUND)
    pytester.runpytest_subprocess(*ONE, "-n", "2", "-W", "error").assert_outcomes(passed=6, skipped=2)


def test_a_failure_shows_the_run_and_is_tried_first_next_time(pytester: pytest.Pytester) -> None:
    """The report is the test's failure. Hypothesis shrinks the values, and the failing schedule is kept."""
    pytester.makepyfile(test_one=FAILING)
    result = pytester.runpytest_subprocess(*ONE)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*test_one.py:test_order fails: AssertionError: *'b', 'a'*", "*order any:*"])
    result.stdout.fnmatch_lines(["*test_given(*", "*number=7,*"])
    (replay, *_) = re.findall(r"--replay (sx1-\S+)", result.stdout.str())
    again = pytester.runpytest_subprocess(*ONE, "-k", "test_order")
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines([f"*{replay}*"])
    again.stdout.fnmatch_lines(["*found by a saved run*"])


def test_what_is_not_async_is_refused_in_one_line(pytester: pytest.Pytester) -> None:
    """By name, where it is collected."""
    pytester.makepyfile(test_one="import subwarden\n@subwarden.test\ndef test_plain():\n    pass\n")
    result = pytester.runpytest_subprocess(*ONE)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*BadScenario: @subwarden.test: test_plain is not async; write `async def test_plain`*"])


WITH_ARGUMENTS = """
import asyncio
import pytest
import subwarden

@pytest.mark.parametrize("limit", [1, 3])
@subwarden.test
async def test_with_parameters(limit):
    seen = []
    async def put(item):
        await asyncio.sleep(0)
        seen.append(item)
    await asyncio.gather(put(1), put(2))
    assert limit < 3 or seen == [1, 2]
"""


def test_a_test_with_arguments_is_replayed_by_the_test(pytester: pytest.Pytester) -> None:
    """The name of its function does not say them, so that no command could replay it."""
    pytester.makepyfile(WITH_ARGUMENTS)
    for found in ("found by schedule *;", "found by a saved run;"):
        result = pytester.runpytest_subprocess(*ONE)
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(
            [f"*{found}*", "*replay: run this test again, with the same arguments: the run that failed is tried first"]
        )

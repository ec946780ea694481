"""`@subwarden.test` beside the tools of pytest and of unittest that keep something for the time of a test."""

import pytest

from subwarden.stateful_tests.tests.explore.test_async_fixtures import ONE

pytest_plugins = ["pytester"]

TOOLS = """
import asyncio
import logging
import os
import unittest
import warnings
import pytest
import subwarden

@pytest.fixture
def patched(monkeypatch):
    monkeypatch.setenv("ODD", "patched")
    monkeypatch.setattr(os, "odd", [], raising=False)

@subwarden.test
async def test_patches(patched, monkeypatch):
    assert (os.environ["ODD"], os.odd) == ("patched", [])
    monkeypatch.setenv("ODDER", os.environ.get("ODDER", "") + "x")
    os.odd.append(1)
    await asyncio.gather(asyncio.sleep(1), asyncio.sleep(2))
    assert os.environ["ODDER"] == "x"

@pytest.mark.xfail(strict=True)
@subwarden.test
async def test_patches_and_never_ends(patched):
    await asyncio.Event().wait()

def test_nothing_stays_patched():
    assert not {"ODD", "ODDER"} & set(os.environ)
    assert not hasattr(os, "odd")

@subwarden.test
async def test_logs(caplog):
    caplog.set_level(logging.INFO)
    logging.getLogger("odd").info("hello")
    await asyncio.sleep(0)
    assert caplog.messages == ["hello"]

@subwarden.test
async def test_warns(recwarn):
    warnings.warn("odd")
    await asyncio.sleep(0)
    assert len(recwarn) == 1

class TestPlain(unittest.TestCase):
    def setUp(self):
        self.items = []

    @subwarden.test
    async def test_items(self):
        self.items.append(1)
        await asyncio.sleep(0)
        self.assertEqual(self.items, [1])

    @subwarden.test
    async def test_skipped(self):
        self.skipTest("not here")
"""
ISOLATED = """
import asyncio
import unittest
import subwarden

class TestIsolated(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.inbox = asyncio.Queue()

    @subwarden.test
    async def test_inbox(self):
        await self.inbox.put(1)
"""


def test_the_tools_of_pytest_begin_anew_in_each_run(pytester: pytest.Pytester) -> None:
    """What a run patches is undone at its end, however it ends; so are logs and warnings."""
    pytester.makepyfile(test_one=TOOLS)
    pytester.runpytest_subprocess(*ONE).assert_outcomes(passed=5, skipped=1, xfailed=1)


def test_a_test_case_with_a_loop_of_its_own_is_refused_in_one_line(pytester: pytest.Pytester) -> None:
    """What `asyncSetUp` makes belongs to that loop."""
    pytester.makepyfile(test_one=ISOLATED)
    result = pytester.runpytest_subprocess(*ONE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*BadScenario: @subwarden.test: TestIsolated.test_inbox: unittest.IsolatedAsyncioTestCase *; use unittest.TestCase, *"]
    )


LEAVES = """
from os import _exit
import subwarden

@subwarden.test
async def test_leaves():
    _exit(0)
"""


def test_a_test_that_would_end_pytest_is_refused_in_one_line(pytester: pytest.Pytester) -> None:
    """Also by a name that was bound as the test was collected; without our own frames."""
    pytester.makepyfile(test_one=LEAVES)
    result = pytester.runpytest_subprocess(*ONE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*BadScenario: test_one.py:test_leaves: os._exit ends the process*(test_one.py:6)"])
    result.stdout.no_fnmatch_line("*decorator.py*")

"""Clocks that code holds since before the runs, or since it was imported in one, tell the time of the loop that runs."""

import pytest

pytest_plugins = ["pytester"]

HOLDS = """
import time
from dataclasses import dataclass, field

class Cache:
    timer = time.monotonic
    pause = time.sleep
    other = staticmethod(time.time)

    def __init__(self, clock=time.perf_counter):
        self.clock = clock

    def by_attribute(self):
        return self.timer()

    def by_method(self):
        return self.other()

    def by_argument(self):
        return self.clock()

def by_default(clock=time.monotonic):
    return clock()

def by_keyword(*, clock=time.monotonic):
    return clock()

@dataclass
class Made:
    at: float = field(default_factory=time.monotonic)

READS = {
    "attribute": lambda: Cache().by_attribute(),
    "method": lambda: Cache().by_method(),
    "argument": lambda: Cache().by_argument(),
    "default": by_default,
    "keyword": by_keyword,
    "factory": lambda: Made().at,
}
"""
READS = """
import asyncio
import importlib
import time
import pytest
import subwarden

@pytest.mark.parametrize("name", ["attribute", "method", "argument", "default", "keyword", "factory"])
@pytest.mark.parametrize("module", ["before", "within"])
@subwarden.test(schedules=5)
async def test_time_passes(module, name):
    read = importlib.import_module(module).READS[name]
    began = read()
    await asyncio.sleep(100)
    assert 100 <= read() - began < 200

@pytest.mark.parametrize("name", ["attribute", "default"])
@pytest.mark.parametrize("module", ["before", "within"])
def test_it_is_the_real_time_elsewhere(module, name):
    assert abs(importlib.import_module(module).READS[name]() - time.monotonic()) < 100
"""


def test_a_clock_in_a_class_or_a_default_argument_is_virtual_in_a_run(pytester: pytest.Pytester) -> None:
    """Else a deadline that is slept for never comes near. The function of a class is no method: `self.timer()` passes nothing."""
    pytester.makepyfile(before=HOLDS, within=HOLDS, test_one="import before\n" + READS)
    pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider").assert_outcomes(passed=16)

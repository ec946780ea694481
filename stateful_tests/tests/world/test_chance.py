"""Chance is seeded in a run, the same for each, and put back after it."""

import asyncio
import datetime
import importlib
import os
import random
import re
import secrets
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

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


ESCAPING = """
import asyncio
import os
import random
import time
import uuid

ours = random.Random()
held = {"now": time.time_ns}  # no name that can be replaced
seen = set()

async def steps(number):
    for _ in range(number):
        await asyncio.sleep(0)

async def other_steps(draw):  # than in any run before, whatever the clock's ticks are
    while (number := round(draw()) % 251) in seen:
        pass
    seen.add(number)
    await steps(number)

async def not_seeded():
    await other_steps(lambda: random.Random().random() * 1000)

async def made_before():
    await other_steps(lambda: ours.random() * 1000)

async def asks_the_system():
    await other_steps(lambda: os.getrandom(1)[0])

async def real_clock():
    await other_steps(held["now"])

async def of_the_machine():
    await other_steps(lambda: uuid.uuid1().time)

async def seeded():
    await steps(round(random.Random(5).random() * 1000) % 97)
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("not_seeded", "random.Random() at "),
        ("made_before", "a random.Random of before the run at "),
        ("asks_the_system", "os.getrandom at "),
        ("real_clock", "time.time_ns at "),
        ("of_the_machine", "uuid.uuid1 at "),
    ],
)
def test_what_escapes_is_named_with_the_line_that_calls_it(name: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "escaping.py"
    mine: dict[str, Any] = {}
    exec(compile(ESCAPING, str(file), "exec"), mine)
    found = subwarden.explore(mine[name], schedules=40, order="fifo")
    assert found.verdict == "inconclusive", str(found)
    doubt = found.record["doubts"][0]
    assert re.search(rf"; the real clock or chance: {re.escape(said)}{re.escape(str(file))}:\d+; make its objects anew", doubt), doubt
    assert subwarden.explore(mine["seeded"], schedules=40, order="fifo").verdict == "holds"


@pytest.mark.parametrize("clock", ["monotonic", "perf_counter", "process_time", "thread_time"])
def test_the_clocks_of_time_go_with_the_loop_in_a_run_and_are_real_after_it(clock: str) -> None:
    real = getattr(time, clock), getattr(time, f"{clock}_ns")

    async def scenario() -> None:
        read, read_ns = getattr(time, clock), getattr(time, f"{clock}_ns")
        before, before_ns = read(), read_ns()
        await asyncio.sleep(90)
        assert 90 < read() - before < 90.01  # a little late, as waits are: what is kept for 90 seconds has expired
        assert 90 * 10**9 < read_ns() - before_ns < 90.01 * 10**9

    found = subwarden.explore(scenario, schedules=5)
    assert found.verdict == "holds", str(found)
    assert (getattr(time, clock), getattr(time, f"{clock}_ns")) == real


READINGS = """
import asyncio
import time
from time import asctime, ctime, gmtime, localtime, strftime

def readings():
    texts = [time.ctime(), time.asctime(), time.strftime("%c"), ctime(None), asctime(), strftime("%c")]
    parts = [time.localtime(), localtime(None), *map(time.strptime, texts)]
    seconds = [time.clock_gettime(time.CLOCK_REALTIME), time.clock_gettime_ns(time.CLOCK_REALTIME) / 1e9]
    return [calendar.timegm(each) for each in (time.gmtime(), gmtime(None))] + [time.mktime(each) for each in parts] + seconds

async def scenario():
    before, mono = readings(), time.clock_gettime(time.CLOCK_MONOTONIC)
    await asyncio.sleep(90)
    assert [round(after - each, 2) for each, after in zip(before, readings())] == [90] * len(before)
    assert set(before) == {1_750_000_000} and 90 < time.clock_gettime(time.CLOCK_MONOTONIC) - mono < 90.01
    assert (time.gmtime(0).tm_year, time.strftime("%Y", time.gmtime(0)), time.ctime(0)) == (1970, "1970", ctime(0))
"""


def test_the_functions_of_time_that_tell_the_present_tell_the_virtual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And with a moment that is given, that one. Each is as it was after the run."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "reads_time.py").write_text("import calendar\n" + READINGS, encoding="utf-8")
    real = time.localtime, time.strftime
    module = importlib.import_module("reads_time")
    found = subwarden.explore(module.scenario, schedules=5)
    assert found.verdict == "holds", str(found)
    assert (time.localtime, time.strftime) == real == (module.localtime, module.strftime)
    assert time.localtime().tm_year != 2025


OWN = """
import asyncio
import datetime
from datetime import date, datetime as moment, timezone

async def scenario():
    before = moment.now()
    await asyncio.sleep(90)
    assert 90 < (datetime.datetime.now() - before).total_seconds() < 90.01
    assert int(moment.now(timezone.utc).timestamp()) == 1_750_000_090
    assert abs((moment.utcnow() - moment(2025, 6, 15)).days) <= 1
    assert isinstance(before, moment) and type(before) is type(moment(2025, 1, 1)) and isinstance(before.date(), date)
    assert date.today() == before.date()
    assert moment.fromtimestamp(0, timezone.utc) == moment(1970, 1, 1, tzinfo=timezone.utc) and issubclass(moment, date)
"""


def test_dates_are_virtual_in_a_user_s_module_and_real_after_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dates_of_somebody.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    mine = importlib.import_module("dates_of_somebody")
    found = subwarden.explore(mine.scenario, schedules=5)
    assert found.verdict == "holds", str(found)
    assert mine.moment is datetime.datetime
    assert mine.datetime is datetime
    assert abs(mine.moment.now().timestamp() - time.time()) < 60

"""How a failure of a scenario is told: moments of the clock, names, printed text, rows that come again and again.

Long because each is a scenario of its own.
"""

import _thread
import asyncio
import re
import time
from itertools import pairwise
from typing import Any
from unittest.mock import AsyncMock

import pytest

import subwarden


async def expires(seconds: float) -> None:
    """What is kept for so many seconds is gone, if a step takes that long."""
    kept = {"key"}
    asyncio.get_running_loop().call_later(seconds, kept.clear)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert kept


async def expires_late() -> None:
    subwarden.network().slow(10)
    await expires(5)


async def expires_soon() -> None:
    await expires(0.25)


@pytest.mark.parametrize(
    ("scenario", "seconds"),
    [(expires_late, 5), (expires_soon, 0.25)],
)
def test_a_slow_step_is_told_with_its_seconds_and_how_to_rule_it_out(scenario: object, seconds: float) -> None:
    found = subwarden.explore(scenario, schedules=50)  # type: ignore[arg-type]  # a scenario
    said = found.text()
    assert found.findings[0]["slowest"] == seconds
    assert re.search(rf"happens on stock asyncio(, with this timing of the network)?, when one step takes {seconds:g} s", said)
    assert f"(a step takes {seconds:g} s, so that the next timer is due)" in said
    assert "begin the scenario with subwarden.network().slow(0)" in said


async def is_guarded() -> None:
    """A time-out that guards a test is longer than a step may take."""
    async with asyncio.timeout(2):
        for _ in range(3):
            await asyncio.sleep(0)


def test_a_time_out_that_guards_a_scenario_is_not_lost_to_a_slow_step() -> None:
    assert subwarden.explore(is_guarded, schedules=200).verdict == "holds"


async def gives_up() -> None:
    async with asyncio.timeout(0.5):
        for _ in range(3):
            await asyncio.sleep(0)


async def sleeps_for_others() -> None:
    """It takes a sleep for a sign that the others have begun."""
    begun: list[str] = []

    async def other() -> None:
        await asyncio.sleep(0)
        begun.append("other")

    task = asyncio.create_task(other())
    await asyncio.sleep(0.1)
    assert begun
    await task


@pytest.mark.parametrize(
    ("scenario", "said"),
    [(gives_up, "the time-out of gives_up is due"), (sleeps_for_others, "the sleep of sleeps_for_others is over")],
)
def test_a_timer_is_told_by_what_it_is_for(scenario: Any, said: str) -> None:
    assert f"so that {said})" in subwarden.explore(scenario, schedules=100).text()


async def fails_on_the_way() -> None:
    def counts(table: dict[str, int]) -> int:
        return table["ann"]

    def looks(table: dict[str, int]) -> int:
        try:
            return counts(table)
        except KeyError:
            return int("no number")

    try:
        for _ in iter([]):  # its end is an exception, too, and none to tell of
            pass
        looks({})
    finally:
        await asyncio.sleep(1)


def test_an_exception_is_told_at_the_line_where_it_begins() -> None:
    """Each once, not in every frame that it leaves, nor where it leaves the step from its last line."""
    lines = [line.split("  ", 2)[-1].strip() for line in subwarden.explore(fails_on_the_way, schedules=5).text().splitlines()]
    raised = [(before.rpartition("  ")[2], line) for before, line in pairwise(lines) if line.startswith("-> raises")]
    assert raised == [
        ('return table["ann"]', "-> raises KeyError: 'ann'"),
        ('return int("no number")', "-> raises ValueError: invalid literal for int() with base 10: 'no number'"),
        ("await asyncio.sleep(1)", "-> raises ValueError: invalid literal for int() with base 10: 'no number'"),
    ]


async def fails_far_from_both_ends_of_a_long_step() -> None:
    values = [str(each) for each in range(3)]
    values.append("a")
    values.append("b")
    values.append("c")
    values.sort()
    try:
        int(values[3])
    except ValueError:
        values.append("d")
    values.append("e")
    values.append("f")
    values.append("g")
    values.append("h")
    raise AssertionError(values)


def test_the_line_that_raises_is_told_of_a_long_step() -> None:
    lines = subwarden.explore(fails_far_from_both_ends_of_a_long_step, schedules=5).text().splitlines()
    at = next(at for at, line in enumerate(lines) if "int(values[3])" in line)
    assert "-> raises ValueError: invalid literal" in lines[at + 1]
    assert ["lines)" in lines[at - 1], "lines)" in lines[at + 2]] == [True, True]


async def fails_in_two_ways() -> None:
    """One exception, which leaves the scenario as another one, or a task that nobody asks."""

    async def work() -> None:
        raise LookupError("no such room")

    task = asyncio.create_task(work())
    if subwarden.choose([False, True]):
        try:
            await task
        except LookupError as error:
            raise RuntimeError("the request failed") from error


def test_the_run_of_an_exception_is_shown_once() -> None:
    found = subwarden.explore(fails_in_two_ways, schedules=20)
    assert len(found.findings) == 2
    assert found.text().count("what runs") == 1
    assert found.text().count("the same exception is behind a failure above: LookupError: no such room, raised at") == 1
    one, other = (subwarden.replay(each["replay"], fails_in_two_ways).text() for each in found.findings)
    assert "what runs" in one
    assert "what runs" in other


async def answers_out_of_turn() -> None:
    first, second = (subwarden.answers_later(AsyncMock()) for _ in range(2))
    log: list[str] = []

    async def asks(call: Any, name: str) -> None:
        await call()
        log.append(name)

    await asyncio.gather(asks(first, "first"), asks(second, "second"))
    assert log == ["first", "second"]


def test_an_event_out_of_turn_names_the_one_whose_turn_it_was() -> None:
    text = subwarden.explore(answers_out_of_turn, schedules=100).text()
    assert "(before mock answers, whose turn it was)" in text
    assert "(before +" not in text


async def a_scenario_with_the_long_name_of_a_test_that_says_what_must_hold() -> None:
    async def other() -> None:
        await asyncio.sleep(1)

    await asyncio.create_task(other())
    raise AssertionError


def test_a_long_name_of_a_task_keeps_the_columns_in_line() -> None:
    text = subwarden.explore(a_scenario_with_the_long_name_of_a_test_that_says_what_must_hold, schedules=5).text()
    table = text[text.index("step  task") : text.index("replay: ")].splitlines()
    at = table[0].index("line")
    rows = [line for line in table[1:] if "test_told.py:" in line]
    assert rows
    assert {line.index("test_told.py:") for line in rows} == {at}


def test_the_hint_helps() -> None:
    async def with_hint() -> None:
        subwarden.network().slow(1)
        await expires(5)

    assert subwarden.explore(with_hint, schedules=50).verdict == "holds"


def test_a_run_that_is_replayed_was_found_by_no_schedule() -> None:
    found = subwarden.explore(expires_soon, schedules=50)
    again = subwarden.replay(found.findings[0]["replay"], expires_soon)
    assert "found by a saved run; minimal run: 1 deviation from the plain order" in again.text()


@pytest.mark.slow
def test_a_step_that_spins_is_told_at_a_line_of_its_own() -> None:
    """Whichever of its lines the clock hits, it is one finding, and no doubt."""

    async def spins() -> None:
        numbers = [1, 2]
        while numbers:
            numbers.append(max(numbers))
            sorted(numbers)
            print(numbers.pop())

    found = subwarden.explore(spins, schedules=20)
    assert (found.verdict, len(found.findings), found.record["doubts"]) == ("violated", 1, [])
    assert re.fullmatch(r"a step blocks the event loop at \S*test_told\.py:\d+ in spins", found.findings[0]["title"])


def test_text_that_the_end_of_a_run_prints_is_no_part_of_it() -> None:
    async def left() -> None:
        async def work() -> None:
            print("begun")
            try:
                await asyncio.sleep(1_000)
            finally:
                print("torn down")

        asyncio.create_task(work())
        await asyncio.sleep(1)
        raise KeyError("lost")

    assert subwarden.explore(left, schedules=5).findings[0]["printed"] == ["begun"]


def test_steps_that_come_again_and_again_are_told_once() -> None:
    async def polls(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:  # noqa: ASYNC110  # as many programs do
            await asyncio.sleep(0.1)

    async def waits() -> None:
        await asyncio.gather(polls(1_000), polls(1_000), asyncio.Event().wait())

    found = subwarden.explore(waits, schedules=1, order="fifo")
    assert len(found.findings[0]["steps"]) > 1_000
    said = found.text()
    assert "(these 2 steps, " in said
    assert said.count("polls 2") < 10


class Remote:
    """It asks another for what it does not have itself, which fails in its own way."""

    __slots__ = ("mine",)

    def __init__(self) -> None:
        self.mine = asyncio.Lock()

    def __getattr__(self, name: str) -> object:
        raise ConnectionError(name)


async def crossed() -> None:
    one, other = Remote(), Remote()

    async def take(first: Remote, second: Remote) -> None:
        async with first.mine:
            await asyncio.sleep(0)
            async with second.mine:
                pass

    await asyncio.gather(take(one, other), take(other, one))


def test_looking_for_a_name_calls_nothing_of_the_user_s() -> None:
    """The error that it raised was taken for the scenario's."""
    found = subwarden.explore(crossed, order="fifo", schedules=20)
    assert [each["title"].partition(":")[0] for each in found.findings] == ["deadlock"]


def test_what_no_variable_leads_to_is_numbered() -> None:
    async def waits() -> None:
        await asyncio.gather(asyncio.Event().wait(), asyncio.Queue[int]().get())

    said = subwarden.explore(waits, schedules=1, order="fifo").text()
    assert "wait waits for event #1" in said
    assert "get waits for an item of queue #2" in said


def test_a_task_that_is_named_by_its_function_in_full_has_its_short_name() -> None:
    """As anyio names tasks; a name of the author's own stays."""

    async def beats() -> None:
        await asyncio.Event().wait()

    async def leaves() -> None:
        asyncio.create_task(beats(), name=f"{__name__}.{beats.__qualname__}")
        asyncio.create_task(beats(), name="the.heart")

    found = subwarden.explore(leaves, schedules=1, order="fifo")
    assert "beats and the.heart is left behind" in found.text()
    assert subwarden.explore(leaves, schedules=1, order="fifo", leave=["beats", "the.heart"]).verdict == "holds"


def test_an_error_that_code_tells_the_loop_is_told_with_its_words() -> None:
    async def tells() -> None:
        asyncio.get_running_loop().call_exception_handler({"message": "Job closing timed out", "exception": TimeoutError()})

    title = subwarden.explore(tells, schedules=1, order="fifo").findings[0]["title"]
    assert title == "TimeoutError, told to the loop's exception handler: Job closing timed out"


def test_a_task_of_anyio_s_has_its_function_s_name() -> None:
    anyio = pytest.importorskip("anyio")

    async def beats() -> None:
        await anyio.Event().wait()

    async def waits() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(beats)
            group.start_soon(beats)

    said = subwarden.explore(waits, schedules=1, order="fifo").text()
    assert "beats and beats 2 wait for ever" in said


def test_a_task_of_a_package_that_is_left_behind_is_told_with_its_place() -> None:
    anyio = pytest.importorskip("anyio")

    async def leaves() -> None:
        asyncio.create_task(anyio.sleep_forever())

    said = subwarden.explore(leaves, schedules=1, order="fifo").text()
    assert re.search(r"sleep_forever stands at anyio/\S+\.py:\d+ in sleep_forever:  await ", said)


def test_nested_scopes_of_anyio_are_cancelled_in_the_order_of_their_entering() -> None:
    """Which sets of them do not keep: their addresses differ from run to run."""
    anyio = pytest.importorskip("anyio")
    orders: set[tuple[int, ...]] = set()

    async def scopes() -> None:
        ended: list[int] = []
        kept = []

        async def holds(number: int) -> None:
            kept.append([object() for _ in range(len(orders) + number)])  # so that the next scope lies elsewhere
            with anyio.CancelScope() as scope:
                kept.append([scope])
                try:
                    await anyio.sleep_forever()
                finally:
                    ended.append(number)

        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(holds, number)
            await anyio.sleep(1)
            group.cancel_scope.cancel()
        orders.add(tuple(ended))

    assert subwarden.explore(scopes, schedules=60, order="fifo").verdict == "holds"
    assert (0, 1, 2, 3, 4, 5) in orders


def test_ctrl_c_ends_pytest_and_not_only_the_test() -> None:
    runs = 0

    @subwarden.test
    async def interrupted() -> None:
        nonlocal runs
        runs += 1
        if runs == 5:
            _thread.interrupt_main()
        await asyncio.sleep(subwarden.choose([0, 1]))

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert runs == 5


@pytest.mark.parametrize("name", ["ScenarioFailed", "BadScenario", "WaitsForEver"])
def test_an_error_has_the_name_by_which_users_know_it(name: str) -> None:
    """So that pytest's summary has room for its words."""
    assert getattr(subwarden, name).__module__ == "subwarden"


def test_the_timing_of_jobs_is_not_called_that_of_a_network() -> None:
    async def scenario() -> None:
        done: list[int] = []
        await asyncio.gather(*(asyncio.to_thread(done.append, number) for number in range(2)))
        assert done == [0, 1]

    said = subwarden.explore(scenario, schedules=50, order="fifo").text()
    assert "happens on stock asyncio, with this timing of the jobs in executors\n" in said


def test_it_is_said_why_there_is_no_proof() -> None:
    async def scenario() -> None:
        async def visit() -> None:
            reader, writer = await asyncio.open_connection("localhost", 80)
            assert await reader.read() == b""
            writer.close()

        async with await asyncio.start_server(lambda _, writer: writer.close(), "localhost", 80):
            await asyncio.gather(visit(), visit())

    said = subwarden.explore(scenario, schedules=250, order="fifo").text()
    assert "order fifo: 250 schedules" in said
    assert ", states not told apart (a simulated network or executor)" in said


def test_the_stock_runner_lets_time_go_on_where_steps_spin() -> None:
    async def spins() -> bool:
        timer = asyncio.create_task(asyncio.sleep(3_600))
        while not timer.done():  # noqa: ASYNC110  # as some programs do
            await asyncio.sleep(0)
        return True

    assert subwarden.run(spins())


PACKAGE = """
import datetime

def now():
    return datetime.datetime.now()

def boom():
    raise LookupError("in a package")
"""


@pytest.fixture
def package() -> dict[str, Any]:
    """The names of a module that is installed."""
    made: dict[str, Any] = {}
    exec(compile(PACKAGE, "/somewhere/site-packages/clocks/now.py", "exec"), made)
    return made


def test_a_real_date_that_a_package_reads_is_told_with_the_failure(package: dict[str, Any]) -> None:
    async def scenario() -> None:
        before = package["now"]()
        await asyncio.sleep(3_600)
        assert (package["now"]() - before).total_seconds() > 3_000

    evidence = subwarden.explore(scenario, schedules=1, order="fifo").findings[0]["evidence"]
    assert evidence[-1] == "the real date was read, which does not go on in a run: datetime.now at clocks/now.py:5"


def test_an_error_of_a_package_s_callback_is_told_with_its_place(package: dict[str, Any]) -> None:
    async def scenario() -> None:
        asyncio.get_running_loop().call_soon(package["boom"])

    found = subwarden.explore(scenario, schedules=1, order="fifo").findings[0]
    assert found["title"] == "LookupError: in a package, in a callback"
    assert found["evidence"][0].startswith("at clocks/now.py:8 in boom:")

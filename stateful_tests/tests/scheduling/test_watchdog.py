"""A step that blocks the loop for real is interrupted, and the loop then knows where: file and function.

The bound here is small, but nothing is timed: a test ends because the watchdog interrupts, or never.
"""

import asyncio
import gc
import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Ending, run
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.state_search import portable
from subwarden.scheduling.state_search.structure import Indigestible
from subwarden.scheduling.watchdog import LOOKS, WATCHDOG, Blocked, Watchdog, own_time

BOUND = 0.1
pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no interval timers here, and so no guard")


def sleeps_for_real() -> None:
    time.sleep(3600)


def loops_for_ever() -> None:
    for _ in itertools.repeat(None):
        pass


def waits_for_a_thread_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


BLOCKING: list[Callable[[], None]] = [sleeps_for_real, loops_for_ever, waits_for_a_thread_lock]


@contextmanager
def watched() -> Iterator[tuple[ControlledLoop, Watchdog]]:
    watchdog, loop = Watchdog(), ControlledLoop()
    gc.disable()  # an interruption that hits a callback of the collector is lost, and the next one comes; pytest complains of the first
    try:
        with watchdog.guarded(BOUND) as guarded, loop.entered():
            assert guarded
            watchdog.watch(loop)
            yield loop, watchdog
    finally:
        gc.enable()


@pytest.mark.parametrize("block", BLOCKING, ids=lambda block: block.__name__)
def test_a_task_that_blocks_is_interrupted_and_named(block: Callable[[], None]) -> None:
    async def body() -> None:
        await asyncio.sleep(0)
        block()

    with watched() as (loop, _):
        task = loop.create_task(body())
        ending, _, steps = run(loop, Order.FIFO, fixed([]), lambda: False)
    assert (ending, steps) == (Ending.QUIESCENT, 2)
    assert isinstance(task.exception(), Blocked)
    assert loop.blocked is not None
    assert __file__ in loop.blocked
    assert loop.blocked.endswith(f" in {block.__name__}")
    assert str(task.exception()) == loop.blocked


@pytest.mark.parametrize("block", BLOCKING, ids=lambda block: block.__name__)
def test_a_callback_that_blocks_is_interrupted_and_named(block: Callable[[], None]) -> None:
    with watched() as (loop, _):
        loop.call_soon(block)
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert loop.blocked is not None
    assert loop.blocked.endswith(f" in {block.__name__}")
    assert [type(context["exception"]) for context in loop.unhandled] == [Blocked]


def test_a_step_that_blocks_in_the_standard_library_is_named_by_the_line_that_leads_there() -> None:
    async def body() -> None:
        threading.Event().wait()

    with watched() as (loop, _):
        loop.create_task(body())
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert loop.blocked is not None
    assert loop.blocked.startswith(__file__)
    assert loop.blocked.endswith(f" in {body.__name__}")


def test_a_subject_that_catches_every_exception_does_not_catch_this_one() -> None:
    async def body() -> str:
        try:
            loops_for_ever()
        except Exception:
            return "swallowed"
        return "ended"

    with watched() as (loop, _):
        task = loop.create_task(body())
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert isinstance(task.exception(), Blocked)


def test_a_run_that_never_comes_to_rest_is_interrupted_too() -> None:
    """Steps that each end, but never all of them; without a bound on their number."""

    async def body() -> None:
        for _ in itertools.repeat(None):
            await asyncio.sleep(0)

    with watched() as (loop, _):
        loop.create_task(body())
        with suppress(Blocked):  # between two steps it leaves the run; within one, it ends the task
            run(loop, Order.FIFO, fixed([]), lambda: False, limit=10**12)
        assert loop.blocked is not None
        loop.abandon()


def test_time_in_which_others_have_the_processor_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the step has a hundredth of its time: ten ticks later than the bound, nobody has interrupted it."""
    real, began = time.monotonic, time.monotonic()
    monkeypatch.setattr("subwarden.scheduling.watchdog.own_time", lambda: (real() - began) / 100)

    async def body() -> None:
        while real() - began < 1.5 * BOUND:
            pass

    with watched() as (loop, _):
        loop.create_task(body())
        run(loop, Order.FIFO, fixed([]), lambda: False)
    assert loop.blocked is None


def test_own_time_leaves_out_what_the_system_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scheduled = tmp_path / "schedstat"
    monkeypatch.setattr("subwarden.scheduling.watchdog.SCHEDULED", scheduled)
    assert own_time() == pytest.approx(time.monotonic(), abs=60)
    scheduled.write_text("5 3600000000000 7\n")
    assert own_time() == pytest.approx(time.monotonic() - 3600, abs=60)


def test_runs_shorter_than_the_bound_are_never_interrupted() -> None:
    """However many ticks pass over all of them: each run is watched from its start, and one tick says nothing of the run it hits."""
    watchdog = Watchdog()
    with watchdog.guarded(1000):
        for _ in range(10):
            loop = ControlledLoop()
            with loop.entered():
                watchdog.watch(loop)
                loop.call_soon(signal.raise_signal, signal.SIGALRM)
                task = loop.create_task(asyncio.sleep(0, "done"))
                run(loop, Order.FIFO, fixed([]), lambda: False)
            assert task.result() == "done"
            assert (loop.blocked, loop.unhandled) == (None, [])


def test_more_ticks_than_a_bound_has_within_one_run_interrupt_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subwarden.scheduling.watchdog.own_time", itertools.count(0, 1000).__next__)  # the bound passes between two looks
    watchdog, loop = Watchdog(), ControlledLoop()
    with watchdog.guarded(1000), loop.entered():
        watchdog.watch(loop)
        for _ in range(LOOKS):
            loop.call_soon(signal.raise_signal, signal.SIGALRM)
        run(loop, Order.FIFO, fixed([]), lambda: False)
        assert loop.blocked is None
        loop.call_soon(signal.raise_signal, signal.SIGALRM)
        with suppress(Blocked):
            run(loop, Order.FIFO, fixed([]), lambda: False)
    assert loop.blocked is not None


def test_nothing_is_interrupted_while_nothing_is_watched() -> None:
    watchdog, loop = Watchdog(), ControlledLoop()
    with watchdog.guarded(1000):
        watchdog.watch(loop)
        watchdog.watch(None)
        for _ in range(5):
            signal.raise_signal(signal.SIGALRM)
    assert loop.blocked is None


def test_another_alarm_continues_afterwards() -> None:
    """pytest-timeout guards this very test with the same signal."""
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    left, interval = signal.setitimer(signal.ITIMER_REAL, 1000, 500)
    try:
        with Watchdog().guarded(BOUND):
            assert signal.getitimer(signal.ITIMER_REAL)[1] == BOUND / LOOKS
        remaining, repeated = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < remaining <= 1000
        assert repeated == 500
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left, interval)
    assert not rang


class Rang(BaseException):
    """Raised by somebody else's alarm."""


@pytest.fixture
def alarm() -> Iterator[None]:
    """Somebody else's, which is due at once."""

    def ring(*_: object) -> None:
        raise Rang

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, BOUND)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    signal.setitimer(signal.ITIMER_REAL, left, interval)


@pytest.mark.usefixtures("alarm")
def test_the_alarm_of_somebody_else_rings_where_it_hangs_outside_of_runs() -> None:
    with pytest.raises(Rang), Watchdog().guarded(BOUND):
        time.sleep(60)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0), "it rings once"


@pytest.mark.usefixtures("alarm")
def test_the_alarm_of_somebody_else_waits_for_the_end_of_a_run() -> None:
    """Raised in a step, it would be the task's, and lost."""
    watchdog, loop = Watchdog(), ControlledLoop()
    with pytest.raises(Rang), watchdog.guarded(BOUND), loop.entered():
        watchdog.watch(loop)
        loop.call_soon(sleeps_for_real)
        with suppress(Blocked):
            run(loop, Order.FIFO, fixed([]), lambda: False)
        assert loop.blocked is not None
        watchdog.watch(None)


def test_no_alarm_is_left_where_there_was_none() -> None:
    before = signal.getsignal(signal.SIGALRM)
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        with Watchdog().guarded(BOUND):
            pass
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        assert signal.getsignal(signal.SIGALRM) is before
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)


def test_guarded_says_that_another_thread_has_no_guard() -> None:
    told: list[bool] = []

    def work() -> None:
        with Watchdog().guarded(BOUND) as guarded:
            told.append(guarded)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told == [False]


def test_naming_the_constants_of_a_state_is_not_the_subject_s_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes through every module, which took two seconds on a busy machine: the subject was told to block."""
    watched: list[ControlledLoop | None] = []

    def paths() -> dict[int, str]:
        watched.append(WATCHDOG._loop)
        return {}

    monkeypatch.setattr(portable, "_paths", paths)
    loop = ControlledLoop()
    WATCHDOG.watch(loop)
    try:
        with pytest.raises(Indigestible):
            portable.PortableNumbers().of_thing(object())
        assert (watched, WATCHDOG._loop) == ([None], loop)
    finally:
        WATCHDOG.watch(None)

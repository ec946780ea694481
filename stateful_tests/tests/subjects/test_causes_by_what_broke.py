"""A cause says what broke: two lines that raise the same type are two causes, and one line that names other clients is one."""

import asyncio
from pathlib import Path
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause, source
from subwarden.model.core.step import Connect, Publish, Subscribe
from subwarden.reports.formats.places import place_in, place_of
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.findings.recording import Recording
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import in_hand


class Small:
    """A manager that does all at once."""

    def __init__(self) -> None:
        self.pairs: set[tuple[str, str]] = set()
        self.lock = asyncio.Lock()
        self.tasks: list[asyncio.Task[None]] = []

    def connect(self, client: str) -> None:
        """Nothing to do."""

    async def subscribe(self, client: str, topic: str) -> bool:
        async with self.lock:
            self.pairs.add((client, topic))
        return True

    def publish(self, topic: str, message: str) -> None:
        """Nothing to do."""

    def observe(self) -> set[tuple[str, str]]:
        return self.pairs


class TwoLines(Small):
    def publish(self, topic: str, message: str) -> None:
        if topic == "t1":
            raise RuntimeError(f"{topic} is full")
        raise RuntimeError("no such topic")


class OneLine(Small):
    def publish(self, topic: str, message: str) -> None:
        raise RuntimeError(f"'{topic}' has {id(self)} of {message}, at {self!r}")


class FailsUnread(Small):
    async def worker(self) -> None:
        raise KeyError("a key")

    def publish(self, topic: str, message: str) -> None:
        self.tasks.append(asyncio.create_task(self.worker()))


class FailsAtTheEnd(FailsUnread):
    def publish(self, topic: str, message: str) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        await asyncio.gather(asyncio.create_task(self.worker()))


def narrated(manager: Any, *operations: Any) -> tuple[dict[Cause, int], Narration]:
    factory: Factory = in_hand("a test", manager)[1]
    program, narration = CoreProgram((operations,)), Narration()
    with running():
        runner = Runner(CORE_LEVEL, factory, Order.FIFO)
        _, names = runner.guided(program, [])
        result = runner.follow(program, names, [narration])
    return result.violations, narration


def cause_of(manager: Any, *operations: Any) -> tuple[Cause, Narration]:
    violations, narration = narrated(manager, *operations)
    (cause,) = violations
    return cause, narration


def test_two_lines_that_raise_the_same_type_are_two_causes() -> None:
    one, other = (cause_of(TwoLines, Connect("c1"), Publish(topic))[0] for topic in ("t1", "t2"))
    assert one != other
    assert one.slug() != other.slug()
    assert one.broad() == other.broad() == causes.raised("publish", RuntimeError())


def test_one_line_that_names_other_topics_is_one_cause() -> None:
    one, other = (cause_of(OneLine, Connect("c1"), Publish(topic))[0] for topic in ("t1", "t2"))
    assert one == other


def test_an_exception_is_told_at_the_line_that_raised_it() -> None:
    """Not where its task, or another, was suspended before."""
    for topic in ("t1", "t2"):
        cause, narration = cause_of(TwoLines, Connect("c1"), Publish(topic))
        rows = narration.rows(cause)
        (at,) = (row["raised_at"] for row in rows if "raised_at" in row)
        assert place_in(rows) == place_of(at)
        file, _, line = at.rpartition(":")
        told = Path(file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert ("is full" if topic == "t1" else "no such topic") in told


def test_a_text_is_told_apart_where_no_line_is_known() -> None:
    assert source(RuntimeError("is full")) != source(RuntimeError("is empty"))
    assert source(RuntimeError("c1 has 12 of 0x7f00aa")) == source(RuntimeError("c2 has 3 of 0x7f11bb"))


def test_an_exception_that_nobody_reads_is_told_with_its_task_and_line() -> None:
    cause, narration = cause_of(FailsUnread, Connect("c1"), Publish("t1"))
    assert cause.broad() == causes.UNRETRIEVED
    detail = narration.detail(cause)
    assert detail.startswith("task-2 (FailsUnread.worker): KeyError: 'a key', raised at ")
    assert "test_causes_by_what_broke.py:" in detail


def test_a_failure_in_close_has_its_own_row() -> None:
    cause, narration = cause_of(FailsAtTheEnd, Connect("c1"), Subscribe("c1", "t1"))
    assert cause.broad() == causes.raised("close", KeyError())
    last = narration.rows(cause)[-1]
    assert last["task"] == "close"
    assert last["did"] == ["calls close()", "raises KeyError"]
    assert last["broken"]


def test_a_lock_is_told_by_the_attribute_that_holds_it() -> None:
    _, narration = cause_of(FailsUnread, Connect("c1"), Subscribe("c1", "t1"), Publish("t1"))
    did = [line for row in narration._rows for line in row["did"]]
    assert "takes lock" in did
    assert "releases lock" in did


def test_the_row_of_close_has_a_moment_in_the_trace() -> None:
    factory: Factory = in_hand("a test", FailsAtTheEnd)[1]
    program, narration, recording = CoreProgram(((Connect("c1"), Subscribe("c1", "t1")),)), Narration(), Recording()
    with running():
        runner = Runner(CORE_LEVEL, factory, Order.FIFO)
        _, names = runner.guided(program, [])
        (cause,) = runner.follow(program, names, [narration, recording]).violations
    rows = narration.rows(cause)
    assert len(recording.trace(rows)["moments"]) == len(rows) + 1


def test_a_message_that_names_others_is_the_same() -> None:
    """As the harness names clients, topics and messages, and as Python writes objects."""
    (one,) = {source(RuntimeError(f"no room for {name}")) for name in ("mA", "mB", "mC2", "mA11", "c1", "t2", "'mA'", "7", "<X at 0x7f>")}
    assert source(RuntimeError("no room for more")) != one

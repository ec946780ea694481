"""Observers hear of every event of a run that they want, after the judge, and a run that nobody observes tells its judge directly."""

from typing import Any

import pytest

from subwarden.impl.manager.manager import Manager
from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import Operation
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.exploring.observers import Audience, Observer, audience_of, heard
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.play import ManagerPlay
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class Heard(Observer):
    """Writes down the events that it hears, with the number of steps that the judge has counted by then."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def begun(self, play: ManagerPlay) -> None:
        self._judge = play.judge
        self._note("begun")

    def chosen(self, name: str) -> None:
        self._note("chosen", name)

    def called(self, task: int, operation: Operation) -> None:
        self._note("called", task, operation.name)

    def returned(self, task: int, operation: Operation, answer: object, last: bool = True) -> None:
        self._note("returned", task, operation.name, answer, last)

    def cancelled(self, task: int, operation: Operation) -> None:
        self._note("cancelled", task, operation.name)

    def stepped(self) -> None:
        self._note("stepped")

    def finished(self) -> None:
        self._note("finished")

    def _note(self, *event: Any) -> None:
        self.events.append((self._judge.steps, *event))


PROGRAM = ManagerProgram(((op.ConnectionInitialized(1), op.HasSubscribers(1)),))
NAMES = ["+start A", "A"]


def test_events_come_in_order_after_the_judge_has_heard_them() -> None:
    heard = Heard()
    with running():
        Runner(MANAGER_LEVEL, Manager, Order.FIFO).follow(PROGRAM, NAMES, [heard])
    assert heard.events == [
        (0, "begun"),
        (0, "chosen", "+start A"),
        (0, "chosen", "A"),
        (0, "called", 0, "connection_initialized"),
        (0, "returned", 0, "connection_initialized", None, False),
        (0, "called", 0, "has_subscribers"),
        (0, "returned", 0, "has_subscribers", False, True),
        (1, "stepped"),
        (1, "finished"),
    ]


def test_a_cancelled_call_is_told_as_such() -> None:
    heard = Heard()
    with running():
        program = ManagerProgram(PROGRAM.tasks, (0,))
        Runner(MANAGER_LEVEL, Manager, Order.ANY).follow(program, ["+start A", "A", "+cancel A", "A"], [heard])
    assert (1, "cancelled", 0, "connection_initialized") in heard.events
    assert not any(event[1] == "returned" for event in heard.events)


def test_several_observers_hear_the_same_and_change_nothing_of_the_run() -> None:
    runner = Runner(MANAGER_LEVEL, Manager, Order.FIFO)
    one, other = Heard(), Heard()
    with running():
        observed = runner.follow(PROGRAM, NAMES, [one, other])
        alone = runner.follow(PROGRAM, NAMES)
    assert one.events == other.events
    assert observed == alone


def test_a_run_that_nobody_observes_tells_its_judge_directly() -> None:
    told: list[ManagerPlay] = []

    class Level(type(MANAGER_LEVEL)):  # type: ignore[misc]  # a class by its one object
        def play(self, *arguments: Any) -> ManagerPlay:
            told.append(super().play(*arguments))
            return told[0]

    with running():
        Runner(Level(), Manager, Order.FIFO).run(PROGRAM, lambda _candidates: fixed([]))
    assert told[0].audience is told[0].judge


def test_an_observer_hears_only_the_events_that_it_overrides() -> None:
    class Steps(Observer):
        def __init__(self) -> None:
            self.count = 0

        def stepped(self) -> None:
            self.count += 1

    one, other = Steps(), Steps()
    assert heard([one, Observer()], "stepped") == one.stepped
    assert heard([one], "called") is None
    assert heard([one], "took") is None  # of one level, and unknown to `Observer`
    heard([one, other], "stepped")()  # type: ignore[misc]  # there are two
    assert (one.count, other.count) == (1, 1)


def test_an_audience_looks_an_event_up_once_and_skips_events_that_nobody_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    found = Audience.__getattr__

    def asking(self: Audience, event: str) -> Any:
        asked.append(event)
        return found(self, event)

    monkeypatch.setattr(Audience, "__getattr__", asking)
    all_of = audience_of(Observer(), [Observer()])
    all_of.stepped()
    all_of.stepped()
    assert asked == ["stepped"]

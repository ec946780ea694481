"""Observers hear of the events of a run: narrators, claimants, traces and coverage are observers. The judge hears every event first.

As with Trio's `Instrument`, an observer overrides the events that it needs. They are looked up once for a run, and a run without
observers tells its judge directly, so it costs nothing. An observer only listens: it wraps no method, reads no private field and changes
nothing. It may read the judge, which keeps the evidence of every cause that it records.

A play tells `called`, `returned`, `cancelled`, `raised` and `delivered`. The driver of the run (`exploring.runner`) tells `begun`,
`chosen`, `stepped` and `finished`. A level that closes its subject tells `closing` and `closed`. A level may have more events, such as
`took` of level manager; an observer hears each for which it has a method.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any


class Observer:
    """Hears of one run. `task` is the place of a task in the program, `operation` the operation of the program that it calls."""

    def begun(self, play: Any) -> None:
        """`play`, an `exploring.level.Play`, is ready; nothing has happened yet."""

    def chosen(self, name: str) -> None:
        """The step or outside event `name` comes next. Told only in runs that follow a schedule of names."""

    def called(self, task: int, operation: Any) -> None:
        """`task` calls `operation`."""

    def returned(self, task: int, operation: Any, answer: Any, last: bool = True) -> None:
        """The call returned `answer`, in the model's terms. `last`: the task runs no more of the subject's code, where the level knows."""

    def cancelled(self, task: int, operation: Any) -> None:
        """The call ended by a cancellation."""

    def raised(self, task: int, operation: Any, error: BaseException) -> None:
        """The call ended by raising `error`."""

    def delivered(self, client: Any, message: Any) -> None:
        """`message` is on its way to `client`, and can no longer be held back."""

    def stepped(self) -> None:
        """A step has run."""

    def closing(self) -> None:
        """The run has come to rest, and the subject is asked to close."""

    def closed(self, said: str) -> None:
        """It has been asked, and has had its time; `said`: how that ended, in words."""

    def finished(self) -> None:
        """The run has ended and has been judged; its objects are still there."""


def heard(observers: Iterable[object], event: str) -> Callable[..., object] | None:
    """A function that tells `event` to all `observers` that override it, in order. One bound method for one observer; None for none."""
    ignored = getattr(Observer, event, None)
    methods = [method for each in observers if (method := getattr(each, event, None)) is not None and _own(method, ignored)]
    if len(methods) < 2:
        return methods[0] if methods else None

    def tell(*arguments: Any) -> None:
        for method in methods:
            method(*arguments)

    return tell


def _own(method: Any, ignored: Any) -> bool:
    return ignored is None or getattr(method, "__func__", method) is not ignored


def _unheard(*_arguments: Any) -> None:
    """Told of an event that no observer overrides."""


class Audience:
    """A judge and its observers as one object. Each event is an attribute, made on its first use."""

    def __init__(self, members: Sequence[object]) -> None:
        self._members = members

    def __getattr__(self, event: str) -> Callable[..., object]:
        told = heard(self._members, event) or _unheard
        setattr(self, event, told)
        return told


def audience_of(judge: Any, observers: Sequence[Observer]) -> Any:
    """The object that a play tells its events: `judge` itself if there are no observers, else all of them, the judge first."""
    return Audience((judge, *observers)) if observers else judge

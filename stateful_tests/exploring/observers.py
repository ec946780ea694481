"""Whoever wants to know what happens in a run is an observer of it: narrators, claims, traces, coverage. The judge is always the first.

As Trio's `Instrument`: an observer overrides the events that it wants. They are looked up once a run, and a run that nobody observes
tells its judge directly, so that it pays nothing. An observer only listens: it wraps no method, reads no private field, and must not
change what happens. It may read the judge, which has heard of every event before it, and keeps the evidence of each cause that it records.

`Play` tells `called`, `returned`, `cancelled`, `raised`, `delivered` and, through whoever drives the run, `stepped`. The driver
(`exploring.runner`) tells `begun`, `chosen` and `finished`. A level may have further events, which are told to all that have a method of
that name, such as `took` of level manager.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Event = Callable[..., object]


class Observer:
    """Hears of one run. `task` is the place of a task in the program, and `operation` what it calls, as the program has it."""

    def begun(self, play: Any) -> None:
        """`play`, an `exploring.level.Play`, is ready; nothing has happened yet."""

    def chosen(self, name: str) -> None:
        """The schedule goes on with `name`, a step or an outside event, which has not happened yet. Told of runs that follow names."""

    def called(self, task: int, operation: Any) -> None:
        """`task` calls `operation`."""

    def returned(self, task: int, operation: Any, answer: Any, last: bool = True) -> None:
        """The call returned `answer`, as the model puts it. `last`: the task runs no more of the subject's code (where a level knows)."""

    def cancelled(self, task: int, operation: Any) -> None:
        """The call ended by a cancellation."""

    def raised(self, task: int, operation: Any, error: BaseException) -> None:
        """The call ended by raising `error`."""

    def delivered(self, client: Any, message: Any) -> None:
        """`message` is on its way to `client`, and can no longer be held back."""

    def stepped(self) -> None:
        """A step has run."""

    def finished(self) -> None:
        """The run has ended and is judged, and nothing of it has been let go of."""


def heard(observers: Iterable[object], event: str) -> Event | None:
    """The one callable that tells `event` to all `observers` that want it, in order; None: nobody does."""
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
    """Of an event that nobody wants."""


class Audience:
    """A judge and its observers, as one: each event is an attribute, made when it is first asked for."""

    def __init__(self, members: Sequence[object]) -> None:
        self._members = members

    def __getattr__(self, event: str) -> Event:
        told = heard(self._members, event) or _unheard
        setattr(self, event, told)
        return told


def audience(judge: Any, observers: Sequence[Observer]) -> Any:
    """Whom a play tells its events: `judge` itself where nobody else listens, else all of them, the judge first."""
    return Audience((judge, *observers)) if observers else judge

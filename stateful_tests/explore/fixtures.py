"""Async fixtures of a test: each run makes them on its own loop, then the test, and takes them down in reverse.

A fixture that another loop has made would wait for that loop for ever: its locks, queues and tasks belong there. Here, what it awaits and
what its teardown does is a part of the run, in the task of the scenario, and judged like the rest. A cancellation that the scheduler
chooses strikes the test alone. It knows no pytest: the plugin says what to make (`stateful_tests/fixture/in_runs.py`).
"""

import inspect
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from subwarden.scheduling.watchdog import Blocked
from subwarden.stateful_tests.subjects.scenario.scenario import Body, Scenario

_ENDS_ALL = (GeneratorExit, KeyboardInterrupt, SystemExit, Blocked)  # nothing is awaited after these


class Later:
    """Stands for the value of a fixture where pytest hands over the arguments of a test."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<fixture {self.name}, made in each run>"


class Request:
    """What such a fixture gets as `request`: pytest's own, with its parameter; finalizers run at the end of the run."""

    def __init__(self, real: Any, name: str, scope: str, param: Sequence[Any]) -> None:
        self._real = real
        self.fixturename = name
        self.scope = scope
        if param:
            (self.param,) = param
        self.values: Mapping[str, Any] = {}
        self.finalizers: list[Callable[[], object]] = []

    def __getattr__(self, name: str) -> Any:
        if name == "param":
            raise AttributeError(f"fixture {self.fixturename!r} has no parameter")
        return getattr(self._real, name)

    def begin(self, values: Mapping[str, Any]) -> None:
        """A run begins, whose fixtures will be in `values`."""
        self.values, self.finalizers = values, []

    def addfinalizer(self, finalizer: Callable[[], object]) -> None:
        """Call it when the fixture is taken down."""
        self.finalizers.append(finalizer)

    def getfixturevalue(self, name: str) -> Any:
        """The value of another fixture."""
        return self.values[name] if name in self.values else self._real.getfixturevalue(name)

    def digest_parts(self) -> object:
        """In the state of a run: what it was given."""
        return self.fixturename, getattr(self, "param", None)


@dataclass(frozen=True, slots=True)
class Fixture:
    """`make` makes it, with the values of the fixtures that `asks` names. `key`: its name, unless another of that name overrides it."""

    key: str
    make: "partial[Any]"
    asks: Mapping[str, str]
    request: Request | None = None

    @property
    def param(self) -> Any:
        """The parameter that it is made with, if any."""
        return getattr(self.request, "param", None)


@dataclass(frozen=True, slots=True)
class Fixtures:
    """All that the runs of one test make, each after those that it asks for."""

    each: tuple[Fixture, ...]
    skip: str = ""  # why the test is to be skipped

    def around(self, scenario: Scenario, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Scenario:
        """`scenario`, which calls `function` with these arguments, with its fixtures."""
        if not self.each:
            return scenario
        start = _Start(partial(function, *arguments, **keywords), self)
        return replace(scenario, start=start, body=start.body, arguments=True)


class _Start:
    """Starts one run: its fixtures, the test, their ends."""

    def __init__(self, test: "partial[Any]", fixtures: Fixtures) -> None:
        self._test = test
        self._fixtures = fixtures
        # what runs may change, and is put back before each:
        self._made_of = tuple(fixture.make for fixture in fixtures.each), tuple(fixture.param for fixture in fixtures.each)
        self.body = Body()

    def digest_parts(self) -> object:
        """In the state of a run: what it begins with."""
        return self._test, *self._made_of

    async def __call__(self) -> None:
        values: dict[str, Any] = {}
        opened: list[_Opened] = []
        raised: BaseException | None = None
        try:
            for fixture in self._fixtures.each:
                if fixture.request is not None:
                    fixture.request.begin(values)
                opened.append(_Opened(fixture))
                values[fixture.key] = await opened[-1].value(fixture.make(**{name: values[key] for name, key in fixture.asks.items()}))
            arguments = [_now(each, values) for each in self._test.args]
            await self.body.run(self._test.func(*arguments, **{name: _now(each, values) for name, each in self._test.keywords.items()}))
        except _ENDS_ALL:
            while opened:
                opened.pop().drop()
            raise
        except BaseException as error:  # also a skip of pytest's
            raised = error
        while opened:
            try:
                await opened.pop().end()
            except (Exception, CancelledError) as error:
                raised = raised or error
        if raised is not None:
            raise raised


def _now(given: Any, values: Mapping[str, Any]) -> Any:
    return values[given.name] if isinstance(given, Later) else given


@dataclass(slots=True)
class _Opened:
    """A fixture that a run has begun to make. `rest`: the generator that will take it down."""

    fixture: Fixture
    rest: Any = field(default=None)

    async def value(self, made: Any) -> Any:
        if inspect.iscoroutine(made):
            return await made
        self.rest = made if inspect.isasyncgen(made) or inspect.isgenerator(made) else None
        if self.rest is None:
            return made
        try:
            return await anext(self.rest) if inspect.isasyncgen(made) else next(self.rest)
        except (StopIteration, StopAsyncIteration):
            self.rest = None
            raise ValueError(f"fixture {self.fixture.key} did not yield a value") from None

    async def end(self) -> None:
        finalizers = self.fixture.request.finalizers if self.fixture.request is not None else []
        try:
            if self.rest is not None:
                await anext(self.rest) if inspect.isasyncgen(self.rest) else next(self.rest)
                raise ValueError(f"fixture {self.fixture.key} yields more than once")
        except (StopIteration, StopAsyncIteration):
            pass
        finally:
            while finalizers:
                finalizers.pop()()

    def drop(self) -> None:
        """The run ends before its end: take down what needs no loop, such as what is patched."""
        with suppress(BaseException):
            if inspect.isasyncgen(self.rest):
                self.rest.aclose().send(None)
            elif self.rest is not None:
                next(self.rest)
        for finalizer in reversed(self.fixture.request.finalizers if self.fixture.request is not None else ()):
            with suppress(BaseException):
                finalizer()


class _Current:
    """The fixtures of the test that pytest runs."""

    fixtures: Fixtures | None = None


def current() -> Fixtures | None:
    """Those of the test that runs now, if the plugin has said."""
    return _Current.fixtures


@contextmanager
def of_test(fixtures: Fixtures) -> Iterator[None]:
    """Around a test."""
    before, _Current.fixtures = _Current.fixtures, fixtures
    try:
        yield
    finally:
        _Current.fixtures = before

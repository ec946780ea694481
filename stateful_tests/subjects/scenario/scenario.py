"""A scenario by itself: a coroutine function and the arguments that it is given. Bad ones are refused in one line."""

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from subwarden.checking.place import from_here
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.subjects.loading import module_of
from subwarden.stateful_tests.subjects.watched_load import watching_load

Start = Callable[[], Coroutine[Any, Any, Any]]


class BadScenario(Exception):
    """A scenario that cannot be explored; the message says why and how to mend it."""

    __module__ = "subwarden"  # by which users know it


class Body:
    """The scenario itself, where its run does something before and after it. `frame`: of its last run, which keeps its variables."""

    frame: FrameType | None = None
    begins: Callable[[], object] | None = None
    ends: Callable[[], object] | None = None

    async def run(self, scenario: Coroutine[Any, Any, Any]) -> None:
        """Await the scenario."""
        self.frame = getattr(scenario, "cr_frame", None)
        if self.begins is not None:
            self.begins()
        try:
            await scenario
        finally:
            if self.ends is not None:
                self.ends()


@dataclass(frozen=True, slots=True)
class Scenario:
    """`start()` makes its coroutine, anew for every run. `name`: `chat.py:scenario`. `arguments`: a test gives it some, which the name does
    not. `body`: of a scenario that is a part of what `start` makes.
    """

    name: str
    function: str
    start: Start
    arguments: bool = False
    body: Body | None = None

    @property
    def file(self) -> str:
        """The file, as in the name."""
        return self.name.rpartition(":")[0]


def scenario_of(function: Any, arguments: tuple[Any, ...] = (), keywords: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario that `function` is. Raises BadScenario."""
    original = inspect.unwrap(function)
    if getattr(function, "subwarden_scenario", None) is not None:  # of `@subwarden.test`
        function = original = function.subwarden_scenario
    while isinstance(original, functools.partial):
        original = original.func
    name = _name_of(original)
    if inspect.iscoroutine(function):
        function.close()
        raise BadScenario(f"{name} is a coroutine, which runs once; give the function, without calling it")
    if inspect.isasyncgenfunction(original):
        raise BadScenario(f"{name} is an async generator; a scenario is an `async def` without yield")
    if not callable(function):
        raise BadScenario(f"{name} is not a function; give an `async def`")
    if not _is_async(original):
        raise BadScenario(f"{name} is not async; a scenario is an `async def`")
    keywords = keywords or {}
    try:
        inspect.signature(function).bind(*arguments, **keywords)
    except TypeError as error:
        raise BadScenario(f"{name}: {error}; a scenario takes no arguments: make its objects in it") from None
    except ValueError:  # a builtin without a signature: calling it will tell
        pass
    start = functools.partial(function, *arguments, **keywords) if arguments or keywords else function
    return Scenario(name, getattr(original, "__name__", "scenario"), start, bool(arguments or keywords))


def load_scenario(name: str) -> Scenario:
    """The scenario `FILE.py:NAME` or `package.module:NAME`. Raises BadScenario, and BadSubject where it cannot be imported."""
    where, colon, attribute = name.rpartition(":")
    if not colon or not where or not attribute:
        raise BadScenario(f"{name!r} names no scenario; write path/to/file.py:NAME or package.module:NAME")
    with watching_load(name, ControlledLoop()):
        found: Any = module_of(where, name)
    for part in attribute.split("."):
        if not hasattr(found, part):
            known = [key for key, value in vars(found).items() if hasattr(value, "subwarden_scenario") or _is_async(value)]
            has = f"; it has {', '.join(known[:8])}" if known else "; a scenario is an `async def`"
            raise BadScenario(f"{where} has no {attribute!r}{has}")
        found = getattr(found, part)
    made = scenario_of(found)
    return replace(made, name=name)


def _is_async(function: Any) -> bool:
    """Whether it makes a coroutine, or may: a lambda such as `lambda: scenario(3)`, whose first call will tell."""
    called = getattr(type(function), "__call__", None)  # noqa: B004  # of an object that is called like a function
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called) or getattr(function, "__name__", "") == "<lambda>"


def _name_of(function: Any) -> str:
    """FILE:NAME, relative to the current folder where it lies below."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", None) or repr(function)
    if code is None:
        return str(name)
    return f"{from_here(code.co_filename)}:{name}"


def check_coroutine(scenario: Scenario, made: object) -> None:
    """Refuse what a scenario's function has returned, if it is no coroutine."""
    if not asyncio.iscoroutine(made):
        raise BadScenario(f"{scenario.name} returned {type(made).__name__}, not a coroutine; a scenario is an `async def`")

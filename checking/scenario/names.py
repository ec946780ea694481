"""Names of a scenario's tasks and locks: the words by which its author knows them."""

import asyncio
import os
import re
from typing import Any

from subwarden.checking.scenario.places import frames
from subwarden.scheduling.handles import name_of
from subwarden.scheduling.isolation.installed import own
from subwarden.scheduling.isolation.places.whose import names_of
from subwarden.scheduling.loop import ControlledLoop

_ANYIO = f"{os.sep}anyio{os.sep}"
_NUMBERED = re.compile(r"task-\d+")  # as the loop names a task that has no name


def plain_name(task: "asyncio.Task[Any]") -> str:
    """The name that the author gave to `task`, else that of its function. anyio names tasks by module and function."""
    name, coroutine = name_of(task), task.get_coro()
    if _NUMBERED.fullmatch(name):
        return getattr(coroutine, "__name__", None) or name
    in_full = getattr(coroutine, "__qualname__", None)
    by_anyio = _ANYIO in getattr(getattr(coroutine, "cr_code", None), "co_filename", "")  # its own coroutine, around that of the function
    return name.rpartition(".")[2] if by_anyio or (in_full and name.endswith(f".{in_full}")) else name


class Names:
    """The names of one run. Tasks of one function are numbered in the order of their birth: `worker`, `worker 2`."""

    def __init__(self, loop: ControlledLoop) -> None:
        self._loop = loop
        self._tasks: dict[int, str] = {}  # by the task's place among the loop's
        self._taken: set[str] = set()
        self._locks: dict[int, str] = {}
        self._nameless = 0  # things that no variable of the user's leads to

    def learn(self) -> None:
        """Name the tasks that have been born since: a finished one no longer shows all."""
        tasks = self._loop.tasks
        for place in range(len(self._tasks), len(tasks)):
            plain = name = plain_name(tasks[place])
            number = 2
            while name in self._taken:
                name, number = f"{plain} {number}", number + 1
            self._taken.add(name)
            self._tasks[id(tasks[place])] = name

    def task(self, task: Any) -> str:
        """The name of `task`."""
        self.learn()
        return self._tasks.get(id(task)) or plain_name(task)

    def by_schedule(self) -> dict[str, str]:
        """From the names of tasks in schedules to these."""
        self.learn()
        return {name_of(task): self._tasks[id(task)] for task in self._loop.tasks}

    def thing(self, thing: Any) -> str:
        """A name of a lock, queue or event, by which some suspended frame knows it."""
        name = self._locks.get(id(thing))
        if name is None:
            found = self._found(thing)
            self._nameless += found is None
            name = self._know(thing, found or f"#{self._nameless}")
        return name

    def _know(self, thing: Any, name: str) -> str:
        """Name `thing`; a name that another thing has gets a number."""
        number, unique = 2, name
        while unique in self._locks.values():
            number, unique = number + 1, f"{name} ({number})"
        self._locks[id(thing)] = unique
        return unique

    def learn_thing(self, thing: Any, frame: Any) -> None:
        """`frame` is using `thing`: name it, by the scenario's own variables if they lead to it, else by those of the user."""
        if id(thing) in self._locks:
            return
        name = self._found(thing)
        while name is None and frame is not None:
            name = _in_frame(thing, frame) if own(frame.f_code.co_filename) else None
            frame = frame.f_back
        if name is not None:
            self._know(thing, name)

    def _found(self, thing: Any) -> str | None:
        for task in self._loop.tasks:
            for frame in frames(task.get_coro()):
                name = _in_frame(thing, frame) if own(frame.f_code.co_filename) else None
                if name is not None:
                    return name
        return None


def _in_frame(thing: Any, frame: Any) -> str | None:
    """How code in `frame` may call `thing`: a variable, an attribute of one, or an item of either."""
    values = {**frame.f_locals}
    values.update({key: value for key, value in frame.f_globals.items() if key in frame.f_code.co_names and key not in values})
    for name, value in values.items():
        if value is thing:
            return str(name)
    for name, value in values.items():
        owner = type(value).__name__ if name == "self" else name
        for attribute, part in _parts(value):
            if part is thing:
                return f"{owner}{attribute}"
    for name, value in values.items():
        owner = type(value).__name__ if name == "self" else name
        for attribute, part in _parts(value):
            for item, inner in _parts(part):
                if inner is thing:
                    return f"{owner}{attribute}{item}"
    return None


def _parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"[{key!r}]", part) for key, part in value.items() if isinstance(key, str | int)]
    if isinstance(value, list | tuple):
        return [(f"[{at}]", part) for at, part in enumerate(value)]
    own_attributes = names_of(value)  # without code of the user's: a `__getattr__` may raise anything
    return [(f".{name}", part) for name, part in own_attributes.items()] if type(own_attributes) is dict else []

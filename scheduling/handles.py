"""The things that a controlled loop runs: ready callbacks, timers and tasks; the task and the name of each callback.

They do not know when they run: the scheduler decides that, by picking from the loop's lists.

Long because each kind of callback has a task, or a name, by parts of the others.
"""

import asyncio
import contextvars
import gc
import re
import sys
from collections.abc import Callable
from types import AsyncGeneratorType, BuiltinMethodType, FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subwarden.scheduling.loop import ControlledLoop

Context = contextvars.Context
copy_context = contextvars.copy_context
Task = asyncio.Task
ASKS = ("async_generator_asend", "async_generator_athrow", "anext_awaitable")  # of which CPython says nothing
WAKEUP = "task_wakeup"  # CPython's name of a task's step after a wait


class Handle(asyncio.Handle):
    """A ready callback. Cancelling removes it from the queue, so that the scheduler is never offered a step that does nothing."""

    __slots__ = ("chain", "named", "place")
    _callback: Callable[..., object]
    _args: tuple[object, ...]
    _context: Context
    _loop: "ControlledLoop"
    # kept by `scheduling.loop_candidates`, once they are asked for: until it runs, a ready task stands still
    chain: Any
    named: str | None
    place: Any
    _repr = None  # the base has slots for these two, for its debug mode
    _source_traceback = None
    __init__: Any = object.__init__  # it is filled by `made`, or in `call_soon`, which is called for every step

    @classmethod
    def made(cls, callback: Callable[..., object], args: tuple[object, ...], loop: "ControlledLoop", context: Context | None) -> "Handle":
        """A handle of these. `ControlledLoop.call_soon` inlines it."""
        handle: Handle = cls()
        handle._callback = callback
        handle._args = args
        handle._loop = loop
        handle._context = copy_context() if context is None else context
        handle._cancelled = False
        handle.chain = handle.named = handle.place = None
        return handle

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            loop = self._loop
            if self in loop.ready:
                if loop.batch_end is self:
                    at = loop.ready.index(self)
                    if at:
                        loop.batch_end = loop.ready[at - 1]
                    else:
                        loop.end_batch()
                loop.ready.remove(self)
                if type(self._callback) is InTurn:
                    loop.next_turn()
                elif type(self._callback) is BeforeOthers:
                    self._callback.let_go()


class Standin:
    """The callback of a handle in the place of another, by whose name it goes: `callback`."""

    __slots__ = ("args", "callback", "loop")
    loop: "ControlledLoop"
    callback: Any
    args: tuple[Any, ...]

    def __init__(self, handle: Handle) -> None:
        self.loop, self.callback, self.args = handle._loop, handle._callback, handle._args


class InTurn(Standin):
    """The callback of a handle that waits for those before it: code gave them to `call_soon`, and no loop runs such callbacks in another
    order, also where ready tasks have none (`ControlledLoop.in_turns`). `before`: what was ready when it was registered.
    """

    __slots__ = ("before",)

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle)
        self.before = tuple(self.loop.ready)

    def __call__(self) -> None:
        self.loop.next_turn()
        self.callback(*self.args)


class BeforeOthers(Standin):
    """The callback of a handle before which others of the same future must not run: `then`, in the order in which they were added to it.
    Every loop runs them so, also where ready tasks have no order; only tasks that await the future are free among themselves.
    """

    __slots__ = ("before", "then")

    def __init__(self, handle: Handle, then: list[Handle], before: tuple[Handle, ...]) -> None:
        super().__init__(handle)
        self.then, self.before = then, before
        handle._callback, handle._args = self, ()

    def __call__(self) -> None:
        self.let_go()
        self.callback(*self.args)

    def let_go(self) -> None:
        """Those behind it are ready, up to the next that has others behind it."""
        then, before = self.then, self.before
        self.then, self.before = [], ()
        for at, handle in enumerate(then):
            if handle._cancelled:
                continue
            self.loop.put_after(handle, before)
            if owner(handle) is None and at + 1 < len(then):
                BeforeOthers(handle, then[at + 1 :], before)
                return
            before = (*before, handle)

    @classmethod
    def follows(cls, ready: list[Handle], handle: Handle) -> bool:
        """Whether `handle` is a callback of the future whose callback is the last of the `ready`; then it waits for that."""
        if len(handle._args) != 1 or not isinstance(handle._args[0], asyncio.Future):
            return False
        future, last = handle._args[0], ready[-1]
        first = last._callback
        if type(first) is cls:
            if first.args[0] is not future:
                return False
            first.then.append(handle)
            return True
        if len(last._args) != 1 or last._args[0] is not future or owner(last) is not None:
            return False
        cls(last, [handle], tuple(ready[:-1]))
        return True


NOTHING: Any = Handle.made(lambda: None, (), None, contextvars.Context())  # it is never run


class Timer(asyncio.TimerHandle):
    """A callback due at a moment of the virtual clock; timers of equal moments keep the order of their creation."""

    __slots__ = ("due", "order")
    _callback: Callable[..., object]
    _args: tuple[object, ...]
    _context: Context
    _when: float
    due: Handle | None
    order: int

    def cancel(self) -> None:
        super().cancel()
        if self.due is not None:  # it is among the ready already: as on the stock loop, it does not run all the same
            self.due.cancel()

    def __lt__(self, other: object) -> bool:
        assert isinstance(other, Timer)
        return (self._when, self.order) < (other._when, other.order)

    __hash__ = asyncio.TimerHandle.__hash__


class NumberedTask(Task[Any]):
    """CPython's Task, hashed by its number in the loop instead of its address.

    A task group cancels its children in the order of a set, and `asyncio.wait` and `all_tasks` return sets: by address, the same choices
    would make another run each time.
    """

    __slots__ = ("coroutine", "number")
    coroutine: Any  # of one that may start eagerly
    number: int

    def __hash__(self) -> int:
        return self.number

    if sys.version_info >= (3, 12):

        def get_coro(self) -> Any:
            """Also that of a task that has ended in its first, eager step: CPython drops it, and crashes in some versions."""
            return self._coro or getattr(self, "coroutine", None)  # type: ignore[attr-defined]  # in C and Python


NumberedTask.__name__ = NumberedTask.__qualname__ = "Task"  # its name in CPython's own messages


def _first_step() -> type:
    """The type of the callback that a task gives to `call_soon` for its first step, and for those after a bare yield: CPython hides it."""
    asked: list[Any] = []

    class Loop(asyncio.AbstractEventLoop):
        def call_soon(self, callback: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]  # as a task calls it
            asked.append(callback)

        def get_debug(self) -> bool:
            return False

    async def nothing() -> None:
        """It is never started."""

    coroutine = nothing()
    task = Task(coroutine, loop=Loop())  # type: ignore[abstract]  # nothing else is asked of it
    asyncio.tasks._unregister_task(task)
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # CPython's own switch
    coroutine.close()
    return type(asked[0])


FIRST_STEP: Any = _first_step()


def owner(handle: Handle) -> "asyncio.Task[Any] | None":
    """The task whose step `handle` is, or None for a bare callback (a future's, a timer's)."""
    callback: Any = handle._callback
    kind = type(callback)
    if kind is not FIRST_STEP and (kind is not BuiltinMethodType or callback.__name__ != WAKEUP):  # `call_soon(task.cancel)` is no step
        return None
    task = callback.__self__
    return task if isinstance(task, Task) else None


class TaskNames:
    """Names of one run's tasks for schedules and reports, where tasks are named by code that is not ours.

    A package may name a task by a counter of the process, an address or a uuid: another name in every run. So what may be one is left out,
    unless it is of the program's `words`, and tasks that have one name then are numbered in the order of their birth: `pool-#-worker-#`,
    `pool-#-worker-# (2)`. A name without such parts stays as it is.
    """

    __slots__ = ("_names", "_taken", "_tasks", "_words")

    def __init__(self, tasks: "list[asyncio.Task[Any]]", words: frozenset[str]) -> None:
        self._tasks = tasks  # those of the loop, which grow; the loop itself has these names, and would be in a circle with them
        self._words = words
        self._names: dict[int, str] = {}  # by identity: the loop keeps its tasks
        self._taken: dict[str, int] = {}

    def of(self, task: "asyncio.Task[Any]") -> str:
        """The name of `task`."""
        name = self._names.get(id(task))
        return self._learned(task) if name is None else name

    def _learned(self, task: "asyncio.Task[Any]") -> str:
        for each in self._tasks[len(self._names) :]:
            name = each.get_name()
            plain = self._plain(name) if name.translate(WITHOUT_DIGITS) != name else name
            if plain != name:
                number = self._taken[plain] = self._taken.get(plain, 0) + 1
                plain += f" ({number})" if number > 1 else ""
            self._names[id(each)] = plain
        return self._names.get(id(task)) or self._plain(task.get_name())

    def _plain(self, name: str) -> str:
        if UNNAMED.fullmatch(name):
            return name
        return WORD.sub(lambda found: found[0] if found[0] in self._words else _without_counters(found[0]), CHANCE.sub("#", name))


UNNAMED = re.compile(r"task-\d+")  # as the loop names a task whose maker did not
CHANCE = re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b0x[0-9a-fA-F]+\b")  # a uuid, an address
WORD = re.compile(r"[^\W_]+")
WITHOUT_DIGITS = str.maketrans("", "", "0123456789")


def _without_counters(word: str) -> str:
    """`worker12` is `worker#`; of a word with digits among its letters, such as `3f2a`, nothing stays."""
    letters = word.rstrip("0123456789")
    return f"{letters}#" if letters != word and letters.isalpha() else word if word.isalpha() else "#"


def name_of(task: "asyncio.Task[Any]") -> str:
    """The name of `task` in schedules and reports."""
    names = getattr(task.get_loop(), "names", None)
    return task.get_name() if names is None else names.of(task)


def label(handle: Handle) -> str:
    """The name of `handle` in schedules: its task's, or the callback's own."""
    task = owner(handle)
    if task is not None:
        names = handle._loop.names
        return task.get_name() if names is None else names.of(task)
    callback: Any = handle._callback
    while isinstance(callback, Standin):
        callback = callback.callback
    return getattr(callback, "__qualname__", None) or type(callback).__qualname__


def frame_of(coroutine: Any) -> FrameType | None:
    """The frame of a coroutine, a generator or an async generator; None of one that has ended, and of any other awaitable."""
    return getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None) or getattr(coroutine, "ag_frame", None)


def awaited_by(coroutine: Any) -> Any:
    """The object that a coroutine, a generator or an async generator awaits; None if it awaits nothing. One that asks an async generator
    for its next value awaits the generator.
    """
    awaited = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None) or getattr(coroutine, "ag_await", None)
    while type(awaited).__name__ in ASKS:
        parts = gc.get_referents(awaited)
        awaited = next((each for each in parts if type(each) is AsyncGeneratorType or type(each).__name__ in ASKS), None)
    return awaited


def suspended_at(task: "asyncio.Task[Any]") -> tuple[object, ...]:
    """Where `task` is suspended: the function and the instruction of each coroutine that awaits the next."""
    place: list[object] = []
    awaiting: Any = task.get_coro()
    while (frame := getattr(awaiting, "cr_frame", None)) is not None:
        place += (awaiting.cr_code.co_qualname, frame.f_lasti)
        awaiting = awaiting.cr_await
    return tuple(place)

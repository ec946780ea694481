"""Suspended code, by structure: coroutines, tasks, futures, handles and timers of a controlled loop.

A suspended coroutine is its code, the place where it is suspended, and everything that its frame holds: its variables, and the contents
of the interpreter's stack, such as the left side of `x + await y`, the iterator of a `for`, and the coroutine awaited. The garbage
collector's own `get_referents` shows all of that; `cr_frame.f_locals` would show the variables alone.
"""

import asyncio
import contextvars
import gc
from collections.abc import Iterable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from subwarden.scheduling.handles import ASKS, BeforeOthers, Handle, InTurn, NumberedTask, Timer, name_of
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.state_search.objects import Objects
from subwarden.scheduling.state_search.structure import Indigestible, Look

_BY_REFERENCE = ("TaskStepMethWrapper", "FutureIter", "coroutine_wrapper")  # C code that holds nothing but references
_LOCK = {"_waiters", "_locked", "_loop"}


class WatchedTask(NumberedTask):
    """Tells its loop when code puts it into a set or asks for all tasks: from then on the age of tasks matters."""

    __slots__ = ("_registered",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._registered = False
        super().__init__(*args, **kwargs)
        self._registered = True

    def __hash__(self) -> int:
        if self._registered:
            self.get_loop().births_matter = True  # type: ignore[attr-defined]  # only a controlled loop makes these
        return self.number


WatchedTask.__name__ = WatchedTask.__qualname__ = "Task"


class Suspended(Objects):
    """A structure that also knows asyncio. `births`: tasks are told apart by age."""

    def __init__(self, shared: Iterable[object] = ()) -> None:
        super().__init__(shared)
        self.births = False
        self._ambient: dict[Any, object] = {}  # context variables outside the run: a value that the run has not set is no part of its state

    def _table(self) -> Iterable[tuple[tuple[type, ...], Look]]:
        yield from super()._table()
        yield (CoroutineType,), self.once(lambda c: self.frame(c, c.cr_frame))
        yield (GeneratorType,), self.once(lambda g: self.frame(g, g.gi_frame))
        yield (AsyncGeneratorType,), self.once(self.async_generator)
        yield (asyncio.Lock,), self.lock
        yield (contextvars.Context,), self._context
        yield (contextvars.ContextVar,), self.constant
        yield (Handle,), self.once(lambda h: self._row("handle", (h._callback, h._args, h._context, h._cancelled)))
        yield (BeforeOthers,), self.once(lambda t: self._row("before others", (t.callback, t.args, *t.then)))
        yield (InTurn,), self.once(lambda t: self._row("in turn", (t.callback, t.args)))
        yield (Timer,), self.once(lambda t: self._row("timer", (t._callback, t._args, t._context, t._cancelled, t._when, t.due)))

    def begin(self) -> None:
        super().begin()
        self._ambient = dict(contextvars.copy_context().items())

    def _look_at(self, kind: type) -> Look:
        if issubclass(kind, ControlledLoop):
            return lambda _: self.name("the loop")
        if issubclass(kind, asyncio.Future):
            return self.once(self.future)
        if kind.__name__ in ASKS and not kind.__dictoffset__:
            return self.once(self.asking)
        if kind.__name__ in _BY_REFERENCE and not kind.__dictoffset__:
            return lambda thing: self._row(kind.__name__, [of for of in gc.get_referents(thing) if of is not kind])
        return super()._look_at(kind)

    # --- a subclass can leave out each of these, to show that a test would notice

    def frame(self, suspended: Any, frame: Any) -> None:
        """Everything with which a suspended coroutine or generator will continue."""
        if frame is None:
            self.name("over")
            return
        code = frame.f_code
        try:
            self.constant(code)
            self.out.append(frame.f_lasti)
            self.name(frozenset(frame.f_locals))  # which variables are bound: the garbage collector skips the others
            refers = gc.get_referents(suspended)
            first = 2 if isinstance(suspended, AsyncGeneratorType) and refers[0] is not code else 1  # past its loop's finalizer
            held = refers[refers.index(code, first) + 1 :]
            # the last is the exception being handled at this place: absent, or None if there has ever been one. Without the last Nones
            # the rest says the same, since the place determines the height of the stack
            while held and held[-1] is None:
                held.pop()
            self._row("frame", held)
        except Indigestible as inside:
            inside.holders.append(f"{code.co_qualname}()")
            raise

    def async_generator(self, generator: Any) -> None:
        """An async generator: its frame, and whether somebody waits for its next value."""
        self.out.append(generator.ag_running)
        self.frame(generator, generator.ag_frame)

    def asking(self, asks: Any) -> None:
        """The wait for a value of an async generator that runs. One that has not begun or is over would look the same, so it is refused."""
        parts = gc.get_referents(asks)
        if not any(getattr(each, "ag_running", type(each).__name__ in ASKS) for each in parts):
            raise Indigestible(f"a {type(asks).__name__}")
        self._row(type(asks).__name__, parts)

    def future(self, future: Any) -> None:
        """A future or task: its result, or its waiters and, for a task, how it will continue."""
        state = future._state
        self._class(type(future))
        self._row(state, (future._asyncio_future_blocking, future._cancel_message, getattr(future, "__dict__", None) or None))
        self.callbacks(future)
        if isinstance(future, asyncio.Task):
            self.task(future)
        if state == "FINISHED":
            self._row(future._log_traceback, (future._exception, None if future._exception is not None else future._result))
        elif state == "CANCELLED":
            self._row("by", [of for of in gc.get_referents(future) if isinstance(of, BaseException)])

    def task(self, task: Any) -> None:
        """The parts that a task has beyond a future."""
        self.name(name_of(task))
        self.out.append(getattr(task, "number", 0) if self.births else 0)
        self.out.append(task.cancelling())
        if not task.done():
            self._row(task._must_cancel, (task.get_coro(), task._fut_waiter))

    def callbacks(self, future: Any) -> None:
        """The callbacks of a future, in their order."""
        for callback, context in future._callbacks or ():
            self.add(callback)
            self._context(context)
        self.name("no more")

    def lock(self, lock: Any) -> None:
        """An asyncio lock. One that once had waiters equals one that never had."""
        if not self.known(lock):
            own = vars(lock)
            self._row("lock", (own["_locked"], *(own["_waiters"] or ())))
            if not own.keys() <= _LOCK:
                self._row("and", (own,))

    def _context(self, context: contextvars.Context) -> None:
        ambient = self._ambient
        own = {var.name: value for var, value in context.items() if ambient.get(var, self) is not value} if len(context) else {}
        names = [var.name for var in context if ambient.get(var, self) is not context[var]] if own else []
        if len(names) != len(own):
            raise Indigestible(f"two context variables named {max(names, key=names.count)}")
        self.name("a context")
        for name in sorted(own):
            self.name(name)
            self.add(own[name])
        self.name("no more")

"""The clocks of module `time`, virtual in a run: a package that keeps a deadline by `time.monotonic()` reads the loop's clock.

The loop's time is virtual, and moves when nothing else can. Real clocks beside it would make a deadline that is slept for never come near.
While `controlled_clocks` is open, the functions of `time`, and names that modules have imported from it, give the time of the controlled
loop that runs in this thread, and the real time where none does. So do those that a class of theirs holds, and those that a function does:
as a default (`def __init__(self, clock=time.monotonic)`), or in a closure. What blocks is in `world.blocking`, dates are those of
`world.dates`. What it refuses to do: C code reads the real clock, and so does a clock that an object or a container holds since before; a
run that it decides does not repeat.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any
from weakref import ref

from subwarden.scheduling.isolation.modules import globals_in, loaded
from subwarden.scheduling.isolation.places.whose import attributes_of, kinds, module_of
from subwarden.scheduling.loop import ENTERED
from subwarden.world import blocking
from subwarden.world.dates import EPOCH, replace_dates, shown


class Virtual(staticmethod):  # type: ignore[type-arg]  # it takes none at run time
    """A function that is no method of the objects of a class which holds it, as those of `time` are not."""


FUNCTIONS = kinds(FunctionType, BuiltinFunctionType, Virtual)
NANO = 1_000_000_000

Clock = Callable[..., Any]
Holder = FunctionType | type
_open = 0
_known: dict[str, tuple[ref[ModuleType], int, list[str], list[Holder]]] = {}  # of modules: how many names they had, and what are clocks


def _virtual(real: Clock, of: Callable[[float], Any]) -> Clock:
    def read() -> Any:
        loop = ENTERED.get(get_ident())
        return real() if loop is None else of(shown(loop))

    read.__name__ = real.__name__
    return Virtual(read)


CLOCKS: dict[str, tuple[Clock, Clock]] = {
    name: (getattr(time, name), _virtual(getattr(time, name), of))
    for name, of in {
        "monotonic": lambda now: now,
        "perf_counter": lambda now: now,
        "time": lambda now: EPOCH + now,
        "monotonic_ns": lambda now: round(now * NANO),
        "perf_counter_ns": lambda now: round(now * NANO),
        "time_ns": lambda now: EPOCH * NANO + round(now * NANO),
        # processor time too: real, it would differ from run to run, and by chance not (some systems count it in ticks of 10 ms)
        "process_time": lambda now: now,
        "thread_time": lambda now: now,
        "process_time_ns": lambda now: round(now * NANO),
        "thread_time_ns": lambda now: round(now * NANO),
    }.items()
}


def _telling(real: Clock, of: Callable[..., Any], given: int) -> Clock:
    """A function of `time` that tells the present where it has no more than `given` arguments, or None after them."""

    def read(*args: Any) -> Any:
        loop = ENTERED.get(get_ident())
        return real(*args) if loop is None or any(each is not None for each in args[given:]) else of(shown(loop), *args[:given])

    read.__name__ = real.__name__
    return Virtual(read)


def _by_number(now: float, clock: int) -> float:
    return EPOCH + now if clock == time.CLOCK_REALTIME else now


_localtime, _gmtime, _ctime, _asctime, _strftime = time.localtime, time.gmtime, time.ctime, time.asctime, time.strftime
for _real, _of, _given in (
    (_localtime, lambda now: _localtime(EPOCH + now), 0),
    (_gmtime, lambda now: _gmtime(EPOCH + now), 0),
    (_ctime, lambda now: _ctime(EPOCH + now), 0),
    (_asctime, lambda now: _asctime(_localtime(EPOCH + now)), 0),
    (_strftime, lambda now, text: _strftime(text, _localtime(EPOCH + now)), 1),
    (getattr(time, "clock_gettime", None), _by_number, 1),  # not on Windows
    (getattr(time, "clock_gettime_ns", None), lambda now, clock: round(_by_number(now, clock) * NANO), 1),
):
    if _real is not None:
        CLOCKS[_real.__name__] = _real, _telling(_real, _of, _given)
CLOCKS["sleep"] = blocking.sleeps, Virtual(blocking.sleep)


@contextmanager
def controlled_clocks() -> Iterator[None]:
    """While open, the clocks of module `time` are those of the controlled loop that runs. May be nested."""
    global _open  # noqa: PLW0603  # the patch is global by nature: one count of its users
    _open += 1
    if _open == 1:
        _replace(dict(CLOCKS.values()))
        threading.Condition.wait = blocking.wait  # type: ignore[method-assign]
        replace_dates()
    try:
        yield
    finally:
        _open -= 1
        if not _open:
            _replace({virtual: real for real, virtual in CLOCKS.values()})
            threading.Condition.wait = blocking.waits  # type: ignore[method-assign]
            replace_dates(back=True)


def _replace(by: dict[Clock, Clock]) -> None:
    _replace_names(time, _bound(vars(time)), by)
    own, packages = loaded()
    for module in own:  # which may have bound a clock to a name that it had
        _replace_names(module, _bound(globals_in(module)), by)
    for module in (*own, *packages):
        names, holders = _clocks_in(module, globals_in(module))
        _replace_names(module, names, by)
        for holder in holders:
            _replace_in(holder, by)


def _replace_names(module: ModuleType, names: list[str], by: dict[Clock, Clock]) -> None:
    bound = globals_in(module)
    for name in names:
        if _may_be_clock(value := bound.get(name)) and value in by:
            setattr(module, name, by[value])


def _may_be_clock(value: Any) -> bool:
    return id(type(value)) in FUNCTIONS and value.__name__ in CLOCKS  # asks no lazy object of a package, which may not be set up


def _bound(names: dict[str, Any]) -> list[str]:
    return [name for name, value in list(names.items()) if _may_be_clock(value)]


def _clocks_in(module: ModuleType, names: dict[str, Any]) -> tuple[list[str], list[Holder]]:
    """The names of a module that are clocks, and its functions and classes that hold one. It is looked through once, and again when it has
    more names.
    """
    name = str(names.get("__name__"))
    known = _known.get(name)
    if known is None or known[0]() is not module or known[1] != len(names):
        own = [value for value in list(names.values()) if issubclass(type(value), type) and module_of(value) == name]
        functions = [value for each in (names, *map(attributes_of, own)) for value in list(each.values()) if type(value) is FunctionType]
        found: list[Holder] = [function for function in functions if any(map(_may_be_clock, _held_by(function)))]
        found += [kind for kind in own if any(_may_be_clock(value) or _is_static(value) for value in attributes_of(kind).values())]
        known = _known[name] = ref(module), len(names), _bound(names), found
    return known[2], known[3]


def _held_by(function: FunctionType) -> list[Any]:
    cells = [cell.cell_contents for cell in function.__closure__ or () if cell != CellType()]
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *cells]


def _is_static(value: Any) -> bool:
    return type(value) is staticmethod and _may_be_clock(value.__func__)


def _replace_in(holder: Holder, by: dict[Clock, Clock]) -> None:
    def now(value: Any) -> Any:
        return by.get(value, value) if _may_be_clock(value) else value

    if type(holder) is FunctionType:
        if holder.__defaults__:
            holder.__defaults__ = tuple(map(now, holder.__defaults__))
        if holder.__kwdefaults__:
            holder.__kwdefaults__.update({name: now(value) for name, value in holder.__kwdefaults__.items()})
        for cell in holder.__closure__ or ():
            if cell != CellType() and _may_be_clock(cell.cell_contents):
                cell.cell_contents = now(cell.cell_contents)
        return
    for name, value in list(attributes_of(holder).items()):
        if _may_be_clock(value) and value in by:
            setattr(holder, name, by[value])
        elif _is_static(value) and value.__func__ in by:
            setattr(holder, name, staticmethod(by[value.__func__]))

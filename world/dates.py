"""`datetime.now()`, `utcnow()` and `date.today()` in a run: the dates of the virtual clock, in modules of the user's own.

`datetime` is a type in C, whose methods cannot be replaced. So the name is, in the user's modules: by a class that makes real dates, and
whose instances are all real ones. What it refuses to do: packages, and code that has taken `datetime.now` itself before the run, read the
real date; a run that they decide does not repeat.
"""

import datetime
from collections.abc import Iterable
from threading import get_ident
from types import ModuleType
from typing import Any

from subwarden.scheduling.isolation.modules import globals_in, loaded
from subwarden.scheduling.loop import ENTERED, ControlledLoop

EPOCH = 1_750_000_000  # what `time.time()` says at the begin of a run
LATE = 1.000_01  # a wait ends a little after its moment, as always: `time.time() > begun + ttl` is true after `sleep(ttl)`


def shown(loop: ControlledLoop) -> float:
    """The time of the run that clocks show. It depends on the loop's alone, so that states stay as they are."""
    return loop.time() * LATE


class _Kind(type):
    """Its classes stand for real ones: what is an instance of those is one of these."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__mro__[1])


class _Datetime(datetime.datetime, metaclass=_Kind):
    def __new__(cls, *args: Any, **kwargs: Any) -> Any:  # it makes no instances of its own
        return datetime.datetime(*args, **kwargs)

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        loop = ENTERED.get(get_ident())
        return datetime.datetime.now(tz) if loop is None else datetime.datetime.fromtimestamp(EPOCH + shown(loop), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


class _Date(datetime.date, metaclass=_Kind):
    def __new__(cls, *args: Any, **kwargs: Any) -> Any:  # as above
        return datetime.date(*args, **kwargs)

    @classmethod
    def today(cls) -> Any:
        return _Datetime.now().date()


for _made, _real in ((_Datetime, datetime.datetime), (_Date, datetime.date)):
    _made.__name__, _made.__qualname__, _made.__module__ = _real.__name__, _real.__qualname__, _real.__module__
_MODULE = ModuleType("datetime")
vars(_MODULE).update(vars(datetime), datetime=_Datetime, date=_Date)
VIRTUAL: list[tuple[Any, Any]] = [(datetime.datetime, _Datetime), (datetime.date, _Date), (datetime, _MODULE)]


def replace_dates(modules: Iterable[Any] | None = None, *, back: bool = False) -> None:
    """Give the user's own modules, or these, the virtual dates; with `back`, the real ones again."""
    by = {id(virtual if back else real): real if back else virtual for real, virtual in VIRTUAL}
    for module in loaded().own if modules is None else modules:
        for name, value in [(name, value) for name, value in globals_in(module).items() if id(value) in by]:
            setattr(module, name, by[id(value)])

"""asyncio's queues, events and connections hashed by number, as tasks are (`scheduling.handles.NumberedTask`), on a controlled loop.

Code that fans out messages often keeps a set of its subscribers' queues. By address, such a set has another order in every run, and the
same choices would wake the readers in another order. Objects of the subject's own classes, and bare futures, keep their addresses.

`asyncio.as_completed` starts coroutines in the order of a set. Here they become tasks before, in the order given. Code that has imported
it by its own name, `from asyncio import as_completed`, keeps the stock one. A cancel scope of anyio's keeps the scopes within it in a set,
and cancels them in its order; here that is the order in which they were entered.
"""

import asyncio
import functools
import sys
from collections.abc import Iterable
from threading import get_ident
from typing import Any

from subwarden.scheduling.loop import ENTERED

CLASSES: tuple[Any, ...] = (
    *(asyncio.Queue, asyncio.Event),
    *(asyncio.StreamReader, asyncio.StreamWriter, asyncio.BaseProtocol, asyncio.BaseTransport),  # connections, with subclasses
)
OF_PACKAGES = (  # connections and jobs that are kept in sets, too; of modules that are loaded
    ("starlette.requests", "HTTPConnection"),
    ("aiohttp.web_request", "BaseRequest"),
    ("aiohttp.web_response", "StreamResponse"),
    ("aiojobs._job", "Job"),
)
SCOPES = "anyio._backends._asyncio", "CancelScope"
NUMBER = "_subwarden_number"
_numbered: set[str] = set()  # the modules of packages whose classes are


def _hash(self: Any) -> int:
    attributes = getattr(self, "__dict__", None)
    if attributes is None:
        return object.__hash__(self)
    number: int | None = attributes.get(NUMBER)
    if number is None:
        loop = ENTERED.get(get_ident())
        number = object.__hash__(self) if loop is None else loop.number_of_next()
        attributes[NUMBER] = number  # the same wherever it is hashed next
    return number


_stock_as_completed: Any = asyncio.as_completed


def _as_completed(fs: Iterable[Any], **options: Any) -> Any:
    if ENTERED.get(get_ident()) is not None and not asyncio.isfuture(fs) and not asyncio.iscoroutine(fs):  # else the stock one complains
        fs = [asyncio.ensure_future(each) for each in dict.fromkeys(fs)]
    return _stock_as_completed(fs, **options)


class _InOrder(dict[Any, None]):
    """A set that keeps the order of its adding, as far as anyio uses one."""

    __slots__ = ()

    def add(self, each: Any) -> None:
        self[each] = None

    def remove(self, each: Any) -> None:
        del self[each]

    def discard(self, each: Any) -> None:
        self.pop(each, None)


def _keep_order(scope: Any) -> None:
    stock = scope.__init__

    @functools.wraps(stock)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        stock(self, *args, **kwargs)
        if get_ident() in ENTERED and type(getattr(self, "_child_scopes", None)) is set:
            self._child_scopes = _InOrder()

    scope.__init__ = init


def number_queues() -> bool:
    """Hash them by number for good: an object hashed in a run may be looked up after it, and a hash must never change.

    Returns whether there are classes of packages that have been loaded since the last time.
    """
    asyncio.as_completed = asyncio.tasks.as_completed = _as_completed
    for each in CLASSES:
        each.__hash__ = _hash
    known = len(_numbered)
    for module, name in (*OF_PACKAGES, SCOPES):
        if module in sys.modules and module not in _numbered:
            _numbered.add(module)
            found = getattr(sys.modules[module], name)
            if (module, name) == SCOPES:
                _keep_order(found)
            else:
                found.__hash__ = _hash
    return len(_numbered) > known

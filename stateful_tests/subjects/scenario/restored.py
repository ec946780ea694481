"""State that outlives a run is put back after it: what the user's own modules keep in globals, in their classes, and in what these lead to.

Servers as one writes them keep their clients in a global list, and their queue in a global. A run would leave them there for the next,
which would then meet clients that it has never seen, and a queue of another event loop.

What it refuses to do: look into objects of packages, into modules that a run imports first, and into very large tables. For these,
`subwarden.fresh` imports an application anew.
"""

import re
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper, partial
from itertools import count
from operator import is_
from random import Random
from types import CellType, FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from subwarden.checking.scenario.places import own
from subwarden.stateful_tests.subjects.scenario.shared import modules_of

LARGE = 10_000  # entries of a table: it is a constant then, and takes long to compare after each run
_ATOMS = (int, float, complex, str, bytes, bool, type(None))
_LOOKED_INTO = ("asyncio.", "collections", "types")  # the modules of the standard library whose objects keep state in attributes
_CODE = (type, FunctionType, staticmethod, classmethod, property, _lru_cache_wrapper)
_TABLES = (list, dict, set, deque, WeakSet, WeakKeyDictionary, WeakValueDictionary)
_COUNTER = re.compile(r"count\((-?\d+)(?:, (-?\d+))?\)")

Held = dict[str, Any]


class Restored:
    """The state of the user's modules to which `function` leads, as it is at the first `begin`."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._found: _Found | None = None

    def begin(self) -> None:
        """A run begins."""
        if self._found is None:
            self._found = _Found(modules_of(self._function))
            self._found.put_back()  # a set that is filled anew has another order than one that has grown

    def end(self) -> None:
        """A run has ended."""
        if self._found is not None:
            self._found.put_back()


class _Found:
    """All state that the code of `modules` can reach by name, with the calls that put it back."""

    def __init__(self, modules: list[ModuleType]) -> None:
        self._calls: list[Callable[[], object]] = []
        self._counters: dict[int, tuple[count[int], tuple[int, ...]]] = {}  # by id; they cannot be set back, and give way to new ones
        self._anew: dict[int, count[int]] = {}
        self._seen: dict[int, object] = {}  # keeps them, so that no other object gets the number
        self._waiting: list[object] = []
        for module in modules:
            self._names_of(module)
        while self._waiting:
            value = self._waiting.pop()
            if type(value) not in _ATOMS and id(value) not in self._seen:
                self._seen[id(value)] = value
                self._look_at(value)

    def put_back(self) -> None:
        """Make everything as it was."""
        self._anew = {number: count(*given) for number, (_, given) in self._counters.items()}
        for call in self._calls:
            call()

    def _keep(self, call: Callable[..., object], *arguments: Any) -> None:
        self._calls.append(partial(call, *arguments))

    def _look_at(self, value: object) -> None:
        kind = type(value)
        if isinstance(value, _CODE):
            self._code(value)
        elif kind is count:
            self._counter(value)
        elif kind is Random:
            self._keep(value.setstate, value.getstate())  # type: ignore[attr-defined]  # mypy: narrowed to object
        elif isinstance(value, tuple | frozenset):
            self._waiting += value
        elif isinstance(value, _TABLES):
            if _is_own(kind.__module__):
                self._attributes(value)
            self._table(value)
        elif kind.__module__.startswith(_LOOKED_INTO) or _is_own(kind.__module__):
            self._attributes(value)

    def _code(self, value: Any) -> None:
        if isinstance(value, type):
            if _is_own(value.__module__):
                self._names_of(value)
        elif isinstance(value, FunctionType):
            self._function(value)
        elif isinstance(value, property):
            self._waiting += [value.fget, value.fset]
        else:  # it wraps a function
            if isinstance(value, _lru_cache_wrapper):
                self._keep(value.cache_clear)
            self._waiting.append(value.__wrapped__)

    def _counter(self, value: Any) -> None:
        known = _COUNTER.fullmatch(repr(value))
        if known is not None:
            self._counters[id(value)] = (value, tuple(int(each) for each in known.groups() if each))

    def _names_of(self, owner: Any) -> None:
        """The globals of a module, or the attributes of a class."""
        held = {name: value for name, value in vars(owner).items() if not name.startswith("__") and not isinstance(value, ModuleType)}
        self._keep(_put_names, owner, held, len(vars(owner)), self._same_or_anew)
        module = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
        self._waiting += [value for value in held.values() if not isinstance(value, type) or value.__module__ == module]

    def _same_or_anew(self, value: Any) -> Any:
        return self._anew.get(id(value), value)

    def _function(self, function: FunctionType) -> None:
        if not own(function.__code__.co_filename):
            return
        self._waiting += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *vars(function).values()]
        for cell in function.__closure__ or ():
            try:
                held = cell.cell_contents
            except ValueError:  # it is empty
                continue
            self._keep(_put_cell, cell, held, self._same_or_anew)
            self._waiting.append(held)

    def _table(self, table: Any) -> None:
        if len(table) > LARGE:
            return
        if isinstance(table, dict):
            keys, values = list(table), list(table.values())
            self._keep(_put_entries, table, keys, values, self._same_or_anew)
            self._waiting += [*keys, *values]
        elif isinstance(table, WeakKeyDictionary | WeakValueDictionary):
            self._keep(_put_into, table, dict(table.items()))
        else:
            held = list(table)
            self._keep(_put_items if isinstance(table, list | deque) else _put_into, table, held)
            self._waiting += held

    def _attributes(self, thing: Any) -> None:
        held = getattr(thing, "__dict__", None)
        if type(held) is dict:
            self._table(held)
        for name in _slots(type(thing)):
            if hasattr(thing, name):
                self._keep(object.__setattr__, thing, name, getattr(thing, name))
                self._waiting.append(getattr(thing, name))


def _is_own(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None)
    return bool(file) and own(file)


def _slots(kind: type) -> Iterator[str]:
    for each in kind.__mro__:
        slots = each.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not name.startswith("__"):
                yield name


def _put_names(owner: Any, held: Held, number: int, anew: Callable[[Any], Any]) -> None:
    there = vars(owner)
    for name, value in held.items():
        wanted = anew(value)
        if there.get(name) is not wanted:
            type.__setattr__(owner, name, wanted) if isinstance(owner, type) else there.__setitem__(name, wanted)
    if len(there) != number:
        for name in [each for each in there if not each.startswith("__") and each not in held]:
            if not isinstance(there[name], ModuleType):  # `import` sets a submodule once
                type.__delattr__(owner, name) if isinstance(owner, type) else there.__delitem__(name)


def _put_cell(cell: CellType, held: Any, anew: Callable[[Any], Any]) -> None:
    cell.cell_contents = anew(held)


def _put_entries(table: dict[Any, Any], keys: list[Any], values: list[Any], anew: Callable[[Any], Any]) -> None:
    wanted = [anew(value) for value in values]
    if len(table) == len(keys) and all(map(is_, table, keys)) and all(map(is_, table.values(), wanted)):
        return
    kind: Any = OrderedDict if isinstance(table, OrderedDict) else dict
    kind.clear(table)
    for key, value in zip(keys, wanted, strict=True):
        kind.__setitem__(table, key, value)


def _put_items(table: Any, held: list[Any]) -> None:
    if len(table) != len(held) or not all(map(is_, table, held)):
        kind: Any = list if isinstance(table, list) else deque
        kind.clear(table)
        kind.extend(table, held)


def _put_into(table: Any, held: Any) -> None:
    """A set, or a table with weak references."""
    kind: Any = set if isinstance(table, set) else type(table)
    kind.clear(table)
    kind.update(table, held)

"""Dicts, sets, lists and deques that write down who touches which key. Wrappers, not subclasses: C code reads a subclass behind its back.

The wrapped container stays the one the subject made, so another name for it still works; but a change through that other name is not
in the footprint, and fails loudly at the end of the step. A method that is not offered here is missing, loudly; nothing is passed on.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSequence, MutableSet
from operator import is_
from typing import Any

from scheduling.strategies.footprints import KEY_READ, KEY_WRITE, READ, RECORDER, WRITE, Footprint, Location, MissingFootprint

Adopt = Callable[[Any], Any]
touch = RECORDER.touch
_PLAIN = (int, str, bytes, float, tuple)


def unchanged(before: Iterable[Any], after: Iterable[Any]) -> bool:
    """Whether two equally long rows hold the same, where tracked things are the same only if they are identical."""
    return all(a is b or (isinstance(a, _PLAIN) and type(a) is type(b) and a == b) for a, b in zip(before, after, strict=True))


class _Wrapper(ABC):
    """What all of them share: a location, the wrapped container, and the check after each step that all changes were written down."""

    __slots__ = ("_adopting", "_inner", "_location", "_opaque", "_shadow")

    def __init__(self, inner: Any, adopt: Adopt, is_constant: Callable[[object], bool]) -> None:
        self._inner = inner
        self._adopting = adopt, is_constant
        self._opaque = False  # holds something that can be changed unseen: who reads it is taken to have written it
        self._location = RECORDER.name()
        self._shadow: list[Any] = []
        self._adopt_all()
        self._shadow = self._content()
        RECORDER.check_each_step(self._check)

    @abstractmethod
    def _adopt_all(self) -> None:
        """Track what it holds already."""

    def _adopt(self, value: Any) -> Any:
        adopt, is_constant = self._adopting
        adopted = adopt(value)
        if not is_constant(adopted):
            self._opaque = True
        return adopted

    def _content(self) -> list[Any]:
        return list(self._inner)

    def _check(self, footprint: Footprint | None) -> None:
        now = self._content()
        if footprint is None:
            self._shadow = now
            return
        if len(now) == len(self._shadow) and (all(map(is_, self._shadow, now)) or unchanged(self._shadow, now)):
            return
        if not footprint.get(self._location, 0) & (KEY_WRITE | WRITE):
            raise MissingFootprint(f"{self._inner!r} changed in a step that did not touch it: it is also reachable by an untracked name")
        self._shadow = now

    def _read(self) -> Any:
        touch(self._location, WRITE if self._opaque else READ)
        return self._inner

    def _write(self) -> Any:
        touch(self._location, WRITE)
        return self._inner

    def __repr__(self) -> str:
        return repr(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[Any]:
        for item in self._read():
            yield item
            self._read()

    def clear(self) -> None:
        self._write().clear()


class _Keyed(_Wrapper):
    """What is looked up by key: steps that touch different keys do not meet."""

    __slots__ = ()

    def _key(self, key: Any, write: bool) -> None:
        touch((self._location, key), WRITE if write or self._opaque else READ)
        touch(self._location, KEY_WRITE if write or self._opaque else KEY_READ)

    def __contains__(self, key: object) -> bool:
        self._key(key, False)
        return key in self._inner


class Dict(_Keyed, MutableMapping[Any, Any]):
    """A tracked dict. Adding keys in another order is a difference: it shows when the dict is iterated."""

    __slots__ = ()

    def _adopt_all(self) -> None:
        for key, value in self._inner.items():
            self._inner[key] = self._adopt(value)

    def _content(self) -> list[Any]:
        return [*self._inner, *self._inner.values()]

    def __getitem__(self, key: Any) -> Any:
        self._key(key, False)
        return self._inner[key]

    def get(self, key: Any, default: Any = None) -> Any:
        self._key(key, False)
        return self._inner.get(key, default)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._key(key, True)
        if key not in self._inner:
            touch((self._location, "the order of keys", 0), WRITE)
        self._inner[key] = self._adopt(value)

    def __delitem__(self, key: Any) -> None:
        self._key(key, key in self._inner)
        del self._inner[key]

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """As dict's, but what it returns is what is stored: the tracked one."""
        if key not in self:
            self[key] = default
        return self._inner[key]

    def copy(self) -> dict[Any, Any]:
        return dict(self._read())

    def __or__(self, other: Any) -> dict[Any, Any]:
        return {**self, **other}

    def __ior__(self, other: Any) -> "Dict":
        self.update(other)
        return self


class Set(_Keyed, MutableSet[Any]):
    """A tracked set. Adding what is there, or discarding what is not, is only a look."""

    __slots__ = ()

    def _adopt_all(self) -> None:
        for value in self._inner:  # hashable, so it stays itself; but an object among them may hold more
            self._adopt(value)

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Any:
        return set(it)

    def add(self, value: Any) -> None:
        self._key(value, value not in self._inner)
        self._inner.add(self._adopt(value))

    def discard(self, value: Any) -> None:
        self._key(value, value in self._inner)
        self._inner.discard(value)

    def update(self, *others: Iterable[Any]) -> None:
        for other in others:
            for value in list(other):
                self.add(value)

    def difference_update(self, *others: Iterable[Any]) -> None:
        for other in others:
            for value in list(other):
                self.discard(value)

    def copy(self) -> set[Any]:
        return set(self._read())

    def union(self, *others: Iterable[Any]) -> set[Any]:
        return set(self._read()).union(*others)

    def difference(self, *others: Iterable[Any]) -> set[Any]:
        return set(self._read()).difference(*others)

    def intersection(self, *others: Iterable[Any]) -> set[Any]:
        return set(self._read()).intersection(*others)

    def issubset(self, other: Iterable[Any]) -> bool:
        return set(self._read()).issubset(other)


class Row(_Wrapper, MutableSequence[Any]):
    """A tracked list or deque, touched as a whole: places move when others come and go."""

    __slots__ = ()

    def _adopt_all(self) -> None:
        for at, value in enumerate(self._inner):
            self._inner[at] = self._adopt(value)

    def __contains__(self, value: object) -> bool:
        return value in self._read()

    def __getitem__(self, at: Any) -> Any:
        return self._read()[at]

    def __setitem__(self, at: Any, value: Any) -> None:
        self._write()[at] = [self._adopt(v) for v in value] if isinstance(at, slice) else self._adopt(value)

    def __delitem__(self, at: Any) -> None:
        del self._write()[at]

    def __eq__(self, other: object) -> bool:
        return bool(self._read() == (other._read() if isinstance(other, Row) else other))

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Any) -> Any:
        return self._read() + type(self._inner)(other)

    def insert(self, index: int, value: Any) -> None:
        self._write().insert(index, self._adopt(value))

    def append(self, value: Any) -> None:
        self._write().append(self._adopt(value))

    def appendleft(self, value: Any) -> None:
        self._write().appendleft(self._adopt(value))

    def popleft(self) -> Any:
        return self._write().popleft()

    def sort(self, **how: Any) -> None:
        self._write().sort(**how)

    def copy(self) -> Any:
        return self._read().copy()


WRAPPERS: dict[type, type[_Wrapper]] = {dict: Dict, set: Set, list: Row, deque: Row}


def is_tracked_kind(kind: type) -> bool:
    """Whether objects of `kind` write down who touches them."""
    return issubclass(kind, _Wrapper)


def location(wrapper: Any) -> Location:
    """Where the wrapper's accesses are written down: for tests and reports."""
    where: Location = wrapper._location
    return where

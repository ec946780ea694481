"""Values of a state that are read bit by bit, where a record is kept of each bit that was read.

A model's function is run on them as on the values themselves. Its result depends on nothing but the bits that it has read, so that it
can be looked up for every state that agrees in these (`proving.decision_tree`). A bit that a function only hands on, or writes, is not
read. It refuses to know which fields a state has.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any


class Outside(Exception):
    """A bit was read that is not given. `bits`: what was read."""

    def __init__(self, bits: int) -> None:
        super().__init__(f"bits outside: {bits:b}")
        self.bits = bits


class Reader:
    """Gives the bits of one state, and records which. `missing`: the bits that it does not have."""

    __slots__ = ("_needed", "masks", "missing", "seen", "state")

    def __init__(self, state: int, missing: int = 0) -> None:
        self.state, self.missing = state, missing
        self.seen = 0
        self.masks: list[int] = []  # of what was read, in order
        self._needed: int | None = None

    def watch(self) -> None:
        """What is read from now on is only to be watched: the result does not depend on it."""
        self._needed = len(self.masks)

    @property
    def needed(self) -> list[int]:
        """The masks of what the result depends on."""
        return self.masks[: self._needed]

    def read(self, bits: int) -> int:
        """The state's part under the mask `bits`. Raises Outside."""
        if bits & ~self.seen:
            self.seen |= bits
            self.masks.append(bits)
            if bits & self.missing:
                raise Outside(bits)
        return self.state & bits


class Elements(dict[Any, int]):
    """What a set can have in it, and the bit of the state for each. `everything`: all these bits."""

    def __init__(self, bits: Mapping[Any, int]) -> None:
        super().__init__(bits)
        self.everything = sum(bits.values())

    def code(self, some: Iterable[Any]) -> int:
        """The bits of some of them. Raises KeyError for another one."""
        return sum([self[each] for each in some])


class RecordedSet(AbstractSet[Any]):
    """A set whose bits under `known` are not the state's any more: they are as `value` says."""

    __slots__ = ("elements", "known", "reader", "value")

    def __init__(self, reader: Reader, elements: Elements, known: int = 0, value: int = 0) -> None:
        self.reader, self.elements, self.known, self.value = reader, elements, known, value

    def under(self, bits: int) -> int:
        """The set's bits under a mask."""
        unknown = bits & ~self.known
        return self.value & bits | self.reader.read(unknown) if unknown else self.value & bits

    def code(self) -> int:
        """The whole set, as bits."""
        return self.under(self.elements.everything)

    def _mask(self, others: Iterable[Any]) -> int:
        """The bits of those of the others that can be in the set."""
        if isinstance(others, RecordedSet) and others.elements is self.elements:
            return others.code()
        return sum([self.elements.get(each, 0) for each in others])

    def __contains__(self, element: object) -> bool:
        bit = self.elements.get(element, 0)
        return bool(bit and self.under(bit))

    def __iter__(self) -> Iterator[Any]:
        code = self.code()
        return iter([element for element, bit in self.elements.items() if code & bit])

    def __len__(self) -> int:
        return self.code().bit_count()

    def __bool__(self) -> bool:
        return bool(self.code())

    def __or__(self, other: AbstractSet[Any]) -> "RecordedSet":
        return self._added(other)

    __ror__ = __or__

    def union(self, *others: Iterable[Any]) -> "RecordedSet":
        """As of any set."""
        return self._added([each for other in others for each in other])

    def _added(self, other: Iterable[Any]) -> "RecordedSet":
        added = self.elements.code(other)
        return RecordedSet(self.reader, self.elements, self.known | added, self.value | added) if added else self

    def __and__(self, other: AbstractSet[Any]) -> "RecordedSet":
        return self if other is self else self._without(self.elements.everything & ~self._mask(other))

    __rand__ = __and__

    def __sub__(self, other: AbstractSet[Any]) -> "RecordedSet":
        if isinstance(other, RecordedSet) and other.elements is self.elements:  # in both or in neither, unless one was changed
            changed = self.known | other.known
            return RecordedSet(self.reader, self.elements, self.elements.everything, self.under(changed) & ~other.under(changed))
        return self._without(self._mask(other))

    def _without(self, bits: int) -> "RecordedSet":
        return RecordedSet(self.reader, self.elements, self.known | bits, self.value & ~bits) if bits else self

    def __rsub__(self, other: AbstractSet[Any]) -> frozenset[Any]:
        return frozenset([element for element in other if element not in self])

    def __ge__(self, other: AbstractSet[Any]) -> bool:
        wanted = self._mask(other)
        return all(element in self.elements for element in other) and self.under(wanted) == wanted

    def __le__(self, other: AbstractSet[Any]) -> bool:
        return not self - other

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RecordedSet) and other.elements is self.elements:
            changed = self.known | other.known
            return self.under(changed) == other.under(changed)
        return isinstance(other, AbstractSet) and frozenset(self) == frozenset(other)

    def __hash__(self) -> int:
        return hash(frozenset(self))


class Slot:
    """A field's value, made by `make(about)` when it is asked for, once. `about`: which field of the state it is."""

    __slots__ = ("_make", "_value", "about")

    def __init__(self, make: Callable[[Any], Any], about: Any) -> None:
        self._make: Callable[[Any], Any] | None = make
        self._value: Any = None
        self.about = about

    def get(self) -> Any:
        """The value."""
        if self._make is not None:
            self._value, self._make = self._make(self.about), None
        return self._value

    def made(self) -> Any:
        """The value if it has been made; else the slot."""
        return self if self._make is not None else self._value


def value(slot: Any) -> Any:
    """What stands in a slot."""
    return slot.get() if isinstance(slot, Slot) else slot


def slots(record: tuple[Any, ...]) -> tuple[Any, ...]:
    """The fields of a record as they are: those that nobody has asked for are slots still."""
    return tuple(tuple.__iter__(record))


def with_slots(kind: type[Any], fields: Iterable[Any]) -> Any:
    """A record of `kind`, a NamedTuple, some of whose fields are slots: each is made when it is read, and handed on by `_replace` as it
    is."""
    if kind not in _RECORDED:
        _RECORDED[kind] = _recorded(kind)
    return tuple.__new__(_RECORDED[kind], fields)


def _differ(one: Any, two: Any) -> bool:
    """Whether two values are seen to be different without reading the state."""
    if isinstance(one, tuple) and isinstance(two, tuple):
        return len(one) != len(two) or any(map(_differ, slots(one), slots(two)))
    one, two = (each.made() if isinstance(each, Slot) else each for each in (one, two))
    return one is not two and not isinstance(one, _UNREAD) and not isinstance(two, _UNREAD) and bool(one != two)


_UNREAD = (Slot, AbstractSet, tuple)  # to compare one may read the state
_RECORDED: dict[type[Any], type[Any]] = {}


def _recorded(kind: type[Any]) -> type[Any]:
    """A subclass whose fields read the slots, and which is compared field by field, with values of the NamedTuple, too."""

    item = tuple.__getitem__
    named: type[Any] = next(each for each in kind.__mro__ if tuple in each.__bases__)

    def reading(at: int) -> property:
        def read(record: Any) -> Any:
            slot = item(record, at)
            return slot.get() if isinstance(slot, Slot) else slot

        return property(read)

    def equal(record: tuple[Any, ...], other: object) -> bool:
        if not isinstance(other, named):
            return False
        if _differ(record, other):
            return False
        pairs = zip(slots(record), slots(other), strict=True)
        return all(one is two or value(one) == value(two) for one, two in pairs)

    own: dict[str, Any] = {name: reading(at) for at, name in enumerate(kind._fields)}
    own |= {"__slots__": (), "__eq__": equal, "__ne__": lambda record, other: not equal(record, other)}
    own["__hash__"] = tuple.__len__  # a true hash would read every field
    return type(f"Recorded{kind.__name__}", (kind,), own)

"""Operations and requests as plain data, the form in which runs are saved: a name, then the arguments in order."""

from collections.abc import Callable, Mapping
from dataclasses import astuple
from enum import Enum
from typing import Any

Wanted = Callable[[type, str, object], object]
"""Reads one argument. In: the class, the field's name, the plain value. Out: the argument. Raises ValueError for a wrong value."""


def encode(thing: Any) -> list[object]:
    """Write `thing`, a dataclass with a `name`, as plain data."""
    return [thing.name, *(value.value if isinstance(value, Enum) else value for value in astuple(thing))]


def decode(data: object, kinds: Mapping[str, type], noun: str, wanted: Wanted) -> Any:
    """Read back the result of `encode`.

    In: `kinds` maps names to classes; `noun` names the kind of thing in errors; `wanted` reads one argument. Raises ValueError, with the
    reason, for any other data.
    """
    name, *given = named(data, noun)
    kind: Any = kinds.get(name)
    if kind is None:
        raise ValueError(f"unknown {noun} {name!r}; known: {', '.join(kinds)}")
    slots = kind.__match_args__
    if len(given) != len(slots):
        raise ValueError(f"{name} takes {len(slots)} arguments, not {len(given)}")
    try:
        return kind(*(wanted(kind, slot, value) for slot, value in zip(slots, given, strict=True)))
    except ValueError as wrong:
        raise ValueError(f"{name}: {wrong}") from None


def named(data: object, noun: str = "operation") -> list[Any]:
    """`data`, if it is a list that starts with a name. Raises ValueError."""
    if not isinstance(data, list) or not data or not isinstance(data[0], str):
        raise ValueError(f"{'an' if noun[0] in 'aeiou' else 'a'} {noun} is a list that starts with its name, not {data!r}")
    return data


def annotated(kind: type, slot: str, value: object) -> object:
    """Check that `value` has exactly the field's declared type; read an Enum by its value. Raises ValueError if it does not."""
    declared = kind.__annotations__[slot]
    if issubclass(declared, Enum):
        return declared(value)
    if type(value) is not declared:
        raise ValueError(f"{value!r} is not of type {declared.__name__}")
    return value

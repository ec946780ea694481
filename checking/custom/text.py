"""The text of an adapter's values: equal values have equal texts in every process."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def text_of(value: object) -> str:
    """Like `repr`, but sets and dicts are sorted by their items' texts, and addresses are left out."""
    name = type(value).__name__
    if isinstance(value, set | frozenset):
        inside = ", ".join(sorted(map(text_of, value)))
        return f"{{{inside}}}" if inside and name == "set" else f"{name}({{{inside}}})" if inside else f"{name}()"
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{text_of(key)}: {text_of(item)}' for key, item in value.items()))}}}"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _called(name, zip(value._fields, value, strict=True))
    if isinstance(value, tuple | list) and name in ("tuple", "list"):
        inside = ", ".join(map(text_of, value))
        return f"[{inside}]" if name == "list" else f"({inside}{',' * (len(value) == 1)})"
    if is_dataclass(value) and not isinstance(value, type):
        return _called(name, ((field.name, getattr(value, field.name)) for field in fields(value) if field.repr))
    return ADDRESS.sub("", repr(value))


def _called(name: str, parts: Iterable[tuple[str, object]]) -> str:
    return f"{name}({', '.join(f'{part}={text_of(item)}' for part, item in parts)})"

"""Names of a manager's locks, as its author knows them: `hub.lock`, `hub.rooms['t1'].lock`.

The way to a lock is looked for only when a report is written. It refuses to call the manager's code: attributes are read from where
objects keep them, and no property is asked.
"""

from collections.abc import Iterator, Mapping
from types import MemberDescriptorType, ModuleType
from typing import Any

DEEP = 5  # attributes and keys on the way
MANY = 5_000  # objects that are looked at
OURS = ("asyncio", "subwarden.scheduling", "subwarden.checking", "subwarden.stateful_tests.subjects")  # the inside of these names nothing
PLAIN = (str, bytes, int, float, complex, type(None), type, ModuleType)


def name_in(manager: object, lock: object) -> str | None:
    """The shortest way from `manager` to `lock`, as its author would write it; None if there is none that is short."""
    here: list[tuple[str, Any]] = [("", manager)]
    seen = {id(manager)}
    for _ in range(DEEP):
        there: list[tuple[str, Any]] = []
        for way, thing in here:
            for step, part in _parts(thing):
                name = f"{way}{step}".removeprefix(".")
                if part is lock:
                    return name
                if id(part) not in seen and not isinstance(part, PLAIN) and len(seen) < MANY:
                    seen.add(id(part))
                    there.append((name, part))
        here = there
    return None


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    """The parts of `thing`, each with the text by which it is reached. Sets have none: their order is chance."""
    if type(thing).__module__.startswith(OURS):
        return
    if isinstance(thing, Mapping):
        if type(thing).__module__ in ("builtins", "collections", "weakref"):
            yield from ((f"[{key!r:.40}]", part) for key, part in list(thing.items()) if isinstance(key, str | int))
        return
    if isinstance(thing, list | tuple):
        yield from ((f"[{at}]", part) for at, part in enumerate(thing))
        return
    try:
        kept = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        kept = {}
    if isinstance(kept, dict):
        yield from ((f".{name}", part) for name, part in kept.items())
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            descriptor = vars(kind).get(name)
            if isinstance(descriptor, MemberDescriptorType):
                try:
                    yield f".{name}", descriptor.__get__(thing)
                except AttributeError:  # not set yet
                    continue

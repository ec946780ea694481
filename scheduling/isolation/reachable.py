"""What a subject can keep from one run to the next: all that its own modules and its arguments lead to, and that can change.

It starts from a function, a class or arguments, and goes on through the globals of their modules, through containers, instances, the
attributes of their own classes, default arguments, the cells of closures and caches.

Looked into are objects of the user's own classes and of installed packages (an application keeps its routes and its state), and a few of
the standard library's that hold state. Left out are modules and classes of packages, loggers, files, threads, and the tools of tests.
"""

import builtins
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from functools import _lru_cache_wrapper, cache, partial
from itertools import chain
from random import Random
from types import CellType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, NamedTuple

from subwarden.scheduling.isolation.imports import imports
from subwarden.scheduling.isolation.installed import own

CONTAINERS = (dict, list, set, deque, bytearray)
TOOLS = frozenset("subwarden pytest _pytest pluggy hypothesis xdist execnet coverage pdb dask distributed".split())
STATE = frozenset("collections types weakref _weakrefset queue contextlib unittest.mock".split())  # of the standard library; and asyncio
LARGE = 10_000  # elements of a container, beyond which they are not looked into one by one
NOTHING = object()  # in a slot
HUGE = 200_000  # beyond which a container is taken to be a table that nobody changes
_ATOMS = frozenset((int, float, complex, bool, str, bytes, type(None), type(...), type(NotImplemented), range, object))


class Slot(NamedTuple):
    """An attribute that an object keeps in a slot."""

    owner: Any
    place: Any


class Namespace(NamedTuple):
    """Names and their values: the globals of a module, the attributes of an instance or a function."""

    names: dict[str, Any]


def reachable(root: Any) -> Iterator[Any]:
    """Everything that can change and that `root` leads to, each once: namespaces, own classes, containers, slots, cells, caches and random
    generators. What is in sets comes last, since their order hangs on addresses.
    """
    seen: dict[int, Any] = {id(vars(builtins)): builtins}  # each module has them
    waiting: list[Any] = list(_roots(root))
    last: list[Any] = []
    while waiting or last:
        thing = (waiting or last).pop()
        kind = type(thing)
        itself = thing.names if kind is Namespace else thing
        if kind in _ATOMS or id(itself) in seen:
            continue
        seen[id(itself)] = thing
        if _changes(kind, thing):
            yield thing
        (last if issubclass(kind, set) else waiting).extend(_parts(kind, thing))


def _changes(kind: type, thing: Any) -> bool:
    if issubclass(kind, type):
        return _is_own_class(thing)
    if issubclass(kind, CONTAINERS):
        return len(thing) < HUGE
    return kind in _PLACES or issubclass(kind, Random)


def _roots(root: Any) -> Iterator[Any]:
    """Where to start: the module of a function or a class, the objects in a closure, and the arguments of a call that is made for each run.

    A bare container in the closure of a scenario is how the test around it collects something over all runs. A part of the harness, such as
    a hub, makes a subject of what it was given; what else it keeps is its own business.
    """
    seen: dict[int, Any] = {}
    waiting = [(root, True)]
    while waiting:
        thing, given = waiting.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if isinstance(thing, partial):
            waiting += [(each, True) for each in (*thing.args, *thing.keywords.values(), thing.func)]
        elif isinstance(thing, MethodType):
            waiting += [(thing.__self__, True), (thing.__func__, True)]
        elif isinstance(thing, FunctionType):
            yield from _globals_of(thing)
            waiting += [(each, False) for cell in thing.__closure__ or () for each in _content(cell)]
        elif isinstance(thing, type):
            yield from _globals_of(thing)
        elif _module_of(type(thing)).partition(".")[0] == "subwarden" and not _is_own_class(type(thing)):
            own = getattr(thing, "__dict__", {}).values()
            waiting += [(each, True) for each in own if not isinstance(each, CONTAINERS)]
        elif given or not isinstance(thing, CONTAINERS):
            yield thing


def _globals_of(thing: Any) -> Iterator[Namespace]:
    """Of the module in which a function or a class is defined, if it is the user's own."""
    if isinstance(thing, FunctionType):
        names: dict[str, Any] | None = thing.__globals__
    elif thing.__module__ in sys.modules:
        names = vars(sys.modules[thing.__module__])
    else:  # in a file that was loaded by its path
        names = next((each.__globals__ for each in vars(thing).values() if isinstance(each, FunctionType)), None)
    if names is not None and _is_own(names.get("__file__")):
        yield Namespace(names)


def _is_own(file: object) -> bool:
    return isinstance(file, str) and own(file)


def _is_own_class(kind: type) -> bool:
    return _module_of(kind) != "" and any(_globals_of(kind))


def _module_of(kind: type) -> str:
    """The name of its module; empty where somebody has put something else there."""
    name: object = kind.__module__
    return name if isinstance(name, str) else ""


def _holds_state(kind: type) -> bool:
    """Whether instances of `kind` are looked into."""
    name = _module_of(kind)
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return name in STATE or top == "asyncio"
    return bool(name) and (top not in TOOLS or _is_own_class(kind))


def _parts(kind: type, thing: Any) -> Iterable[Any]:
    """What `thing` leads to."""
    look = _LOOKS.get(kind)
    if look is not None:
        return look(thing)
    if issubclass(kind, type):
        return (*vars(thing).values(), *thing.__bases__, *_globals_of(thing)) if _is_own_class(thing) else ()
    if issubclass(kind, ModuleType):
        names = vars(thing)
        return (Namespace(names),) if _is_own(names.get("__file__")) else ()
    elements = _elements(kind, thing) if issubclass(kind, (*CONTAINERS, tuple, frozenset)) else ()
    return chain(elements, _of_instance(kind, thing))


def _imported(names: dict[str, Any]) -> Iterator[Any]:
    """The modules that the code of a module imports, where a value does not tell from which it is, or is imported in a function."""
    file = names.get("__file__")
    if "__spec__" in names and _is_own(file):
        for name in _imports(file, names.get("__package__") or ""):
            if name in sys.modules:
                yield sys.modules[name]


@cache
def _imports(file: str, package: str) -> tuple[str, ...]:
    try:
        return tuple(imports(file, package))
    except (OSError, SyntaxError, ValueError):  # it has no source
        return ()


def _of_function(function: FunctionType) -> Iterator[Any]:
    if any(_globals_of(function)):
        yield from (function.__defaults__, function.__kwdefaults__, *(function.__closure__ or ()), *_globals_of(function))
        if vars(function):
            yield Namespace(vars(function))


def _of_instance(kind: type, thing: Any) -> Iterator[Any]:
    """The attributes of an instance, and its class."""
    if not _holds_state(kind):
        return
    yield kind
    try:
        names: object = thing.__dict__
    except Exception:  # there is none, or it stands for another object that is not there now
        names = None
    if type(names) is dict:
        yield Namespace(names)
    for each in kind.__mro__:
        if "__slots__" in vars(each):
            yield from (Slot(thing, place) for place in vars(each).values() if type(place) is MemberDescriptorType)


def _elements(kind: type, thing: Any) -> Iterable[Any]:
    """Of a container, by the methods of its builtin class: a subclass may do anything."""
    if len(thing) > LARGE or issubclass(kind, bytearray):
        return ()
    if issubclass(kind, dict):
        base = OrderedDict if issubclass(kind, OrderedDict) else dict
        return (*base.keys(thing), *base.values(thing))
    iterated: Any = next(each for each in (list, set, deque, tuple, frozenset) if issubclass(kind, each))
    return tuple(iterated.__iter__(thing))


def held_by(slot: Slot) -> Any:
    """What is in a slot; NOTHING if it is empty."""
    try:
        return slot.place.__get__(slot.owner)
    except AttributeError:
        return NOTHING


def _content(cell: CellType) -> Iterator[Any]:
    try:
        yield cell.cell_contents
    except ValueError:  # it is empty
        return


_PLACES = (Namespace, Slot, CellType, _lru_cache_wrapper)
_LOOKS: dict[type, Callable[[Any], Iterable[Any]]] = {
    Namespace: lambda namespace: (*namespace.names.values(), *_imported(namespace.names)),
    Slot: lambda slot: (held_by(slot),),
    CellType: _content,
    _lru_cache_wrapper: lambda cached: (cached.__wrapped__,),
    FunctionType: _of_function,
    MethodType: lambda method: (method.__self__, method.__func__),
    partial: lambda made: (made.func, made.args, made.keywords),
    staticmethod: lambda method: (method.__func__,),
    classmethod: lambda method: (method.__func__,),
    property: lambda made: (made.fget, made.fset),
    Random: lambda _: (),
}

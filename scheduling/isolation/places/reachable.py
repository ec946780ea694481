"""What a subject can keep from one run to the next: all that its own modules and its arguments lead to, and that can change.

It starts from a function, a class or arguments, and goes on through the globals of their modules, through containers, instances, the
attributes of their own classes, default arguments, the cells of closures and caches.

Looked into are objects of the user's own classes and of installed packages (an application keeps its routes and its state), and a few of
the standard library's that hold state. Left out are modules and classes of packages, loggers, files, threads, and the tools of tests.
"""

import builtins
import gc
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import AsyncExitStack, ExitStack, suppress
from contextvars import ContextVar
from functools import _lru_cache_wrapper, cache, lru_cache, partial
from itertools import accumulate, chain
from logging import Logger
from queue import Queue, SimpleQueue
from threading import Event, Semaphore, local
from types import (
    AsyncGeneratorType,
    BuiltinMethodType,
    CellType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any, NamedTuple

from subwarden.scheduling.isolation.imports import imports
from subwarden.scheduling.isolation.modules import globals_in, is_own, is_tool
from subwarden.scheduling.isolation.places.roots import CONTAINERS, content_of, roots
from subwarden.scheduling.isolation.places.states import state_of
from subwarden.scheduling.isolation.places.turns import TURNING, takes
from subwarden.scheduling.isolation.places.whose import (
    STATE,
    Namespace,
    attributes_of,
    bases_of,
    globals_of,
    holds_state,
    is_of_one_mock,
    is_own_class,
    kinds,
    module_of,
    names_of,
)

UNSEEN: tuple[type, ...] = (
    GeneratorType,
    AsyncGeneratorType,
    SimpleQueue,
    type(iter(set())),
    type(iter(int, 1)),
)  # they cannot be put back
STACKS = kinds(ExitStack, AsyncExitStack)
LARGE = 10_000  # elements of a container, beyond which they are not looked into one by one
NOTHING = object()  # in a slot
HUGE = 200_000  # beyond which a container is taken to be a table that nobody changes
ALONE = (Logger, Executor, Queue, Event, Semaphore)  # of these, their own attributes and elements; what else they lead to, threads may use
_ATOMS = kinds(int, float, complex, bool, str, bytes, type(None), type(...), type(NotImplemented), range, object)


class Slots(NamedTuple):
    """The attributes that an object keeps in slots."""

    owner: Any
    places: list[Any]

    def held(self) -> list[Any]:
        """What is in them; NOTHING where one is empty."""
        return [_held_by(place, self.owner) for place in self.places]


def _held_by(place: Any, owner: Any) -> Any:
    try:
        return place.__get__(owner)
    except AttributeError:
        return NOTHING


class Many(NamedTuple):
    """A container of very many elements, which are not looked into."""

    container: Any


def reachable(root: Any, seen: dict[int, Any] | None = None) -> Iterator[Any]:
    """Everything that can change and that `root` leads to, each once: namespaces, own classes, containers, slots, cells, caches, states of
    objects made in C. What is in sets comes last, since their order hangs on addresses. `seen`: by identity, what is left out; it grows.
    """
    seen = {} if seen is None else seen
    seen[id(vars(builtins))] = builtins  # each module has them
    waiting: list[Any] = list(roots(root))
    last: list[Any] = []
    while waiting or last:
        thing = (waiting or last).pop()
        kind = type(thing)
        itself = thing.names if kind is Namespace else thing
        if id(kind) in _ATOMS or id(itself) in seen:
            continue
        seen[id(itself)] = thing
        base = next((each for each in bases_of(kind) if id(each) in _CONTAINERS), None)  # by whose methods: a subclass may do anything
        length = 0 if base is None else base.__len__(thing)
        if length < HUGE if base in CONTAINERS else _changes(kind, thing):
            yield thing
        if length > LARGE and not _ATOMS.issuperset(map(id, map(type, _elements(base, thing)))):
            yield Many(thing)
        elif 0 < length <= LARGE:
            (last if base is set else waiting).extend(_elements(base, thing))
        waiting.extend(_parts(kind, thing))


def _changes(kind: type, thing: Any) -> bool:
    if issubclass(kind, type):
        return is_own_class(thing) or is_of_one_mock(thing)
    if issubclass(kind, (FunctionType, partial)):
        return any(map(takes, (thing.__defaults__ if kind is FunctionType else thing.args) or ()))
    if module_of(kind) in ("itertools", "sqlite3") and not takes(thing):
        return True
    return id(kind) in _PLACES or issubclass(kind, BaseException) or state_of(kind) is not None


def _elements(base: Any, thing: Any) -> tuple[Any, ...]:
    """Of a container, by the methods of its builtin class."""
    return (*base.keys(thing), *base.values(thing)) if issubclass(base, dict) else (*base.__iter__(thing),)


def _parts(kind: type, thing: Any) -> Iterable[Any]:
    """What `thing` leads to beside its elements."""
    if id(kind) in TURNING:
        return gc.get_referents(thing)
    for each in bases_of(kind):
        if id(each) in _LOOKS:
            return chain(_LOOKS[id(each)](thing), () if each is kind else _of_instance(kind, thing))
    if issubclass(kind, type):
        if not is_own_class(thing):
            return attributes_of(thing).values() if is_of_one_mock(thing) else ()
        return (*attributes_of(thing).values(), type(thing), *bases_of(thing), *globals_of(thing))
    if issubclass(kind, ModuleType):
        names = globals_in(thing)
        return (Namespace(names),) if is_own(names.get("__file__")) else ()
    return _of_instance(kind, thing)


def _imported(names: dict[str, Any]) -> Iterator[Any]:
    """The modules that the code of a module imports, where a value does not tell from which it is, or is imported in a function."""
    file = names.get("__file__")
    if "__spec__" in names and is_own(file):
        for name in _imports(file, names.get("__package__") or ""):
            if name in sys.modules:
                yield sys.modules[name]


@cache
def _imports(file: str, package: str) -> tuple[str, ...]:
    try:
        found = [package, *imports(file, package)]
    except (OSError, SyntaxError, ValueError):  # it has no source
        return ()
    return tuple(dict.fromkeys(prefix for name in found for prefix in accumulate(name.split("."), "{}.{}".format)))


def _of_function(function: FunctionType) -> Iterator[Any]:
    """A package's decorator keeps things in its closure, but what its module keeps is its own business."""
    module = function.__globals__.get("__name__")
    top = module.partition(".")[0] if isinstance(module, str) else ""
    if any(globals_of(function)) or module in STATE or not (top in sys.stdlib_module_names or is_tool(top)):
        yield from (function.__defaults__, function.__kwdefaults__, *(function.__closure__ or ()), *globals_of(function))
        if vars(function):
            yield Namespace(vars(function), function)


def tables_of(cached: Any) -> list[Any]:
    """The dictionary of the answers that a cache knows, if their number has no limit."""
    return [] if cached.cache_info().maxsize is not None else gc.get_referents(cached)[1:2]


def answers_of(cached: Any) -> list[Any]:
    """The questions and answers that a cache of limited size knows."""
    return gc.get_referents(cached)[1 : 1 - _UNASKED]


_UNASKED = len(gc.get_referents(lru_cache(len)))  # what one that knows nothing leads to: its class, and more that comes last


def _of_cache(cached: Any) -> tuple[Any, ...]:
    """The function, and what it knows."""
    return (*tables_of(cached), *answers_of(cached), names_of(cached).get("__wrapped__"))


def _of_view(view: Any) -> Iterator[Any]:
    """The values of a dictionary that can be read only through the view. The dictionary itself may be a class's, which is no container."""
    for each in gc.get_referents(view):
        if type(each) is dict:
            yield from each.values()


def _of_instance(kind: type, thing: Any) -> Iterator[Any]:
    """The attributes of an instance, and its class."""
    if issubclass(kind, BaseException):
        yield BaseException.__dict__["args"].__get__(thing)
    if not (holds_state(kind) or issubclass(kind, ALONE)) or not STACKS.isdisjoint(map(id, bases_of(kind))):
        return
    yield kind
    names: object = local.__getattribute__(thing, "__dict__") if issubclass(kind, local) else names_of(thing)
    if type(names) is dict:
        yield Namespace(names, None if issubclass(kind, local) else thing)
    slots = [attributes_of(each) for each in bases_of(kind) if "__slots__" in attributes_of(each) or each is defaultdict]
    places = [place for each in slots for place in each.values() if type(place) is MemberDescriptorType]
    if places:
        yield Slots(thing, places)


def _of_namespace(namespace: Namespace) -> Iterable[Any]:
    names, owner = namespace
    if owner is None:
        below = f"{names.get('__name__')}."  # modules of a package: whoever imports one puts it there
        own = (each for each in names.values() if not str(globals_in(each).get("__name__", "")).startswith(below))
        return (*own, *_imported(names))
    if issubclass(type(owner), ALONE):
        return [each for each in names.values() if type(each) in (list, deque)]
    cleanups = names.get("_cleanups") if "unittest.case" in map(module_of, bases_of(type(owner))) else None
    return (each for each in list(names.values()) if each is not cleanups)  # which are done at the end of the test


def _of_variable(variable: ContextVar[Any]) -> Iterator[Any]:
    with suppress(LookupError):
        yield variable.get()


_CONTAINERS = kinds(*CONTAINERS, tuple, frozenset, OrderedDict)
_PLACES = kinds(Namespace, Slots, CellType, _lru_cache_wrapper, *UNSEEN) | STACKS
_LOOKS: dict[int, Callable[[Any], Iterable[Any]]] = {
    id(kind): look
    for kind, look in (
        (Namespace, _of_namespace),
        (Slots, Slots.held),
        (CellType, content_of),
        (_lru_cache_wrapper, _of_cache),
        (MappingProxyType, _of_view),
        (ContextVar, _of_variable),
        (BuiltinMethodType, lambda method: (method.__self__,)),
        (MethodWrapperType, lambda method: (method.__self__,)),
        (FunctionType, _of_function),
        (MethodType, lambda method: (method.__self__, method.__func__)),
        (memoryview, lambda view: (view.obj,)),
        (partial, gc.get_referents),
        (staticmethod, lambda method: (method.__func__,)),
        (classmethod, lambda method: (method.__func__,)),
        (property, gc.get_referents),
    )
}

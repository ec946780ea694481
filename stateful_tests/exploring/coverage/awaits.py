"""Every place in a subject's code where a task may be suspended, read from the code itself: what a search ought to have seen.

Read from the bytecode of the module that defines the manager, and of ours that hold the operations on a thread's state: places in
modules that these import are not known. An `async with` counts as one place.
"""

import dis
import inspect
import sys
from collections.abc import Iterable, Iterator
from types import CodeType, ModuleType

from subwarden.impl.manager import state_operations
from subwarden.impl.manager.api import ManagerApi
from subwarden.stateful_tests.exploring.place import place

SUSPENDING = ("GET_AWAITABLE", "GET_ANEXT")


def awaits_of(manager: ManagerApi) -> set[str]:
    """module:line of every await of the module of `manager`'s class, its bases' modules, and the state operations."""
    return awaits_in([state_operations, *modules_of(type(manager))])


def modules_of(kind: type) -> list[ModuleType]:
    """The module of `kind` and of its bases."""
    modules: list[ModuleType] = []
    for base in kind.__mro__:
        module = sys.modules.get(base.__module__)
        if module is not None and base.__module__ != "builtins" and module not in modules:
            modules.append(module)
    return modules


def awaits_in(modules: Iterable[ModuleType]) -> set[str]:
    """module:line of every await in `modules`."""
    return {place(module.__name__, line) for module in modules for code in _codes(module) for line in _lines(code)}


def _codes(module: ModuleType) -> Iterator[CodeType]:
    """All code of functions and of classes' methods that `module` defines, with what is defined inside them."""
    for thing in vars(module).values():
        if getattr(thing, "__module__", None) != module.__name__:
            continue
        functions = vars(thing).values() if inspect.isclass(thing) else (thing,)
        for function in functions:
            code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
            if isinstance(code, CodeType):
                yield from _within(code)


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _within(constant)


def _lines(code: CodeType) -> Iterator[int]:
    line = code.co_firstlineno
    starts = dict(dis.findlinestarts(code))
    for instruction in dis.get_instructions(code):
        line = starts.get(instruction.offset) or line
        if instruction.opname in SUSPENDING:
            yield line

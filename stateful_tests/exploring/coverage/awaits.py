"""Every place in a subject's code where a task may be suspended, as a search should have seen it.

It is read from the bytecode of the modules that the level names; places in modules that these import are not known. An `async with` counts
as one place.
"""

import dis
import inspect
import sys
from collections.abc import Iterable, Iterator
from types import CodeType, ModuleType

from subwarden.checking.place import place_in

SUSPENDING = ("GET_AWAITABLE", "GET_ANEXT")


def modules_of(kind: type) -> list[ModuleType]:
    """The module of `kind` and of its bases."""
    modules: list[ModuleType] = []
    for base in kind.__mro__:
        module = sys.modules.get(base.__module__)
        if module is not None and base.__module__ != "builtins" and module not in modules:
            modules.append(module)
    return modules


def awaits_in(modules: Iterable[ModuleType]) -> set[str]:
    """path:line of every await in `modules`."""
    return {place_in(code, line) for module in modules for code in _codes(module) for line in _lines(code)}


def _codes(module: ModuleType) -> Iterator[CodeType]:
    """The code of all functions and methods that `module` defines, with the functions defined inside them."""
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

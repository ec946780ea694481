"""State outside a run that its code can reach by name: globals of the user's own modules, and attributes of their classes.

A digest of a run follows objects from the suspended frames, and does not see what a function knows by a global name. A search of states
that left this out would call two states equal that are not. Modules that are imported in the middle of a run are not seen.
"""

import inspect
import sys
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from subwarden.checking.scenario.places import own
from subwarden.world.asgi.fresh import imports

Shared = list[tuple[Any, str]]  # a namespace, and a name in it
_NEVER = (ModuleType, FunctionType, BuiltinFunctionType, staticmethod, classmethod, property)


def shared_state(function: Any) -> Shared:
    """Every name that may hold state, in the module of `function` and all to which its names lead. What it holds is to be read later."""
    found: Shared = []
    for module in modules_of(function):
        found += _names(vars(module), module.__name__)
    return found


def modules_of(function: Any) -> list[ModuleType]:
    """The user's own modules to which that of `function` leads: itself, those that it imports, and those from which it imports a name."""
    found: dict[ModuleType, None] = {}
    waiting: list[object] = [inspect.getmodule(inspect.unwrap(function))]
    while waiting:
        module = waiting.pop()
        if isinstance(module, ModuleType) and module not in found and own(getattr(module, "__file__", None) or "<none>"):
            found[module] = None
            waiting += [sys.modules.get(name) for name in _imported(module)]
            for value in list(vars(module).values()):
                if isinstance(value, type | FunctionType):
                    waiting.append(sys.modules.get(value.__module__))
                else:
                    waiting.append(value if isinstance(value, ModuleType) else sys.modules.get(type(value).__module__))
    return list(found)


def _imported(module: ModuleType) -> list[str]:
    """The modules that its code names, in order: of a name that it imports from one, the value does not tell where it is kept."""
    try:
        return [*imports(str(module.__file__), module.__package__ or "")]
    except (OSError, SyntaxError, ValueError):  # it has no source
        return []


def _names(namespace: Any, module: str) -> Shared:
    found: Shared = []
    for name, value in list(namespace.items()):
        if name.startswith("__") or isinstance(value, _NEVER):
            continue
        if isinstance(value, type):
            if value.__module__ == module:
                found += _names(vars(value), "")  # not those of classes inside it: a cycle would have no end
            continue
        found.append((namespace, name))
    return found


def values(shared: Shared) -> tuple[Any, ...]:
    """What the names hold now."""
    return tuple(namespace.get(name) for namespace, name in shared)

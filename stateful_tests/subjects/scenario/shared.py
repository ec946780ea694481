"""State outside a run that its code can reach by name: globals of the user's own modules, and attributes of their classes.

A digest of a run follows objects from the suspended frames, and does not see what a function knows by a global name. A search of states
that left this out would call two states equal that are not.
"""

import sys
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from subwarden.checking.scenario.places import own

Shared = list[tuple[Any, str]]  # a namespace, and a name in it
_NEVER = (ModuleType, FunctionType, BuiltinFunctionType, staticmethod, classmethod, property)


def shared_state() -> Shared:
    """Every name that may hold state, in the modules that are loaded now. What it holds is to be read when it is needed."""
    found: Shared = []
    everything: list[object] = list(sys.modules.values())  # some programs put other objects there
    for module in everything:
        if isinstance(module, ModuleType) and own(getattr(module, "__file__", None) or "<none>"):
            found += _names(vars(module), module.__name__)
    return found


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

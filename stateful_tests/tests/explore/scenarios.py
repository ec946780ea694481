"""The scenarios of a module of specimens."""

import inspect
from types import ModuleType
from typing import Any


def scenarios_of(*modules: ModuleType) -> list[Any]:
    """Every coroutine function that the modules define."""
    return [each for module in modules for each in vars(module).values() if _is_own(each, module)]


def _is_own(value: object, module: ModuleType) -> bool:
    return inspect.iscoroutinefunction(value) and value.__module__ == module.__name__

"""The modules that are loaded, as they are: no code of theirs runs while they are looked at, as that of a lazy one would."""

from types import ModuleType
from typing import Any

_globals_in = vars(ModuleType)["__dict__"].__get__


def globals_in(module: object) -> dict[str, Any]:
    """The globals of a module; none of what stands for one in `sys.modules`."""
    names: dict[str, Any] = _globals_in(module) if issubclass(type(module), ModuleType) else {}
    return names

"""An application by its name, `module:attribute`, imported anew for each run: what its modules keep in globals begins empty.

An application as tutorials teach it lives in a module, with its clients in a global list. A run that ends early would leave them there for
the next. What it refuses to do: modules of installed packages are imported once, and keep what they keep.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from subwarden.scheduling.isolation.imports import imports
from subwarden.scheduling.isolation.installed import is_installed
from subwarden.scheduling.isolation.loaded import unwatched
from subwarden.scheduling.loop import ENTERED
from subwarden.scheduling.queues import number_queues
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.world.dates import replace_dates

_own: dict[str, list[str]] = {}  # module of an application -> the modules of the same author that it leads to


def application(name: str) -> Any:
    """The application `name`, from modules that are imported anew. Raises ValueError."""
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise ValueError(f'{name!r} names no application; write "module:attribute", as for uvicorn: "main:app"')
    tracing = sys.gettrace()
    sys.settrace(None)  # how it is made is no part of a report
    try:
        if module not in _own:
            with _outside(), unwatched():  # packages that it needs are loaded now, which takes long
                importlib.import_module(module)
                _own[module] = [*_leads_to(module)]
            number_queues()
        for each in _own[module]:
            sys.modules.pop(each, None)
        with unwatched():
            found: Any = importlib.import_module(module)
        if get_ident() in ENTERED:
            replace_dates(sys.modules[each] for each in _own[module] if each in sys.modules)
    except ImportError as error:
        raise ValueError(f"cannot load the application {name!r}: {error}; name a module that can be imported from here") from error
    finally:
        sys.settrace(tracing)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ValueError(f"cannot load the application {name!r}: module {module} has no {attribute!r}")
        found = getattr(found, part)
    return found


@contextmanager
def _outside() -> Iterator[None]:
    """As if no run were under way."""
    loop = ENTERED.pop(get_ident(), None)
    try:
        with WATCHDOG.paused():
            yield
    finally:
        if loop is not None:
            ENTERED[get_ident()] = loop


def _leads_to(first: str) -> Iterator[str]:
    """Modules of the same author: the first, its packages, and those that any of them imports, wherever in its code."""
    seen: set[str] = set()
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if not name or name in seen:
            continue
        seen.add(name)
        file = _own_file(name)
        if file is None:
            continue
        yield name
        package = name if os.path.basename(file) == "__init__.py" else name.rpartition(".")[0]
        waiting += [name.rpartition(".")[0], *imports(file, package)]


def _own_file(name: str) -> str | None:
    """The file of the module `name`, unless it is installed, or a part of Python or of this harness, or there is none."""
    if name.partition(".")[0] in ("subwarden", "__main__") or name in sys.builtin_module_names:
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # it is no module but a name in one
        return None
    path = os.path.realpath(spec.origin) if spec is not None and spec.origin else ""
    return path if path.endswith(".py") and not is_installed(path) else None

"""Modules of a user's own that are loaded while runs go on: a scenario may import its application in its body."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from subwarden.scheduling.isolation.installed import own

Tell = Callable[[list[ModuleType]], None]


class _Loader:
    """Loads as the one that was found does, and tells."""

    def __init__(self, loader: Any, finder: "_Finder") -> None:
        self._loader = loader
        self._finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        with self._finder.loading(module):
            self._loader.exec_module(module)


class _Finder:
    """Stands before the finders of `sys.meta_path`, and lets them find. A module is told of once, and when all that it imports is loaded,
    too: modules may import each other.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._depth = 0
        self._loaded: list[ModuleType] = []
        self._known: set[str] = set()
        self.paused = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        for finder in [each for each in sys.meta_path if each is not self and hasattr(each, "find_spec")]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                break
        else:
            return None
        if not self.paused and name not in self._known and spec.origin and own(spec.origin) and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self)  # type: ignore[assignment]  # it does what a loader must
        return spec

    @contextmanager
    def loading(self, module: ModuleType) -> Iterator[None]:
        """Around the execution of `module`."""
        self._depth += 1
        try:
            yield
            self._known.add(module.__name__)
            self._loaded.append(module)
        finally:
            self._depth -= 1
            if not self._depth:
                loaded, self._loaded = self._loaded, []
                self._tell(loaded)


class _State:
    finder: _Finder | None = None


_state = _State()


@contextmanager
def watched(tell: Tell) -> Iterator[None]:
    """Around runs: `tell` hears of the modules of a user's own that are loaded."""
    if _state.finder is not None:
        yield
        return
    finder = _state.finder = _Finder(tell)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        _state.finder = None
        with suppress(ValueError):  # somebody has replaced them all
            sys.meta_path.remove(finder)


@contextmanager
def unwatched() -> Iterator[None]:
    """Around the loading of modules that each run loads anew."""
    finder = _state.finder
    if finder is None or finder.paused:
        yield
        return
    finder.paused = True
    try:
        yield
    finally:
        finder.paused = False

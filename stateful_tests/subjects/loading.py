"""Subjects by name: a built-in one, `path/to/file.py:Factory` or `package.module:Factory`.

Whatever is wrong with a subject of somebody else's is told in one line that says what, where and how to mend it.
"""

import asyncio
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from subwarden.checking.bad_observation import BadObservation
from subwarden.checking.place import in_a_line, leaving
from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.subjects import SUBJECTS, canonical
from subwarden.model.manager.operations import MANAGER_OPERATIONS
from subwarden.model.manager.projection import disagreements, project, view
from subwarden.model.manager.state import State
from subwarden.processes.signals import noticing, was_interrupted
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.scheduling.watchdog import Blocked
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.subjects.core.adapter import Adapter, CoreAdapter, CoreKind, Kind, Maker, Unwritten
from subwarden.stateful_tests.subjects.core.environment import Environment
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.custom.adapter import CustomAdapter, CustomKind
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.watched_load import BadSubject, watching_load
from subwarden.world.loop import WorldLoop

STOPS = (KeyboardInterrupt, Blocked)  # not the subject's own errors


class Arrival:
    """Whether this process loads files that came here from another machine, where they loaded (`arrived`)."""

    def __init__(self) -> None:
        self.arrived = False

    def mend(self, here: str) -> str:
        """How to mend a file that does not load: `here`, unless it came."""
        there = "it loads where the command runs, but data files do not travel to Dask workers, and packages must be installed there"
        return there if self.arrived else here


ARRIVAL = Arrival()


def levels_of(name: str, wanted: str | None = None) -> tuple[str, ...]:
    """On which levels subject `name` is judged; only on `wanted`, if it is given. Raises BadSubject."""
    name = canonical(name)
    if name not in SUBJECTS:
        known: tuple[str, ...] = (_own(name)[0],)
    else:
        known = (MANAGER_LEVEL.name,) if SUBJECTS[name].server is None else (MANAGER_LEVEL.name, SERVER_LEVEL.name)
    if wanted is None:
        return known
    if wanted not in known:
        raise BadSubject(f"subject {name} has level {' and '.join(known)}, not {wanted}; leave --level out")
    return (wanted,)


def load(name: str, level: str = MANAGER_LEVEL.name) -> Factory:
    """The factory of subject `name` at `level`, tried once. Raises BadSubject."""
    name = canonical(name)
    if name in SUBJECTS and level == SERVER_LEVEL.name:
        server = SUBJECTS[name].server
        if server is None:
            raise BadSubject(f"subject {name} has no request layer, which level {level} needs; give manager or source")
        return server
    found: tuple[str, Factory] = (MANAGER_LEVEL.name, SUBJECTS[name].factory) if name in SUBJECTS else _own(name)
    if found[0] != level:
        raise BadSubject(f"subject {name} has level {found[0]}, not {level}; give a subject, or a replay, of that level")
    return found[1]


def _own(name: str) -> tuple[str, Factory]:
    """The level and the factory of a subject of somebody else's."""
    where, colon, attribute = name.rpartition(":")
    if not colon or not where or not attribute:
        raise BadSubject(
            f"unknown subject {name!r}; built-in subjects are {', '.join(SUBJECTS)}; "
            "your own is named path/to/file.py:Factory or package.module:Factory"
        )
    loop = WorldLoop()
    with watching_load(name, loop):
        module = module_of(where, name)
        factory = getattr(module, attribute, None)
        if not callable(factory):
            what = "has no" if factory is None else "has a non-callable"
            raise BadSubject(f"subject {name}: {where} {what} {attribute!r}; it must be a class or function that makes a manager")
        return _tried(name, attribute, factory, loop)


def in_hand(name: str, factory: Callable[..., Any]) -> tuple[str, Factory]:
    """The level of the subject that `factory` makes, and what to make it with; `name` is what it is called. Raises BadSubject."""
    loop = WorldLoop()
    with watching_load(name, loop):
        return _tried(name, getattr(factory, "__name__", "the factory"), factory, loop)


def _tried(name: str, attribute: str, factory: Callable[..., Any], loop: ControlledLoop) -> tuple[str, Factory]:
    """The level of what `factory` makes, found by making one."""
    try:
        environment = Environment(loop)
        with loop.entered():
            manager = _first(Maker(factory), environment, name)
            if not any(callable(getattr(manager, o.name, None)) for o in MANAGER_OPERATIONS):
                own = hasattr(manager, "model")
                kind: Kind = CustomKind(factory) if own else CoreKind(factory)
                adapter: type[Adapter] = CustomAdapter if own else CoreAdapter
                kind.learn(manager)
                adapter(kind).look_once(environment, loop)
                loop.abandon()  # it may have started tasks
                return (CUSTOM_LEVEL if own else CORE_LEVEL).name, partial(adapter, kind)
    except Unwritten as error:
        raise BadSubject(f"subject {name}: {error}") from None
    except BadObservation as error:
        raise BadSubject(f"subject {name}: {error}; `subwarden new FILE` writes an adapter with the methods that it needs") from None
    _check_call(factory, attribute, name)
    _try(manager, name, loop)

    def make() -> ManagerApi:
        try:
            manager: ManagerApi = factory()
        except Exception as error:  # it worked before, so it counts, or keeps something
            said = f"{attribute}() raised {in_a_line(error)} after earlier calls had succeeded; it must make a fresh manager for every run"
            raise BadSubject(f"subject {name}: {said}") from None
        return manager

    return MANAGER_LEVEL.name, make


def _first(maker: Maker, environment: Environment, name: str) -> Any:
    """A first manager, to learn of what level it is."""
    try:
        return maker.make(environment)
    except (BadObservation, *STOPS):
        raise
    except BaseException as error:  # somebody else's code may raise anything, and its exit code is not our verdict
        raise BadSubject(f"subject {name}: calling its factory raised {in_a_line(error)}; fix the factory") from None


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Around runs of subject `name`: what makes it impossible to judge is told as the subject's fault, by BadSubject."""
    try:
        with noticing():
            yield
    except (UncontrolledSource, BadObservation) as error:
        raise BadSubject(f"subject {name}: {error}") from None
    except MemoryError:
        raise BadSubject(f"subject {name}: it takes all memory that there is; free it, or allow more by --max-memory") from None
    except (Exception, Blocked):
        raise
    except BaseException as error:  # it may raise anything
        if isinstance(error, (SystemExit, KeyboardInterrupt)) and was_interrupted():
            raise KeyboardInterrupt from None
        raise BadSubject(f"subject {name}: its code {leaving(error)}") from None


def module_of(where: str, name: str) -> Any:
    """Import the module or the file `where`, which may import what stands in the current folder, as with `python -m`."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        if not where.endswith(".py"):
            return importlib.import_module(where)
        path = Path(where)
        if not path.is_file():
            raise BadSubject(f"subject {name}: there is no file {where}; give a path from here, or an absolute one")
        folder = str(path.resolve().parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)  # as `python FILE` does: the file may import its neighbours
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(path.stem, module)
        spec.loader.exec_module(module)
        return module
    except BadSubject:
        raise
    except ModuleNotFoundError as error:
        raise BadSubject(f"subject {name}: {error}; {ARRIVAL.mend('install it, or run from the folder that holds it')}") from None
    except STOPS:
        raise
    except BaseException as error:  # importing somebody else's code may raise anything
        raise BadSubject(f"subject {name}: importing {where} raised {in_a_line(error)}; {ARRIVAL.mend('fix that file first')}") from None


def _try(manager: Any, name: str, loop: ControlledLoop) -> None:
    """Look at a manager of level manager, on a loop as in a run."""
    try:
        with loop.entered():
            missing = [o.name for o in MANAGER_OPERATIONS if not callable(getattr(manager, o.name, None))]
            missing += [m for m in ("show", "locks") if not callable(getattr(manager, m, None))]
            if not missing:
                _check_signatures(manager, name)
                _check_shape(manager, name)
    except BadSubject:
        raise
    except Exception as error:  # as above
        raise BadSubject(f"subject {name}: calling show() or locks() raised {in_a_line(error)}; fix them") from None
    if missing:
        raise BadSubject(
            f"subject {name}: its manager has no method {', '.join(missing)}; an object with operations of level manager needs them all"
        )


def _check_call(factory: Callable[..., Any], attribute: str, name: str) -> None:
    """A first manager was made with an environment if it was asked for; only adapters are given one."""
    try:
        inspect.signature(factory).bind()
    except TypeError as error:
        raise BadSubject(
            f"subject {name}: {attribute}() is called without arguments, since its manager is not an adapter: {error}"
        ) from None
    except ValueError:  # a builtin without a signature: calling it will tell
        return


def _check_signatures(manager: Any, name: str) -> None:
    for operation in MANAGER_OPERATIONS:
        arguments = operation.__match_args__
        try:
            inspect.signature(getattr(manager, operation.name)).bind(*arguments)
        except TypeError:
            raise BadSubject(f"subject {name}: {operation.name} must take ({', '.join(arguments)})") from None
        except ValueError:  # a builtin without a signature: calling it will tell
            continue


def _check_shape(manager: Any, name: str) -> None:
    """What cannot be looked at would fail in the middle of a run, and look like a fault of ours."""
    shown, locks = manager.show(), manager.locks()
    if not isinstance(locks, dict) or not all(isinstance(lock, asyncio.Lock) for lock in locks.values()):
        raise BadSubject(f"subject {name}: locks() must return a dict from names to asyncio locks, with the manager lock as 'M'")
    try:
        if shown is not None:
            disagreements(shown)
            project(shown)
            shown._replace(live=None)
    except Exception as error:
        what = f"show() must return None or a model.manager.projection.Shown of sets and dicts; reading it raised {in_a_line(error)}"
        raise BadSubject(f"subject {name}: {what}") from None
    starts_as = getattr(manager, "starts_as", None)
    if starts_as is None:
        return
    if not isinstance(starts_as, State):
        raise BadSubject(f"subject {name}: starts_as must be a model.manager.state.State, not {type(starts_as).__name__}")
    if shown is not None and view(starts_as)._replace(live=None) != project(shown)._replace(live=None):
        raise BadSubject(f"subject {name}: starts_as and show() of a fresh manager disagree; make them equal")

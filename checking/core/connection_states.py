"""The possible states of one connection, frozen (see `checking.frozen_states`), and the observations that runs have shown.

`checking.core.judging` works out what an event leads to.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from subwarden.checking.core.configurations import Connection, CoreNode
from subwarden.checking.core.judging import Difference, Violation, judge_return, judge_shown
from subwarden.checking.frozen_states import FrozenGraph, FrozenStates
from subwarden.model.core.step import CoreOperation, CoreState, Id

UNNAMED = "observe()"  # the name of the one map that has none
Pair = tuple[Id, Id]  # (connection, topic)
Maps = Mapping[str, frozenset[Pair]]  # the same relation, as each of the manager's maps has it


class Move(NamedTuple):
    """Where an event leads, the possible kinds of the transition that a return shows, and the violation, if any."""

    to: "ConnectionStates"
    kinds: frozenset[str] = frozenset()
    violation: Violation | Difference | None = None


class View:
    """One observation: the maps, and the part of each connection. Equal observations of a graph share one view."""

    __slots__ = ("maps", "parts")

    def __init__(self, maps: Maps) -> None:
        self.maps = maps
        self.parts: dict[Id, Part] = {}  # kept by `CoreGraph.part`


class Seen(NamedTuple):
    """Something that `observe` returned in a run of `program`: its view, and a copy that is equal until something else shows."""

    program: object
    view: View
    plain: object


class Part:
    """The topics of one connection, by map. Equal parts of a graph are identical."""

    __slots__ = ("maps",)

    def __init__(self, maps: Mapping[str, frozenset[Id]]) -> None:
        self.maps = maps


def _key(shown: Any) -> Hashable:
    """Equal for values that are equal and show the same; None where that cannot be said of the type."""
    kind = type(shown)
    if kind is set or kind is frozenset:
        return frozenset(shown)
    if kind is dict or kind is defaultdict:
        inside = tuple((key, _key(value)) for key, value in shown.items())
        return None if any(key is None for _, key in inside) else inside
    return None


def _copy(shown: Any) -> object:
    return {key: _copy(value) for key, value in shown.items()} if isinstance(shown, dict) else frozenset(shown)


class ConnectionStates(FrozenStates[Connection, "ConnectionStates"]):
    """One state of what may be true of a connection."""

    __slots__ = ("_certain", "apart", "showed")

    def __init__(self, now: Connection, graph: "CoreGraph") -> None:
        super().__init__(now, graph)
        self.apart = None if now.lost else now.touched()  # the topics of which an observation says nothing; None: of all
        self.showed: dict[Part, Move] = {}
        self._certain: dict[Id, tuple[bool, bool]] = {}

    def let_go(self) -> None:
        """See `FrozenStates`."""
        super().let_go()
        self.showed.clear()

    def after_return(self, call: int, operation: CoreOperation, answer: object) -> Move:
        """`call` returned `answer`. Of other answers than a bool it does not matter which (`configurations.agrees`). Remembered in
        `returned`.
        """
        told = answer if answer is True or answer is False else None
        after = self.now.copy()
        kinds, violation = judge_return(after, call, operation, answer)
        known = self.returned[call, told] = Move(self._graph.states(after), kinds, violation)
        return known

    def after_look(self, part: Part) -> Move:
        """The manager's maps were observed. Remembered in `showed`."""
        after = self.now.copy()
        violation = judge_shown(after, part.maps)
        known = self.showed[part] = Move(self._graph.states(after), violation=violation)
        return known

    def excused(self) -> "ConnectionStates":
        """The environment failed it."""
        after = self.now.copy()
        after.excused = True
        after.renewing = False
        return self._graph.states(after)

    def subscribed(self, topic: Id) -> tuple[bool, bool]:
        """Whether it is certainly subscribed to `topic`, and whether it may be."""
        known = self._certain.get(topic)
        if known is None:
            known = self._certain[topic] = self.now.surely(topic), self.now.possibly(topic)
        return known


class CoreGraph(FrozenGraph[CoreState, CoreNode, Connection, ConnectionStates]):
    """All states and views met since the last drop."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[Hashable, tuple[ConnectionStates, ...]] = {}
        self._views: dict[Hashable, View] = {}
        self._seen: dict[Hashable, Seen] = {}
        self._parts: dict[Hashable, Part] = {}

    def begin(self) -> None:
        """A run begins: a full graph is dropped."""
        if self.full:
            self.drop()

    def drop(self) -> None:
        """See `FrozenGraph`."""
        super().drop()
        for known in (self._first, self._views, self._seen, self._parts):
            known.clear()

    def initial(self, names: tuple[Id, ...], *, final: bool, forgiving: bool, resumes: bool = False) -> tuple[ConnectionStates, ...]:
        """The states of each of these connections when nothing has happened. See `Connection` and `CoreState` for the rest."""
        first = self._first.get((names, final, forgiving, resumes))
        if first is None:
            node = self.node(CoreState(final=final, resumes=resumes))
            first = tuple(self.states(Connection(name, node, final=final, forgiving=forgiving)) for name in names)
            self._first[names, final, forgiving, resumes] = first
        return first

    def _made(self, state: CoreState) -> CoreNode:
        return CoreNode(state, self)

    def _frozen(self, now: Connection) -> ConnectionStates:
        return ConnectionStates(now, self)

    def _more(self, now: Connection) -> Hashable:
        return now.name, now.final, now.forgiving, now.lost, now.excused, now.left, now.gone, now.renewing

    def view(self, maps: Maps) -> View:
        """The one view of these maps."""
        key = tuple(maps.items())
        view = self._views.get(key)
        if view is None:
            self.size += 1
            view = self._views[key] = View(maps)
        return view

    def seen(self, program: object, read: Callable[[object], Maps], shown: object) -> Seen:
        """What `observe` returned, `shown`, in a run of `program`. `read` gives its maps, and is asked once for equal ones."""
        key = frozenset(shown) if type(shown) is set else _key(shown)
        known = None if key is None else self._seen.get(key)
        if known is None or known.program is not program:
            known = Seen(program, self.view(read(shown)), object() if key is None else _copy(shown))
            if key is not None:
                self.size += 1
                self._seen[key] = known
        return known

    def part(self, view: View, connection: Id) -> Part:
        """The part of `connection`."""
        part = view.parts.get(connection)
        if part is None:
            maps = {name: frozenset(topic for each, topic in pairs if each == connection) for name, pairs in view.maps.items()}
            part = view.parts[connection] = self._parts.setdefault(tuple(maps.items()), Part(maps))
        return part

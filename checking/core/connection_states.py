"""What may be true of one connection, hash-consed, with a memo of what each event leads to: a step is worked out once for all runs.

A program is run hundreds of times, and its runs meet the same few states of a connection. `ConnectionStates` freezes one `Connection`;
its moves are worked out on a copy (`checking.core.judging`) and then looked up, by the identity of interned operations. Dropping the memo
costs time, never correctness.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from itertools import count
from typing import Any, NamedTuple

from subwarden.checking.core.configurations import Connection, CoreStates
from subwarden.checking.core.judging import Violation, judge_return, judge_shown
from subwarden.model.core.step import CoreOperation, CoreState, Id

BOUND = 40_000  # moves kept; some hundred bytes each
UNNAMED = "observe()"  # the name of the one map that has none
Pair = tuple[Id, Id]  # (connection, topic)
Maps = Mapping[str, frozenset[Pair]]  # the same relation, as each of the manager's maps has it


class Begun(NamedTuple):
    """Where a call leads, and the number by which it is known until it ends: the least that no open call of the connection has. So equal
    states of different programs are one, whichever task makes the call.
    """

    number: int
    to: "ConnectionStates"
    operation: CoreOperation  # kept, for it is known by its identity


class Move(NamedTuple):
    """Where an event leads, the possible kinds of the transition that a return shows, and the violation, if any."""

    to: "ConnectionStates"
    kinds: frozenset[str] = frozenset()
    violation: Violation | None = None


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


class ConnectionStates:
    """One state of what may be true of a connection. `now` is never changed."""

    __slots__ = ("_certain", "_graph", "begun", "judged", "now", "returned", "showed")

    def __init__(self, now: Connection, graph: "CoreGraph") -> None:
        self.now = now
        self.judged = not now.lost and now.touched() is not None  # whether an observation says anything about it
        self._graph = graph
        self.begun: dict[int, Begun] = {}  # by identity of the operation
        self.returned: dict[tuple[int, object], Move] = {}
        self.showed: dict[Part, Move] = {}
        self._certain: dict[Id, tuple[bool, bool]] = {}

    def let_go(self) -> None:
        """Drop all references to other states: they form cycles."""
        self.begun.clear()
        self.returned.clear()
        self.showed.clear()

    def begin(self, operation: CoreOperation) -> Begun:
        """A call of `operation` begins. Remembered in `begun`."""
        number = next(number for number in count() if number not in self.now.open)
        known = self.begun[id(operation)] = Begun(number, self.after_call(number, operation), operation)
        return known

    def after_call(self, call: int, operation: CoreOperation) -> "ConnectionStates":
        """`call` of `operation` begins."""
        after = self.now.copy()
        after.called(call, operation)
        return self._graph.states(after)

    def after_return(self, call: int, operation: CoreOperation, answer: object) -> Move:
        """`call` returned `answer`. Of other answers than a bool it does not matter which (`configurations.agrees`). Remembered in
        `returned`.
        """
        told = answer if answer is True or answer is False else None
        after = self.now.copy()
        kinds, violation = judge_return(after, call, operation, answer)
        known = self.returned[call, told] = Move(self._graph.states(after), kinds, violation)
        return known

    def after_end(self, operation: CoreOperation) -> "ConnectionStates":
        """A call of `operation` ended without an answer: it stays open, without a caller."""
        after = self.now.copy()
        after.has_ended(operation)
        return self._graph.states(after)

    def after_look(self, part: Part) -> Move:
        """The manager's maps were observed. Remembered in `showed`."""
        after = self.now.copy()
        violation = judge_shown(after, part.maps)
        known = self.showed[part] = Move(self._graph.states(after), violation=violation)
        return known

    def settled(self, calls: list[int]) -> "ConnectionStates":
        """No task is left that could finish the `calls` without a caller."""
        after = self.now.copy()
        after.settled(calls)
        return self._graph.states(after)

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


class CoreGraph:
    """All states and views met since the last drop."""

    def __init__(self) -> None:
        self._model = CoreStates()
        self._size = 0
        self._states: dict[Hashable, ConnectionStates] = {}
        self._first: dict[Hashable, tuple[ConnectionStates, ...]] = {}
        self._views: dict[Hashable, View] = {}
        self._seen: dict[Hashable, Seen] = {}
        self._parts: dict[Hashable, Part] = {}

    def begin(self) -> None:
        """A run begins. A graph that has grown past `BOUND` is dropped: only between runs, for runs compare by identity."""
        if self._size > BOUND:
            self._size = 0
            for each in self._states.values():
                each.let_go()
            for known in (self._states, self._first, self._views, self._seen, self._parts):
                known.clear()
            self._model.drop()

    def initial(self, names: tuple[Id, ...], *, final: bool, forgiving: bool, resumes: bool = False) -> tuple[ConnectionStates, ...]:
        """The states of each of these connections when nothing has happened. See `Connection` and `CoreState` for the rest."""
        first = self._first.get((names, final, forgiving, resumes))
        if first is None:
            node = self._model.node(CoreState(final=final, resumes=resumes))
            first = tuple(self.states(Connection(name, node, final=final, forgiving=forgiving)) for name in names)
            self._first[names, final, forgiving, resumes] = first
        return first

    def states(self, now: Connection) -> ConnectionStates:
        """The one object for `now`, which must not be changed any more."""
        self._size += 1
        flags = now.final, now.forgiving, now.lost, now.excused, now.left, now.gone, now.renewing
        calls = tuple((call, id(operation)) for call, operation in now.open.items())  # kept alive by the state
        key = now.name, now.configurations, calls, flags, tuple(map(id, now.ended)), tuple(map(id, now.ends))
        known = self._states.get(key)
        if known is None:
            known = self._states[key] = ConnectionStates(now, self)
        return known

    def view(self, maps: Maps) -> View:
        """The one view of these maps."""
        key = tuple(maps.items())
        view = self._views.get(key)
        if view is None:
            self._size += 1
            view = self._views[key] = View(maps)
        return view

    def seen(self, program: object, read: Callable[[object], Maps], shown: object) -> Seen:
        """What `observe` returned, `shown`, in a run of `program`. `read` gives its maps, and is asked once for equal ones."""
        key = frozenset(shown) if type(shown) is set else _key(shown)
        known = None if key is None else self._seen.get(key)
        if known is None or known.program is not program:
            known = Seen(program, self.view(read(shown)), object() if key is None else _copy(shown))
            if key is not None:
                self._size += 1
                self._seen[key] = known
        return known

    def part(self, view: View, connection: Id) -> Part:
        """The part of `connection`."""
        part = view.parts.get(connection)
        if part is None:
            maps = {name: frozenset(topic for each, topic in pairs if each == connection) for name, pairs in view.maps.items()}
            part = view.parts[connection] = self._parts.setdefault(tuple(maps.items()), Part(maps))
        return part

"""Judges one run of a manager of the core operations, as it happens.

Every answer is judged when it comes. The manager's maps may change in several steps, so a pair of a connection and a topic is judged
only while no open call touches it, and all pairs are judged at quiescence. `checking.core.judging` says what is right, and
`checking.core.connection_states` remembers it: here a run goes from one known state to the next.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache

from subwarden.checking.adapter_judge import AdapterJudge, JudgedRules
from subwarden.checking.bad_observation import ANEW, BadObservation
from subwarden.checking.core import causes as core_causes
from subwarden.checking.core.blame import Ended, calls_of
from subwarden.checking.core.connection_states import ConnectionStates, CoreGraph, Maps, Pair, Seen, View
from subwarden.checking.core.deliveries import TopicDeliveries
from subwarden.checking.core.judging import Difference
from subwarden.model.core.step import CoreOperation, Id, Publish
from subwarden.scheduling.loop import ControlledLoop

NOTHING = View({})
COMPARED = (set, frozenset, dict, defaultdict)  # what observe() returns, mostly; of these, equal ones show the same


class Followed:
    """A connection of the run, and what may be true of it now."""

    __slots__ = ("due", "ended", "looked", "name", "states")

    def __init__(self, name: Id, states: ConnectionStates) -> None:
        self.name = name
        self.states = states
        self.due = True  # its maps are to be judged, also if they show the same as before: a call of it has ended since
        self.ended: Ended = []
        self.looked: ConnectionStates | None = None  # kept by `checking.core.deliveries`


class CoreJudge(AdapterJudge):
    """The judge of one run.

    `observe` returns what the manager shows, or None while it cannot be seen. `seen_as` has its view, by `graph`: it is asked only
    if something else shows than before, and raises an exception if that cannot be understood.
    """

    def __init__(
        self,
        loop: ControlledLoop,
        observe: Callable[[], object],
        seen_as: Callable[[object], Seen],
        connections: Iterable[Id],
        graph: CoreGraph,
        fired: set[str],
        rules: JudgedRules,
    ) -> None:
        super().__init__(loop, fired, rules)
        names = tuple(connections)
        first = graph.initial(names, final=rules.final, forgiving=rules.forgiving, resumes=rules.options.resumes)
        self._all = tuple(map(Followed, names, first))
        self.connections = {each.name: each for each in self._all}
        self._messages: TopicDeliveries | None = None  # of a run in which something is published
        self._view = NOTHING
        self._plain: object = None  # what would show the same as the last observation: a copy in the same shape
        self._graph = graph
        self._observe = observe
        self._seen_as = seen_as
        self._dirty = True  # a call has ended since the last observation, or it showed something new
        self._begun = False  # a call has begun

    @property
    def deliveries(self) -> TopicDeliveries:
        """The messages of the run."""
        if self._messages is None:
            self._messages = TopicDeliveries(self._all)
        return self._messages

    @property
    def seen(self) -> Maps:
        """The maps as they were last observed, by name."""
        return self._view.maps

    def _digest_parts(self) -> Hashable:
        tasks: dict[Id, dict[int, int]] = {each.name: {} for each in self._all}  # by the numbers of their calls
        for task, calls in (*self._open.items(), *self._orphans.items()):
            for each, number in calls:
                tasks[each.name][number] = task
        connections = tuple((each.states.now.digested(tasks[each.name]), calls_of(each.ended)) for each in self._all)
        return connections, self.deliveries.digested(), tuple(self.seen.items()), self._dirty

    # --- events of the run

    def called(self, task: int, operation: CoreOperation) -> None:
        """`task` calls `operation`; a publish has its `message`."""
        name = getattr(operation, "connection", None)
        if not self._begun:
            self._look()  # nothing may show yet
            self._begun = True
        if name is not None:
            each = self.connections[name]
            states = each.states
            number, each.states, _ = states.begun.get(id(operation)) or states.begin(operation)
            self._open[task] = ((each, number),)
        elif isinstance(operation, Publish):
            self._open[task] = ()
            self.deliveries.called(task, operation.topic, getattr(operation, "message", None))
            return
        else:
            calls = []
            for each in self._all:
                number, each.states, _ = each.states.begun.get(id(operation)) or each.states.begin(operation)
                calls.append((each, number))
            self._open[task] = tuple(calls)
        if self._messages is not None:
            self._messages.look()

    def returned(self, task: int, operation: CoreOperation, answer: object, last: bool = False) -> None:
        """`operation` returned `answer`; `last`: the task runs no more of the subject's code."""
        told = answer if answer is True or answer is False else None
        calls = self._open.pop(task)
        if len(calls) == 1:
            ((each, number),) = calls
            states = each.states
            each.states, kinds, violation = states.returned.get((number, told)) or states.after_return(number, operation, answer)
            each.due = True
            each.ended.append(operation)
            if violation is not None:
                self.violated(*violation)
            if len(kinds) == 1:  # the kind of transition is told if only one is possible
                self._fired |= kinds
        elif isinstance(operation, Publish):
            self._fired.add(self.deliveries.returned(task))
        else:
            possible: list[frozenset[str]] = []
            for each, number in calls:
                states = each.states
                each.states, kinds, violation = states.returned.get((number, told)) or states.after_return(number, operation, answer)
                each.due = True
                each.ended.append(operation)
                possible.append(kinds)
                if violation is not None:
                    self.violated(*violation)
            self._fired |= _torn_down(tuple(possible))
        self._dirty = True
        if self._messages is not None:
            self._messages.look()
        self._look()
        self._seen_at_return = last

    def _gone(self, task: int, operation: CoreOperation) -> None:
        calls = self._open.pop(task)
        if isinstance(operation, Publish):
            self.deliveries.gone(task)
            return
        self._orphans[task] = calls
        for each, _ in calls:
            each.ended.append(operation)
            each.due = True
        self._dirty = True
        if self._messages is not None:
            self._messages.look()

    def excuse(self, connection: Id) -> None:
        """The environment failed `connection`: the manager may drop it at any moment, until its disconnect has been answered."""
        each = self.connections.get(connection)
        if each is not None:
            each.states = each.states.excused()

    def dropped(self, connection: Id) -> None:
        """The manager has dropped `connection` by itself, and says so."""
        self.excuse(connection)

    # --- looking

    def _look(self) -> None:
        try:
            shown = self._observe()
            if shown is None:
                return
            if shown != self._plain or type(shown) not in COMPARED:
                _, view, self._plain = self._seen_as(shown)
                if view is not self._view:
                    self._view, self._dirty = view, True
                    if not self._begun and any(view.maps.values()):
                        raise BadObservation(f"observe() shows {_first(view.maps)} before the first call of a run; {ANEW}")
                    for each in self._all:
                        each.due = True
        except Exception as error:  # not a finding: an adapter must be able to show its maps at any time
            self.show_raised = self.show_raised or error
            return
        if self._dirty:
            self._judge(shown)

    def _judge(self, shown: object) -> None:
        """Judge what shows, which is `_view`."""
        self._dirty, self.observed, view = False, True, self._view
        if view.maps:
            for each in self._all:
                states = each.states
                if each.due and states.apart is not None:
                    part = view.parts.get(each.name) or self._graph.part(view, each.name)
                    each.states, _, violation = states.showed.get(part) or states.after_look(part)
                    each.due = False
                    if violation is None:
                        each.ended.append(states.apart)
                    else:
                        self.violated(*(violation.violation(each.ended) if isinstance(violation, Difference) else violation))
        if not self._open and not self._orphans:
            self._judge_own(shown)

    # --- the end

    def _settle(self) -> None:
        if self._orphans:
            for each in self._all:
                gone = [number for calls in self._orphans.values() for other, number in calls if other is each]
                each.states, each.due = each.states.settled(gone), True
            self._orphans.clear()
            self._dirty = True
        if self._messages is not None:
            self._messages.look()

    def rest(self, broker: frozenset[Pair] | None, received: Mapping[Id, Sequence[object]] | None) -> None:
        """Judge the run at quiescence: no call is open, and each cancelled call has taken effect or never will.

        In: `broker`, the pairs that the broker knows; `received`, the messages of each connection; None: not observed.
        """
        self._settle()
        self._look()
        if broker is not None and self.seen:
            local = next(iter(self.seen.values()))
            excused = {each.name for each in self._all if each.states.now.excused}
            differing = sorted((pair for pair in local ^ broker if pair[0] not in excused), key=str)
            if differing:
                connection, topic = differing[0]
                where = "the broker" if differing[0] in broker else "the manager"
                self.violated(
                    core_causes.BROKER_DIFFERS, f"{connection} on {topic} is known to {where} only", ("broker", connection, topic)
                )
        if received is not None:
            for cause, detail, *evidence in self.deliveries.broken(received):
                self.violated(cause, detail, tuple(evidence))

    def let_go(self) -> None:
        """The run is over: forget the play, with which it would stay in memory until a garbage collection."""
        self._seen_as = _over

    @property
    def may_live(self) -> bool:
        """Whether any connection may be live."""
        return any(each.states.now.may_live for each in self._all)


def _first(maps: Maps) -> str:
    """A pair that the maps have."""
    client, topic = min(pair for pairs in maps.values() for pair in pairs)
    return f"{client} on {topic}"


@lru_cache(maxsize=1_000)
def _torn_down(kinds: tuple[frozenset[str], ...]) -> frozenset[str]:
    """The transitions of a teardown that returned. It takes one a connection, and each counts."""
    plain = frozenset(kind for possible in kinds if len(possible) == 1 for kind in possible)
    if len(plain) == 1 and all(len(possible) == 1 for possible in kinds):
        return plain
    return plain & {"teardown: with subscribers"} if len(kinds) > 1 else frozenset()


def _over(_shown: object) -> Seen:
    """Instead of the play's: nothing is observed after the end of a run."""
    raise AssertionError("the run is over")

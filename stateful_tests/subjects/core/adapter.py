"""A user's adapter: the operations that its manager has, the methods that observe it, and the rules by which to judge it.

Duck-typed: an adapter imports nothing of ours. A mistake of the adapter raises BadAdapter, with a line that says how to mend it; a
mistake of the manager behind it is a finding.

Long because everything that an adapter must have, may have and returns is asked here, and its mistakes are told in one voice.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from subwarden.checking.adapter_judge import OBSERVE_SHOWS, JudgedRules
from subwarden.checking.bad_observation import BadObservation
from subwarden.checking.core.connection_states import Pair
from subwarden.checking.place import in_a_line
from subwarden.model.core.options import PATTERN, PLAIN
from subwarden.model.core.step import CORE_BY_NAME, CORE_KINDS, CoreOperation, Id
from subwarden.model.properties import CoreProperty, Property
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.watchdog import Blocked
from subwarden.stateful_tests.exploring.coverage.points import DELIVERED_IN, FREE_LOCK, Point, PointKind, parse, points
from subwarden.stateful_tests.exploring.drawing.chains import Chain
from subwarden.stateful_tests.subjects.core.environment import Environment
from subwarden.stateful_tests.subjects.core.maps import Names, maps_of, pairs_of
from subwarden.stateful_tests.subjects.core.options.reading import needed, operations_of, options_of, seen_by
from subwarden.stateful_tests.subjects.core.starting import needs_nothing, started

REQUIRED = ("connect", "subscribe")
ARGUMENTS = {
    "connect": ("client",),
    "subscribe": ("client", "topic"),
    "unsubscribe": ("client", "topic"),
    "publish": ("topic", "message"),
    "disconnect": ("client",),
    "teardown": ("topic",),
}
LOOKS: dict[str, tuple[str, ...]] = {"observe": (), "broker": (), "delivered": (), "close": ()}
CHAINS = 1_000  # whose calls are remembered
OBSERVED = parse(OBSERVE_SHOWS)
JUDGED = (*(Property[name] for name in "P1 P2 P6 P8 P11 P12 P13".split()), *CoreProperty)
assert ARGUMENTS.keys() == CORE_BY_NAME.keys()


class BadAdapter(BadObservation):
    """An adapter that cannot be played; the message says why and how to mend it."""


class Unwritten(BadAdapter):
    """A part of an adapter is left to be written; the message says what."""


class Maker:
    """Makes managers by a user's factory, with the environment if the factory takes one."""

    def __init__(self, make: Callable[..., Any]) -> None:
        if inspect.iscoroutinefunction(make) or inspect.iscoroutinefunction(getattr(make, "__init__", None)):
            what = "__init__" if isinstance(make, type) else "factory"
            raise BadAdapter(f"its {what} must not be async: it only makes a manager, and nothing runs yet; wait in an operation")
        self._make = make
        self.takes_environment = _takes_environment(make)

    def make(self, environment: Environment) -> Any:
        """A fresh manager."""
        return self._make(environment) if self.takes_environment else self._make()


class Kind(Maker, ABC):
    """The properties that all managers of one factory share. A subclass adds those that depend on the model."""

    absent: frozenset[Point]  # points of coverage that this manager cannot reach
    reconnects = False
    unjudged: Mapping[str, str] = MappingProxyType({})  # properties that cannot be judged at all, and why
    options = PLAIN

    def learn(self, manager: Any) -> None:
        """Inspect one manager. Raises BadAdapter."""
        self.type = type(manager)
        self._sites: dict[int, tuple[Chain, tuple[Any, ...]]] = {}  # by identity of the chain, which is kept alive
        arguments = {**self.arguments(manager), **LOOKS}
        self.has = frozenset(name for name in arguments if callable(getattr(manager, name, None)))
        self.insist()
        for name in ("observe", "broker", "delivered"):
            if name in self.has and inspect.iscoroutinefunction(getattr(manager, name)):
                raise BadAdapter(f"{name} must not be async: it is asked between two steps, when nothing can run")
        for name, taken in arguments.items():
            if name in self.has:
                _check_signature(getattr(manager, name), name, taken)
        self.starts = "start" not in arguments and callable(found := getattr(manager, "start", None)) and needs_nothing(found)
        self.off = off = _off(getattr(manager, "off", {}))
        p11 = Property.P11.name  # a cause is called so only once it is known to need a cancellation
        in_all = {each.name + name[len(p11) :]: off[name] for name in off if name.partition("-")[0] == p11 for each in JUDGED}
        self.off_if_cancelled = {**off, **in_all}
        own = getattr(manager, "properties", {})
        if not isinstance(own, Mapping) or not all(isinstance(n, str) and callable(holds) for n, holds in own.items()):
            raise BadAdapter("properties must be a dict of functions by name, each given what observe() returns and true where all is well")
        self.own = dict(own)
        self._rules: dict[bool, JudgedRules] = {}

    def rules(self, *, cancellation: bool) -> JudgedRules:
        """The rules by which to judge a run. `cancellation`: it has cancellations."""
        known = self._rules.get(cancellation)
        if known is None:
            off = self.off_if_cancelled if cancellation else self.off
            known = JudgedRules(off, not self.reconnects, self.own_broken if self.own else None, self.options)
            self._rules[cancellation] = known
        return known

    def own_broken(self, shown: object) -> list[str]:
        """The names of the adapter's own properties that do not hold in what `observe()` returned."""
        broken = []
        for name, holds in self.own.items():
            try:
                if not holds(shown):
                    broken.append(name)
            except Exception as error:
                why = f"its property {name!r} raised {in_a_line(error)}"
                raise BadAdapter(f"{why}; it must be true or false of what observe() returns") from None
        return broken

    def sites(self, chain: Chain) -> tuple[Any, ...]:
        """The calls of `chain` that the manager has."""
        known = self._sites.get(id(chain))
        if known is None:
            if len(self._sites) >= CHAINS:
                self._sites.clear()
            known = self._sites[id(chain)] = (chain, tuple(site for site in chain.sites if self.plays(site.operation)))
        return known[1]

    # --- hooks for a model

    @abstractmethod
    def arguments(self, manager: Any) -> dict[str, tuple[str, ...]]:
        """The operations of `manager`, each with the names of its arguments. Raises BadAdapter."""

    @abstractmethod
    def insist(self) -> None:
        """Check that all required methods are there. Raises BadAdapter."""

    @abstractmethod
    def plays(self, operation: Any) -> bool:
        """Whether the manager has `operation`."""

    @property
    @abstractmethod
    def not_played(self) -> list[str]:
        """The missing methods, and the judgements that are left out for that, in words."""


class CoreKind(Kind):
    """The kind of managers of the core operations."""

    def learn(self, manager: Any) -> None:
        try:
            self.options = options_of(manager)
        except BadObservation as error:
            raise BadAdapter(str(error)) from None
        super().learn(manager)
        self.reconnects = bool(getattr(manager, "reconnects", False))
        self.absent = self._absent()
        seen = {} if "observe" in self.has else dict.fromkeys(("P1", "P2", "P6"), "the adapter has no observe()")
        needs = next((name for name in ("publish", "delivered") if name not in self.has), None)
        self.unjudged = seen | ({} if needs is None else {"D1": f"the adapter has no {needs}()"})

    def arguments(self, manager: Any) -> dict[str, tuple[str, ...]]:
        if self.options.presence and inspect.iscoroutinefunction(getattr(manager, "sees", None)):
            raise BadAdapter("sees must not be async: it is asked between two steps, when nothing can run")
        return {**ARGUMENTS, **operations_of(self.options)} | ({"sees": ()} if self.options.presence else {})

    def insist(self) -> None:
        missing = [name for name in REQUIRED if name not in self.has and not (name == "connect" and self.options.takes_over)]
        if lacking := needed(self.options, self.has):
            raise BadAdapter(f"{lacking}; add it, or leave the option out")
        if missing:
            raise BadAdapter(
                f"its manager has no method {', '.join(missing)}; an adapter needs connect(client) and subscribe(client, topic), "
                "or a model of its own"
            )
        if not self.has & {"observe", "delivered"}:
            raise BadAdapter("it has neither observe() nor delivered(), so that nothing can be seen; add at least one")

    def plays(self, operation: CoreOperation) -> bool:
        return operation.name in self.has and (getattr(operation, "topic", None) != PATTERN or self.options.patterns)

    def _absent(self) -> frozenset[Point]:
        gone = {name for name in ARGUMENTS if name not in self.has}
        absent = points(PointKind.RULE, gone) | points(PointKind.OPERATION, gone)
        absent |= points(PointKind.TRANSITION, (kind for kind in CORE_KINDS if kind.split(":")[0] in gone))
        if "disconnect" in gone or self.reconnects:
            absent |= points(PointKind.TRANSITION, ("connect: after its close", "disconnect: again"))
        if not {"publish", "delivered"} <= self.has:
            absent |= set(DELIVERED_IN.values())
        return frozenset({*absent, FREE_LOCK})  # a manager need not have locks

    @property
    def not_played(self) -> list[str]:
        said = [f"{name}: it has no such method" for name in ARGUMENTS if name not in self.has]
        if "observe" not in self.has:
            said.append("what the manager believes: it has no observe()")
        if "publish" in self.has and "delivered" not in self.has:
            said.append("deliveries: it has no delivered()")
        return said


class Adapter:
    """One run's adapter. `begin` makes its manager."""

    __slots__ = ("kind", "manager")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    @property
    def absent(self) -> frozenset[Point]:
        """See `Kind`."""
        return self.kind.absent

    def begin(self, environment: Environment, loop: ControlledLoop) -> Any:
        """Make the manager, and let it start. Raises BadAdapter, UncontrolledSource."""
        try:
            self.manager = self.kind.make(environment)
        except Exception as error:
            raise BadAdapter(f"making a manager raised {in_a_line(error)}; fix its factory: each run needs a fresh one") from error
        if self.kind.starts and (mistake := started(self.manager, loop)):
            raise BadAdapter(mistake)
        return self.manager

    @property
    def observe(self) -> Callable[[], Any]:
        """The manager's `observe`, which returns None while it cannot be observed; without one, it never can."""
        found: Callable[[], Any] = self.manager.observe if "observe" in self.kind.has else _unseen
        return found

    def look_once(self, environment: Environment, loop: ControlledLoop) -> object:
        """Observe a new manager once, before any run, and return what it shows. Raises BadAdapter if that fails."""
        self.begin(environment, loop)
        try:
            return self.observe()
        except (KeyboardInterrupt, Blocked, SystemExit):
            raise
        except NotImplementedError:
            raise Unwritten(f"observe() is not written yet; return {self.wanted} from it") from None
        except BaseException as error:  # it may raise anything
            raise BadAdapter(f"observe() of a new manager raised {in_a_line(error)}") from None

    @property
    def wanted(self) -> str:
        """What `observe()` should return, in words."""
        return "what the model's shown(state) does"


class CoreAdapter(Adapter):
    """A manager of the core operations."""

    __slots__ = ()
    kind: CoreKind

    @property
    def wanted(self) -> str:
        return "a dict with a set of clients for each topic, or (client, topic) pairs, or leave it out and write delivered()"

    def look_once(self, environment: Environment, loop: ControlledLoop) -> object:
        shown = super().look_once(environment, loop)
        if shown is not None:
            try:
                maps_of(shown, (), ())
            except Exception as error:
                raise BadAdapter(f"observe() of a new manager raised {in_a_line(error)}") from None
        self.broker(())
        self.delivered(())
        self.sees()
        return shown

    def sees(self) -> dict[Id, list[tuple[str, Id, object]]]:
        """The events of presence that each client has received, in order. Raises BadAdapter."""
        if not self.kind.options.presence:
            return {}
        try:
            return seen_by(self.manager.sees)
        except BadObservation as error:
            raise BadAdapter(str(error)) from None
        except Exception as error:
            raise BadAdapter(f"sees() raised {in_a_line(error)}; it must return a dict of lists of events by client") from error

    def broker(self, clients: Names) -> frozenset[Pair] | None:
        """The broker's (client, topic) pairs; the program names `clients`. None: no broker, or it cannot be observed. Raises BadAdapter."""
        if "broker" not in self.kind.has:
            return None
        try:
            shown = self.manager.broker()
            return None if shown is None else pairs_of(shown, "broker()", clients)
        except Exception as error:
            raise BadAdapter(f"broker() raised {in_a_line(error)}; it must return (client, topic) pairs") from error

    def delivered(self, published: Iterable[object]) -> Mapping[Id, Sequence[object]] | None:
        """The messages that each client has received, in order. None: they cannot be observed. Raises BadAdapter."""
        if "delivered" not in self.kind.has:
            return None
        try:
            received = self.manager.delivered()
        except Exception as error:
            raise BadAdapter(f"delivered() raised {in_a_line(error)}; it must return a dict of lists of messages by client") from error
        if not isinstance(received, Mapping) or not all(isinstance(m, Sequence) and not isinstance(m, str) for m in received.values()):
            raise BadAdapter(f"delivered() must return a dict of lists of messages by client, not {received!r:.80}")
        known = set(published)
        for client, messages in received.items():
            for message in messages:
                if not isinstance(message, str) or message not in known:
                    said = f"delivered() has {message!r:.80} for {client}, which was not published; return what publish got"
                    raise BadAdapter(f"{said} (AsgiHub and SocketHub: what `received` makes of a text is the message alone, or None)")
        return received


def _unseen() -> None:
    """Instead of an `observe()`."""


def _takes_environment(make: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(make).parameters.values()
    except ValueError:  # a builtin without a signature
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in positional if p.default is p.empty]
    if len(needed) > 1:
        raise BadAdapter(f"its factory takes {', '.join(p.name for p in needed)}; it must take nothing, or the environment alone")
    return bool(needed) or any(p.name == "env" for p in positional[:1])


def _check_signature(method: Any, name: str, arguments: tuple[str, ...]) -> None:
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        raise BadAdapter(f"{name} must take ({', '.join(arguments)})") from None
    except ValueError:  # a builtin without a signature: a call will show
        if inspect.ismethod(method):  # it does not even take `self`
            raise BadAdapter(f"{name} must take ({', '.join(arguments)})") from None


def _off(off: object) -> dict[str, str]:
    names = [each.name for each in JUDGED]
    if not isinstance(off, Mapping):
        raise BadAdapter('off must be a dict of reasons by property, such as {"P1": "one map only"}')
    for name, reason in off.items():
        if not isinstance(name, str) or name.partition("-")[0] not in names:
            raise BadAdapter(f"off names {name!r}; what can be switched off is {', '.join(names)}, or a finding by its id")
        if not isinstance(reason, str) or not reason.strip():
            raise BadAdapter(f"off[{name!r}] must say why, in words that the report can repeat")
    return dict(off)

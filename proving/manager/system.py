"""The manager level as a transition system: the footprint of each action, and the properties of states and steps.

The footprints are declared here, once for each operation; `model.manager.step` alone defines their effects.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from subwarden.model.manager import operations as op
from subwarden.model.manager.state import State
from subwarden.model.manager.step import step as model_step
from subwarden.proving.footprints import Branch, Effect, Leaf, Node, spread
from subwarden.proving.manager.describe import action_in_words, configuration_in_words
from subwarden.proving.manager.encoding import Encoding
from subwarden.proving.manager.invariants import STATE_PROPERTIES, STEP_PROPERTIES, Part
from subwarden.proving.manager.kinds import expected
from subwarden.proving.manager.open_calls import Action, Begin, Cancel, ManagerConfiguration, Return, Step, TakeEffect, Whole, move
from subwarden.proving.manager.scope import Request, Scope
from subwarden.proving.manager.sometimes import SOMETIMES
from subwarden.proving.transition_system import BrokenProperty, Transition

CHUNK = 1024  # a fraction of a second, of states of up to so many bits:
NARROW = 64  # the work for one grows faster than its bits, since they also have more successors and more renamings


class ManagerSystem:
    """The subscription model within a scope; see `proving.transition_system` for the contract. `step` may be a planted defect."""

    def __init__(self, scope: Scope, step: Step = model_step) -> None:
        self.scope = scope
        self.step = step
        self.encoding = Encoding(scope)
        self.initial = self.encoding.encode(ManagerConfiguration(State(), (None,) * scope.in_flight))
        self.width = len(self.encoding.facts)
        self.chunk = max(1, CHUNK * NARROW**3 // max(NARROW, self.width) ** 3)
        self.environment: list[Node] = self._whole_operations()
        self.by_caller: list[list[Node]] = [self._caller(k) for k in range(scope.in_flight)]
        self.nodes: list[Node] = [*self.environment, *(node for nodes in self.by_caller for node in nodes)]
        self._conjuncts = self._masks_of_properties()
        self._judged: list[dict[int, bool]] = [{} for _ in self._conjuncts]
        self._unmet = [s for s in SOMETIMES if s.possible(scope)]
        self._met = {s.name: False for s in self._unmet}
        self._watched: dict[int, set[int]] = {self._watch_mask(t): set() for t in range(1, scope.threads + 1)}

    # --- footprints

    def _footprint(self, request: Request) -> int:  # noqa: PLR0911 - one case an operation
        """The facts that `request` reads or changes, apart from those that depend on an id's place; see `_subscription_of`."""
        e, o = self.encoding, request.operation
        if request.thread is not None:
            return e.thread(request.thread)
        match o:
            case op.ConnectionInitialized(c):
                return e.status(c)
            case op.RemoveConnection(c):
                return e.status(c) | sum(e.cell(t, c) for t in range(1, self.scope.threads + 1))
            case op.SubscribedConnectionIds(t) | op.HasSubscribers(t):
                return self._cells(t)
            case op.ThreadState(t):
                return e.bit["entry", t]
            case op.RemoveThreadState(t):
                return e.thread(t) | self._cells(t) | e.calls_on(t)
            case op.TryAddConnectionToThread(t, c) | op.TryEnsureConnectionSubscribed(t, c, _) | op.SetListener(_, t, c, _):
                return e.status(c) | e.bit["entry", t] | e.cell(t, c)
            case op.UnsubscribeConnectionFromThread(t, c):  # reads the cell alone; as wide as the case above, to share its leaf
                return e.status(c) | e.bit["entry", t] | e.cell(t, c)
            case _:
                return 0

    def _cells(self, thread: int) -> int:
        return sum(self.encoding.cell(thread, c) for c in range(1, self.scope.connections + 1))

    def _cells_of_id(self, part: int, subscription: int) -> int:
        """The cells of the pairs that the id names in `part`; dropping the id may unlink them."""
        found = 0
        for grant in self.encoding.decode(part).state.grants:
            if grant.subscription == subscription:
                found |= self.encoding.cell(grant.thread, grant.connection)
        return found

    @staticmethod
    def _subscription_of(request: Request) -> int | None:
        return request.operation.subscription if isinstance(request.operation, op.SetListener | op.RemoveListener) else None

    def _whole_operations(self) -> list[Node]:
        return self._grouped([(self._footprint(r), self._subscription_of(r), Whole(r)) for r in self.encoding.requests])

    def _grouped(self, actions: Iterable[tuple[int, int | None, Action]], always: int = 0) -> list[Node]:
        """One leaf for the actions of one footprint; actions that move an id stand below a branch on the id's place."""
        plain: defaultdict[int, list[Action]] = defaultdict(list)
        by_id: defaultdict[int, list[tuple[int, Action]]] = defaultdict(list)
        for footprint, subscription, action in actions:
            if subscription is None:
                plain[footprint | always].append(action)
            else:
                by_id[subscription].append((footprint | always, action))
        nodes: list[Node] = [Leaf(mask, some, self._judge) for mask, some in plain.items()]
        return nodes + [self._branch_on_id(subscription, some) for subscription, some in by_id.items()]

    def _branch_on_id(self, subscription: int, actions: list[tuple[int, Action]]) -> Branch:
        where = self.encoding.subscription(subscription)

        def grow(part: int) -> Sequence[Node]:
            shared = where | self._cells_of_id(part, subscription)
            by_mask: defaultdict[int, list[Action]] = defaultdict(list)
            for footprint, action in actions:
                by_mask[footprint | shared].append(action)
            return [Leaf(mask, some, self._judge) for mask, some in by_mask.items()]

        return Branch(where, grow)

    def _caller(self, k: int) -> list[Node]:
        """The actions of caller `k` depend on its open call: without one it may begin; else it may take effect, return or be cancelled."""
        open_call = self.encoding.caller(k)
        entries = sum(self.encoding.bit["entry", t] for t in range(1, self.scope.threads + 1))

        def grow(part: int) -> Sequence[Node]:
            if not part:
                return [Leaf(open_call | entries, [Begin(k, r) for r in self.encoding.requests], self._judge)]
            ends: list[Action] = [Return(k), Cancel(k)]
            nodes: list[Node] = [Leaf(open_call, ends, self._judge)]
            called = next((r for r in self.encoding.requests if part & self.encoding.bit["call", k, r]), None)
            if called is not None:
                effect = (self._footprint(called), self._subscription_of(called), TakeEffect(k))
                # the entry decides whether the call was overtaken
                nodes += self._grouped([effect], always=open_call | self._entry_bit(called))
            return nodes

        return [Branch(open_call, grow)]

    def _entry_bit(self, request: Request) -> int:
        thread = request.on_thread()
        return 0 if thread is None else self.encoding.bit["entry", thread]

    def _judge(self, part: int, actions: Sequence[Hashable]) -> list[Effect]:
        before, effects = self.encoding.decode(part), []
        for action in actions:
            assert isinstance(action, Action)
            moved = move(before, action, self.step)
            if moved is not None:
                bad = any(p.broken(before, action, moved) for p in STEP_PROPERTIES)
                flips = 0 if moved.configuration == before else self.encoding.encode(moved.configuration) ^ part
                effects.append(Effect(flips, moved.kind, bad))
        return effects

    # --- the contract

    def expand(self, states: Sequence[int], weights: Sequence[int] | None = None, known: AbstractSet[int] = frozenset()) -> set[int]:
        """See `TransitionSystem`."""
        return spread(self.nodes, states, weights, known)

    def _leaves(self) -> Iterator[Leaf]:
        for node in self.nodes:
            yield from node.leaves()

    def kinds(self) -> Counter[str]:
        """See `TransitionSystem`."""
        counted: Counter[str] = Counter()
        for leaf in self._leaves():
            counted.update(leaf.kinds())
        return counted

    def expected_kinds(self) -> Sequence[str]:
        """See `TransitionSystem`."""
        return expected(self.scope)

    def sources_of_bad_steps(self, states: Iterable[int]) -> set[int]:
        """See `TransitionSystem`."""
        bad = [leaf for leaf in self._leaves() if leaf.bad]
        return {state for state in states if any(state & leaf.mask in leaf.bad for leaf in bad)} if bad else set()

    def _masks_of_properties(self) -> list[tuple[int, list[int]]]:
        """Each part of a state that some property reads, as a mask, with the numbers of those properties."""
        e = self.encoding
        parts: dict[Part, list[int]] = {
            Part.PAIR: [
                e.status(c) | e.bit["entry", t] | e.cell(t, c)
                for t in range(1, self.scope.threads + 1)
                for c in range(1, self.scope.connections + 1)
            ],
            Part.SUBSCRIPTION: [e.subscription(s) for s in range(1, self.scope.subscriptions + 1)],
            Part.CONVERSATIONS: [sum(e.thread(t) for t in range(1, self.scope.threads + 1))] if self.scope.threads > 1 else [],
        }
        about = {part: [i for i, p in enumerate(STATE_PROPERTIES) if p.looks_at is part] for part in Part}
        return [(mask, about[part]) for part, masks in parts.items() for mask in masks]

    def suspicious(self, states: Iterable[int]) -> set[int]:
        """See `TransitionSystem`. Each part is judged once; the work per state is a mask and a set lookup."""
        states = states if isinstance(states, list | set) else list(states)
        found: set[int] = set()
        for (mask, numbers), judged in zip(self._conjuncts, self._judged, strict=True):
            bad: set[int] = set()
            for part in {state & mask for state in states}:
                fine = judged.get(part)
                if fine is None:
                    state = self.encoding.decode(part).state
                    fine = judged[part] = not any(STATE_PROPERTIES[i].broken(state) for i in numbers)
                if not fine:
                    bad.add(part)
            if bad:
                found.update(state for state in states if state & mask in bad)
        return found

    def broken(self, state: int) -> list[BrokenProperty]:
        """See `TransitionSystem`."""
        configuration = self.encoding.decode(state)
        found = [BrokenProperty(p.property, what) for p in STATE_PROPERTIES if (what := p.broken(configuration.state)) is not None]
        for action in self.actions():
            moved = move(configuration, action, self.step)
            if moved is not None:
                for p in STEP_PROPERTIES:
                    what = p.broken(configuration, action, moved)
                    if what is not None:
                        found.append(BrokenProperty(p.property, what, action))
        return found

    def actions(self) -> Iterator[Action]:
        """Every action, enabled or not, in a fixed order."""
        yield from (Whole(r) for r in self.encoding.requests)
        for k in range(self.scope.in_flight):
            yield from (Begin(k, r) for r in self.encoding.requests)
            yield from (TakeEffect(k), Return(k), Cancel(k))

    def edges(self, state: int) -> list[Transition]:
        """See `TransitionSystem`."""
        configuration = self.encoding.decode(state)
        moves = ((action, move(configuration, action, self.step)) for action in self.actions())
        return [Transition(action, self.encoding.encode(m.configuration), m.kind, m.answer) for action, m in moves if m is not None]

    def _watch_mask(self, thread: int) -> int:
        e = self.encoding
        return e.thread(thread) | sum(e.status(c) | e.cell(thread, c) for c in range(1, self.scope.connections + 1))

    def watch(self, states: Sequence[int]) -> None:
        """See `TransitionSystem`. Only whole operations are tested, one thread at a time, and only while a property is unmet."""
        for number, (mask, seen) in enumerate(self._watched.items(), start=1):
            if not self._unmet:
                return
            for part in {state & mask for state in states} - seen:
                seen.add(part)
                self._watch_part(part, number)

    def _watch_part(self, part: int, thread: int) -> None:
        configuration = self.encoding.decode(part)
        for request in self.encoding.requests:
            moved = move(configuration, Whole(request), self.step) if request.on_thread() in (thread, None) else None
            for sometimes in [s for s in self._unmet if moved is not None and s.met(configuration, moved, thread)]:
                self._met[sometimes.name] = True
                self._unmet.remove(sometimes)

    def met(self) -> dict[str, bool]:
        """See `TransitionSystem`."""
        return dict(self._met)

    def show(self, state: int) -> str:
        """See `TransitionSystem`."""
        return configuration_in_words(self.encoding.decode(state))

    def show_action(self, action: Hashable) -> str:
        """See `TransitionSystem`."""
        assert isinstance(action, Action)
        return action_in_words(action)

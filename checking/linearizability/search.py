"""Just-in-time linearization: the configurations that are possible after each moment of a history.

A configuration is a bit mask of the pending calls that have taken effect, and the state that they led to (Lowe, "Testing for
linearizability", 2017: the memo of Wing and Gong's search, "Testing and verifying concurrent objects", 1993). The search keeps the set
of configurations that explain everything so far, and nothing else. So a history of any length costs memory for its pending calls only,
and time linear in its length if few calls overlap. A call is made to take effect as late as possible: at its end.

Three reductions keep the set small; none of them loses an explanation.
- A pending call takes effect at once if its answer is right here and it changes nothing in any state in which it gives that answer:
  whatever place an explanation gives it, this place serves as well. (To change nothing here is not enough: an explanation may need the
  call at a place where it does change the state.)
- Before a call that must take effect now, only the calls that do not commute with it, directly or through others, are tried; the rest
  can wait. If its answer is wrong so far, only calls that can make it right are tried: a stubborn set (Valmari, "Stubborn sets for
  reduced state space generation", 1990) whose necessary enabling sets are the specification's `needs`.
- A call without an answer may never have happened. Of two equal states, the one in which it has not happened yet allows every
  continuation of the other. Of two equal calls that are never answered, the earlier stands for both.

`checking.linearizability.window` explains a failure. Past its budget the search raises `OverBudget`.

Long because the steps below share one inner loop, and all work on the same masks.
"""

from collections.abc import Iterable

from subwarden.checking.linearizability.configurations import (
    Config,
    Configs,
    DeadEnd,
    Impossible,
    OverBudget,
    Path,
    PendingHistoryCall,
    StatesByNumber,
    Step,
    bits,
    without_dominated,
)
from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.specification import Asked, Footprint, Specification, clash

BUDGET = 200_000
STATES = 100_000  # numbered states; past this the states that no configuration needs are dropped


class HistorySearch:
    """The configurations after the moments given so far.

    In: `budget` bounds the configurations visited at one moment; `remember` keeps for each configuration an order that leads to it.
    """

    def __init__(self, specification: Specification, budget: int = BUDGET, remember: bool = False) -> None:
        self.specification = specification
        self.budget = budget
        self.remember = remember
        self.states = StatesByNumber()
        self.configs: Configs = {(0, self.states.number(specification.initial())): None}
        self.slots: dict[int, PendingHistoryCall] = {}  # bit -> pending call
        self.by_call: dict[HistoryCall, int] = {}
        self.pending = 0
        self.unbound = 0
        self.optional = 0
        self.inert = 0
        self.visited = 0
        self.widest = 1
        self.dead_ends: list[DeadEnd] | None = None

    def copy(self, remember: bool = True) -> "HistorySearch":
        """A search that continues from here, with empty orders."""
        other = HistorySearch(self.specification, self.budget, remember)
        other.states = StatesByNumber()
        other.configs = {(done, other.states.number(self.states.known[state])): None for done, state in self.configs}
        other.slots = {bit: PendingHistoryCall(p.call, p.asked, p.touches, p.clashes, p.twins) for bit, p in self.slots.items()}
        other.by_call = dict(self.by_call)
        other.pending, other.optional, other.inert = self.pending, self.optional, self.inert
        return other

    def advance(self, moment: Moment) -> None:
        """Process `moment`. Raises Impossible or OverBudget."""
        if moment.calls:
            self.begin(moment.calls)
        for call in moment.ends:
            self.end(call)

    def begin(self, calls: Iterable[HistoryCall]) -> None:
        """Process `calls`, all made at one time. Raises OverBudget."""
        self.visited = 0
        if len(self.states.known) > STATES:
            self._forget_states()
        fresh = 0
        for call in calls:
            fresh |= self._admit(call)
        if self.unbound:
            self._bind_all()
        settling = fresh & self.inert
        if settling:
            before, self.configs = self.configs, {}
            for (done, state), path in before.items():
                self._keep(self.configs, *self._settle(done, state, path, settling))

    def end(self, call: HistoryCall) -> None:
        """Process the end of `call`: if it was answered, it has taken effect by now. Raises Impossible or OverBudget."""
        self.visited = 0
        bit = self.by_call[call]
        cancelled = call.fate.end is CallEnding.CANCELLED
        after: Configs = {}
        for (done, state), path in self.configs.items():
            if done & bit:
                self._keep(after, done ^ bit, state, path)
                continue
            if cancelled:
                without = self.specification.forget(self.states.known[state], bit)
                self._keep(after, done, self.states.number(without), path)
            self._explore(done, state, path, bit, after)
        if not after:
            raise Impossible(call, self.configs)
        self._retire(call, bit)
        self.configs = without_dominated(after, self.optional) if self.optional else after
        self.widest = max(self.widest, len(self.configs))

    def _admit(self, call: HistoryCall) -> int:
        specification, free = self.specification, ~self.pending
        bit = free & -free
        must = call.fate.end is CallEnding.RETURNED
        entry = PendingHistoryCall(
            call, Asked(bit, call.operation, call.task, call.fate.answer, must), specification.touches(call.operation)
        )
        alike = (
            call.fate.end is CallEnding.NEVER and not specification.binds(call.operation) and not specification.needs_state(call.operation)
        )
        for other_bit, other in self.slots.items():
            if alike and other.call.fate.end is CallEnding.NEVER and other.call.operation == call.operation:
                entry.twins |= other_bit
            if clash(entry.touches, other.touches):
                entry.clashes |= other_bit
                other.clashes |= bit
        self.slots[bit] = entry
        self.by_call[call] = bit
        self.pending |= bit
        if not must:
            self.optional |= bit
        elif specification.inert(entry.asked):
            self.inert |= bit
        if specification.binds(call.operation):
            self.unbound |= bit
        return bit

    def _retire(self, call: HistoryCall, bit: int) -> None:
        del self.slots[bit], self.by_call[call]
        self.pending &= ~bit
        self.optional &= ~bit
        self.inert &= ~bit
        for other in self.slots.values():
            other.clashes &= ~bit

    def _forget_states(self) -> None:
        old, self.states = self.states, StatesByNumber()
        self.configs = {(done, self.states.number(old.known[state])): path for (done, state), path in self.configs.items()}
        for entry in self.slots.values():
            entry.steps.clear()

    def _step(self, state: int, entry: PendingHistoryCall) -> Step:
        known = entry.steps.get(state)
        if known is None:
            effect = self.specification.step(self.states.known[state], entry.asked)
            after = self.states.number(effect.state) if effect.state is not self.states.known[state] else state
            known = entry.steps[state] = Step(self.specification.fits(effect.answer, entry.asked.answer), after, effect)
        return known

    def _bound(self, state: int, entry: PendingHistoryCall) -> int:
        return self.states.number(self.specification.bind(self.states.known[state], entry.asked))

    def _before_binding(self, done: int, state: int, entry: PendingHistoryCall) -> int:
        """The pending calls whose effect may still change the binding of `entry`."""
        touches = self.specification.bind_touches(self.states.known[state], entry.asked)
        return self._touching(touches, self.pending & ~done & ~entry.asked.slot)

    def _count(self) -> None:
        self.visited += 1
        if self.visited > self.budget:
            raise OverBudget

    def _keep(self, into: Configs, done: int, state: int, path: Path) -> None:
        if (done, state) not in into:
            self._count()
            into[done, state] = path

    def _settle(self, done: int, state: int, path: Path, among: int) -> tuple[int, int, Path]:
        """Let each inert call of `among` take effect whose answer is right in this state."""
        left = among & ~done
        while left:
            bit = left & -left
            left ^= bit
            entry = self.slots[bit]
            step = self._step(state, entry)
            if step.fits:
                done |= bit
                state = step.after
                if self.remember:
                    path = (path, entry.call)
        return done, state, path

    def _place(self, done: int, path: Path, bit: int, step: Step) -> tuple[int, int, Path]:
        """Let call `bit` take effect, and then the inert calls whose answers are now right."""
        if self.remember:
            path = (path, self.slots[bit].call)
        among = self.inert & ~self.unbound if step.effect.changed else 0
        return self._settle(done | bit, step.after, path, among)

    def _candidates(self, done: int, state: int, start: int, free: int) -> dict[int, Step]:
        """A stubborn set: every pending call that must be tried here, with its effect.

        In: `start` masks the calls that must be tried in any case, `free` those that may take effect.
        """
        found: dict[int, Step] = {}
        undone = free & ~done
        todo = start & undone
        reached = todo
        while todo:
            bit = todo & -todo
            todo ^= bit
            entry = self.slots[bit]
            if entry.twins & ~done:
                continue  # a twin that has not happened yet stands for it
            step = found[bit] = self._step(state, entry)
            drawn = entry.clashes & undone & ~reached
            if drawn and not step.fits:
                needs = self.specification.needs(self.states.known[state], entry.asked)
                if needs is not None:
                    drawn = self._touching(needs, drawn)
            reached |= drawn
            todo |= drawn
        return found

    def _touching(self, footprint: Footprint, among: int) -> int:
        found = 0
        while among:
            bit = among & -among
            among ^= bit
            if clash(footprint, self.slots[bit].touches):
                found |= bit
        return found

    def _explore(self, done: int, state: int, path: Path, target: int, into: Configs) -> None:
        """Add to `into` every configuration in which `target` takes effect now, after other calls that may have to come before it."""
        clashing = self.slots[target].clashes
        seen: set[Config] = {(done, state)}
        # Only a call that clashes with the target need stand right before it: one that commutes can also come after it.
        stack: list[tuple[int, int, Path, bool]] = [(done, state, path, True)]
        while stack:
            done, state, path, adjacent = stack.pop()
            found = self._candidates(done, state, target, self.pending)
            stuck = True
            for bit, step in found.items():
                if not step.fits:
                    continue
                stuck = False
                if bit == target and not adjacent:
                    continue
                after, next_state, next_path = self._place(done, path, bit, step)
                if after & target:
                    self._keep(into, after ^ target, next_state, next_path)
                    continue
                arrives = bool((after ^ done) & clashing)
                if (after, next_state) not in seen:
                    self._count()
                    seen.add((after, next_state))
                    stack.append((after, next_state, next_path, arrives))
                elif arrives:
                    self._try(after, next_state, next_path, target, into)
            if stuck and self.dead_ends is not None:
                calls = tuple((self.slots[bit].call, step.effect) for bit, step in found.items())
                self.dead_ends.append(DeadEnd(path, self.states.known[state], calls))

    def _try(self, done: int, state: int, path: Path, target: int, into: Configs) -> None:
        """Let the target take effect; the rest has been explored by another path."""
        step = self._step(state, self.slots[target])
        if step.fits:
            done, state, path = self._place(done, path, target, step)
            self._keep(into, done ^ target, state, path)

    def _bind_all(self) -> None:
        """Bind the calls just made, in every state that they may have seen: pending calls may have taken effect before them."""
        calls, self.unbound = self.unbound, 0
        bound: Configs = {}
        seen: set[tuple[Config, int]] = set()
        stack: list[tuple[int, int, Path, int]] = []

        def visit(done: int, state: int, path: Path, left: int) -> None:
            if ((done, state), left) not in seen:
                self._count()
                seen.add(((done, state), left))
                stack.append((done, state, path, left))

        for (done, state), path in self.configs.items():
            visit(done, state, path, calls)
        while stack:
            done, state, path, left = stack.pop()
            left, state = self._bind_free(done, state, left)
            if not left:
                self._keep(bound, done, state, path)
                continue
            self.unbound = left
            start = 0
            for bit in bits(left):
                entry = self.slots[bit]
                visit(done, self._bound(state, entry), path, left ^ bit)
                start |= self._before_binding(done, state, entry)
            # unbound calls take no effect here: the branches above bind them first
            for bit, step in self._candidates(done, state, start, self.pending & ~left).items():
                if step.fits:
                    visit(*self._place(done, path, bit, step), left)
            self.unbound = 0
        self.configs = bound

    def _bind_free(self, done: int, state: int, left: int) -> tuple[int, int]:
        """Bind the calls whose binding no pending call can change any more."""
        for bit in bits(left):
            entry = self.slots[bit]
            if not self._before_binding(done, state, entry):
                state = self._bound(state, entry)
                left ^= bit
        return left, state

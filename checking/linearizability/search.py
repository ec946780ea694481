"""Which worlds are possible after each moment of a history: just-in-time linearization, moment by moment.

A configuration is a bit mask of the pending calls that have taken effect, and the world they led to (Lowe, "Testing for
linearizability", 2017: the memo of Wing and Gong's search, "Testing and verifying concurrent objects", 1993). The search keeps the set
of configurations that explain everything so far, and nothing else: what has ended is settled, so a history of any length costs memory
for its pending calls only, and time in its length where few calls overlap. A call is made to take effect when it must: at its end.

Three reductions keep the set small; none of them loses an explanation.
- A pending call whose answer is right and which changes nothing wherever it answers so takes effect at once: wherever an explanation
  has it, here will do. (That it changes nothing here is not enough: taken from another place, where it does, it would be missed.)
- Before a call that must take effect now, only those are tried that do not commute with it, directly or through others; the rest can
  wait. Where its answer is wrong so far, only what can set it right: a stubborn set (Valmari, "Stubborn sets for reduced state space
  generation", 1990) whose necessary enabling sets are the specification's `needs`.
- A call without an answer may never have happened. Of two equal worlds, the one in which it has not happened yet can do all that the
  other can. Of two calls that are alike and never answered, the earlier stands for both.

It refuses to explain (see `checking.linearizability.window`) and to guess: past its budget it raises `OverBudget`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.specification import Asked, CallEffect, Configuration, Footprint, Specification, clash

Config = tuple[int, int]  # the mask, and the number of the world (see `_Configurations`)
Path = tuple["Path", HistoryCall] | None  # the calls placed, last first
Configs = dict[Config, Path]  # in order of discovery, so that nothing depends on hashes
BUDGET = 200_000
WORLDS = 100_000  # worlds that are kept by number before those that no configuration needs are forgotten


class OverBudget(Exception):
    """More configurations than allowed at one moment: nothing can be said."""


class Impossible(Exception):
    """No configuration explains this end: the history is not linearizable. `before` explained everything up to it."""

    def __init__(self, call: HistoryCall, before: Configs) -> None:
        super().__init__(call.id)
        self.call = call
        self.before = before


class Step(NamedTuple):
    """What a call would do in a world, worked out once: whether its answer fits, and the number of the world after."""

    fits: bool
    after: int
    effect: CallEffect


@dataclass(slots=True)
class PendingHistoryCall:
    """A call that has not ended, in its slot. `clashes` masks the pending calls that it may not commute with, `twins` earlier calls
    that can stand for it: the same operation, never answered either."""

    call: HistoryCall
    asked: Asked
    touches: Footprint
    clashes: int = 0
    twins: int = 0
    steps: dict[int, Step] = field(default_factory=dict)


class _Configurations:
    """Worlds by number: everything the search compares is then small integers."""

    def __init__(self) -> None:
        self.known: list[Configuration] = []
        self._numbers: dict[Configuration, int] = {}

    def number(self, world: Configuration) -> int:
        """The number of `world`."""
        number = self._numbers.setdefault(world, len(self.known))
        if number == len(self.known):
            self.known.append(world)
        return number


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """A configuration in which nothing that could help can take effect: each candidate, and what it would do."""

    path: Path
    world: Configuration
    candidates: tuple[tuple[HistoryCall, CallEffect], ...]


class HistorySearch:
    """The configurations after the moments given so far. `remember`: keep for each one an order that leads to it."""

    def __init__(self, specification: Specification, budget: int = BUDGET, remember: bool = False) -> None:
        self.specification = specification
        self.budget = budget
        self.remember = remember
        self.worlds = _Configurations()
        self.configs: Configs = {(0, self.worlds.number(specification.initial())): None}
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
        """A search that goes on from here, without a past."""
        other = HistorySearch(self.specification, self.budget, remember)
        other.worlds = _Configurations()
        other.configs = {(done, other.worlds.number(self.worlds.known[world])): None for done, world in self.configs}
        other.slots = {bit: PendingHistoryCall(p.call, p.asked, p.touches, p.clashes, p.twins) for bit, p in self.slots.items()}
        other.by_call = dict(self.by_call)
        other.pending, other.optional, other.inert = self.pending, self.optional, self.inert
        return other

    def advance(self, moment: Moment) -> None:
        """Let `moment` happen. Raises Impossible or OverBudget."""
        if moment.calls:
            self.begin(moment.calls)
        for call in moment.ends:
            self.end(call)

    def begin(self, calls: Iterable[HistoryCall]) -> None:
        """All of `calls` are made at one time."""
        self.visited = 0
        if len(self.worlds.known) > WORLDS:
            self._forget_worlds()
        fresh = 0
        for call in calls:
            fresh |= self._admit(call)
        if self.unbound:
            self._bind_all()
        settling = fresh & self.inert
        if settling:
            before, self.configs = self.configs, {}
            for (done, world), path in before.items():
                self._keep(self.configs, *self._settle(done, world, path, settling))

    def end(self, call: HistoryCall) -> None:
        """`call` ends: if it was answered, it has taken effect by now."""
        self.visited = 0
        bit = self.by_call[call]
        cancelled = call.fate.end is CallEnding.CANCELLED
        after: Configs = {}
        for (done, world), path in self.configs.items():
            if done & bit:
                self._keep(after, done ^ bit, world, path)
                continue
            if cancelled:
                world_without = self.specification.forget(self.worlds.known[world], bit)
                self._keep(after, done, self.worlds.number(world_without), path)
            self._explore(done, world, path, bit, after)
        if not after:
            raise Impossible(call, self.configs)
        self._retire(call, bit)
        self.configs = self._without_dominated(after) if self.optional else after
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

    def _forget_worlds(self) -> None:
        old, self.worlds = self.worlds, _Configurations()
        self.configs = {(done, self.worlds.number(old.known[world])): path for (done, world), path in self.configs.items()}
        for entry in self.slots.values():
            entry.steps.clear()

    def _step(self, world: int, entry: PendingHistoryCall) -> Step:
        known = entry.steps.get(world)
        if known is None:
            effect = self.specification.step(self.worlds.known[world], entry.asked)
            after = self.worlds.number(effect.world) if effect.world is not self.worlds.known[world] else world
            known = entry.steps[world] = Step(self.specification.fits(effect.answer, entry.asked.answer), after, effect)
        return known

    def _bound(self, world: int, entry: PendingHistoryCall) -> int:
        return self.worlds.number(self.specification.bind(self.worlds.known[world], entry.asked))

    def _before_binding(self, done: int, world: int, entry: PendingHistoryCall) -> int:
        """The pending calls that may still make a difference to what `entry` sees."""
        touches = self.specification.bind_touches(self.worlds.known[world], entry.asked)
        return self._touching(touches, self.pending & ~done & ~entry.asked.slot)

    def _count(self) -> None:
        self.visited += 1
        if self.visited > self.budget:
            raise OverBudget

    def _keep(self, into: Configs, done: int, world: int, path: Path) -> None:
        if (done, world) not in into:
            self._count()
            into[done, world] = path

    def _settle(self, done: int, world: int, path: Path, among: int) -> tuple[int, int, Path]:
        """Let those `among` the inert calls take effect that are answered right here."""
        left = among & ~done
        while left:
            bit = left & -left
            left ^= bit
            entry = self.slots[bit]
            step = self._step(world, entry)
            if step.fits:
                done |= bit
                world = step.after
                if self.remember:
                    path = (path, entry.call)
        return done, world, path

    def _place(self, done: int, path: Path, bit: int, step: Step) -> tuple[int, int, Path]:
        """`bit` takes effect, and what that settles."""
        if self.remember:
            path = (path, self.slots[bit].call)
        among = self.inert & ~self.unbound if step.effect.changed else 0
        return self._settle(done | bit, step.after, path, among)

    def _candidates(self, done: int, world: int, start: int, free: int) -> dict[int, Step]:
        """A stubborn set: every pending call that must be tried here, with its effect. `start`: what something needs from.

        `free` masks those that may take effect. Others are not entered: what stands in their way is the caller's business.
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
                continue  # a twin that has not happened yet does as well
            step = found[bit] = self._step(world, entry)
            drawn = entry.clashes & undone & ~reached
            if drawn and not step.fits:
                needs = self.specification.needs(self.worlds.known[world], entry.asked)
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

    def _explore(self, done: int, world: int, path: Path, target: int, into: Configs) -> None:
        """Every way to let `target` take effect now, after those that it cannot do without."""
        clashing = self.slots[target].clashes
        seen: set[Config] = {(done, world)}
        # Only what clashes with the target can stand right before it: what commutes with it can also come after it.
        stack: list[tuple[int, int, Path, bool]] = [(done, world, path, True)]
        while stack:
            done, world, path, adjacent = stack.pop()
            found = self._candidates(done, world, target, self.pending)
            stuck = True
            for bit, step in found.items():
                if not step.fits:
                    continue
                stuck = False
                if bit == target and not adjacent:
                    continue
                after, next_world, next_path = self._place(done, path, bit, step)
                if after & target:
                    self._keep(into, after ^ target, next_world, next_path)
                    continue
                arrives = bool((after ^ done) & clashing)
                if (after, next_world) not in seen:
                    self._count()
                    seen.add((after, next_world))
                    stack.append((after, next_world, next_path, arrives))
                elif arrives:
                    self._try(after, next_world, next_path, target, into)
            if stuck and self.dead_ends is not None:
                calls = tuple((self.slots[bit].call, step.effect) for bit, step in found.items())
                self.dead_ends.append(DeadEnd(path, self.worlds.known[world], calls))

    def _try(self, done: int, world: int, path: Path, target: int, into: Configs) -> None:
        """The target alone, where the rest has been explored from another side."""
        step = self._step(world, self.slots[target])
        if step.fits:
            done, world, path = self._place(done, path, target, step)
            self._keep(into, done ^ target, world, path)

    def _bind_all(self) -> None:
        """Bind the calls just made, in every world they may have seen: those that pending calls may still have led to by now."""
        calls, self.unbound = self.unbound, 0
        bound: Configs = {}
        seen: set[tuple[Config, int]] = set()
        stack: list[tuple[int, int, Path, int]] = []

        def visit(done: int, world: int, path: Path, left: int) -> None:
            if ((done, world), left) not in seen:
                self._count()
                seen.add(((done, world), left))
                stack.append((done, world, path, left))

        for (done, world), path in self.configs.items():
            visit(done, world, path, calls)
        while stack:
            done, world, path, left = stack.pop()
            left, world = self._bind_free(done, world, left)
            if not left:
                self._keep(bound, done, world, path)
                continue
            self.unbound = left
            start = 0
            for bit in _bits(left):
                entry = self.slots[bit]
                visit(done, self._bound(world, entry), path, left ^ bit)
                start |= self._before_binding(done, world, entry)
            # what an unbound call stands for is reached by binding it first, which has just been tried
            for bit, step in self._candidates(done, world, start, self.pending & ~left).items():
                if step.fits:
                    visit(*self._place(done, path, bit, step), left)
            self.unbound = 0
        self.configs = bound

    def _bind_free(self, done: int, world: int, left: int) -> tuple[int, int]:
        """Bind those for which nothing that may still come first makes a difference."""
        for bit in _bits(left):
            entry = self.slots[bit]
            if not self._before_binding(done, world, entry):
                world = self._bound(world, entry)
                left ^= bit
        return left, world

    def _without_dominated(self, configs: Configs) -> Configs:
        """Drop configurations in which a call without an answer happened for nothing."""
        optional = self.optional
        if len(configs) < 2 or not any(done & optional for done, _ in configs):
            return configs
        groups: dict[Config, list[int]] = {}
        for done, world in configs:
            groups.setdefault((done & ~optional, world), []).append(done & optional)
        kept: Configs = {}
        for (done, world), path in configs.items():
            mine = done & optional
            others = groups[done & ~optional, world]
            if not any(other != mine and other & mine == other for other in others):
                kept[done, world] = path
        return kept


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        found.append(mask & -mask)
        mask &= mask - 1
    return found

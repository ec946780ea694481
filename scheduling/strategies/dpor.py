"""Source-DPOR with sleep sets: one run for every way in which the steps of a program really interfere. For the order `any`.

Abdulla, Aronis, Jonsson, Sagonas: Optimal Dynamic Partial Order Reduction, POPL 2014, algorithm 1; sleep sets: Godefroid 1996. Two runs
are equivalent if one becomes the other by swapping neighbouring independent steps, and equivalent runs end alike. After each run, its
races are looked for (two steps of different chains that conflict, with nothing between that orders them); for each, a run is asked for in
which the second comes first. A step's footprint is known only once it has been made, so all this happens when a run has ended.

Guarantees: when the strategy is exhausted (`complete`), every class of equivalent runs has been run at least once: every outcome that any
schedule in the order `any` has, one of the runs made has had. That rests on footprints (`scheduling.strategies.footprints`): all state
that tasks share must be declared. It speaks of how runs end, not of the states they pass. Runs that turn out to be covered by others are
given up (`Redundant`), and a run that is stopped before it rests is not followed beyond. What cannot be reduced soundly is refused: the
order `fifo` (the queue makes almost all steps dependent), and faults (they need not happen; explore them one by one, as events).
"""

from scheduling.handles import Handle, label, owner
from scheduling.loop import ControlledLoop
from scheduling.order import Order, timer_may_fire
from scheduling.run import Choose
from scheduling.strategies.chains import CLOCK
from scheduling.strategies.footprints import EVERYTHING, RECORDER, WRITE, Footprint, conflict
from scheduling.strategies.primitives import TrackedTask, check_awaited, record
from scheduling.strategies.strategy import Redundant


class _Node:
    """A choice of the run that is being made, and what is known of the others there."""

    __slots__ = ("after", "backtrack", "candidates", "chain", "done", "enabled_by", "footprint", "known", "pick", "sleep", "thing")

    def __init__(self, candidates: list[object], sleep: dict[int, Footprint], known: dict[int, Footprint]) -> None:
        self.candidates = candidates
        self.known = known  # what candidates touched when they were made earlier on the way here
        self.sleep = sleep  # candidates whose runs from here are covered elsewhere, with their footprints
        self.pick = next((at for at in range(len(candidates)) if at not in sleep), -1)
        self.backtrack = {self.pick}
        self.done: dict[int, Footprint] = {}
        self.footprint: Footprint = {}
        self.thing: object = None
        self.chain: object = None
        self.enabled_by = -1
        self.after = 0  # the set of earlier steps that this one comes after, one bit each


class Dpor:
    """Exhausted when every class of equivalent runs has been run. Use inside `recording()`."""

    name = "dpor"
    every_choice = True

    def __init__(self) -> None:
        self.complete = False
        self.runs = 0
        self.redundant = 0
        self._nodes: list[_Node] = []
        self._at = 0
        self._pending: dict[object, int] = {}  # what could happen and has not, and which step made it possible
        self._known = 0  # nodes that the run shares with the one before, and whose races have been looked for

    def begin(self, loop: ControlledLoop, order: Order) -> Choose | None:
        if order is not Order.ANY:
            raise ValueError("partial-order reduction is for the order `any`: in `fifo` the ready queue makes almost all steps dependent")
        if self.complete:
            return None
        record(loop)
        self._at = 0
        nodes = self._nodes
        pending = self._pending = {}

        def choose(n: int) -> int:
            at = self._at
            candidates: list[object] = [*loop.ready, *loop.events]
            if timer_may_fire(loop, order):
                candidates.append(CLOCK)
            if len(candidates) != n:
                raise ValueError("faults need not happen, so they cannot be reduced: explore each as an event, or use `exhaustive`")
            if at:
                self._finish_step(at - 1)
            elif self._known:
                RECORDER.skip(look=False)
            else:
                RECORDER.take()
            for thing in candidates:
                pending.setdefault(thing, at - 1)
            if len(pending) != n:
                self._note_disabled([thing for thing in pending if thing not in candidates])
            if at < len(nodes):
                node = nodes[at]
                if len(node.candidates) != n:
                    raise RuntimeError(f"the program is not the same in every run: {n} candidates, not {len(node.candidates)}")
                node.candidates = candidates
            else:
                node = _Node(candidates, *self._inherited(at, candidates))
                if node.pick < 0:
                    raise Redundant
                nodes.append(node)
            self._at = at + 1
            node.thing = thing = candidates[node.pick]
            node.enabled_by = pending.pop(thing)
            node.chain = owner(thing) or thing if isinstance(thing, Handle) else thing
            RECORDER.step_of(label(thing) if isinstance(thing, Handle) else str(getattr(thing, "label", thing)))
            return node.pick

        return choose

    def end(self, _choices: list[int], _steps: int) -> None:
        nodes = self._nodes
        if self._at == len(nodes) and nodes and not nodes[-1].footprint:
            self._finish_step(len(nodes) - 1)
            self._note_disabled(list(self._pending))
            self.runs += 1
        else:
            self.redundant += 1
        RECORDER.stop()
        if self._at < len(nodes):
            raise RuntimeError(f"the program is not the same in every run: it ended after {self._at} steps")
        for at in range(max(0, self._known), len(nodes)):
            self._find_races(at)
        while nodes:
            node = nodes[-1]
            left = [at for at in sorted(node.backtrack) if at not in node.done and at not in node.sleep and at != node.pick]
            node.done[node.pick] = node.footprint
            if left:
                node.pick = left[0]
                node.footprint = {}
                self._known = len(nodes) - 1
                return
            nodes.pop()
        self.complete = True

    def _note_disabled(self, things: list[object]) -> None:
        """The last step made these impossible (a cancelled task takes its event back, the clock stops): ask for each before it.

        They are in no run that went this way, so no race would tell of them.
        """
        node = self._nodes[self._at - 1]
        for thing in things:
            del self._pending[thing]
            if thing in node.candidates:
                node.backtrack.add(node.candidates.index(thing))

    def _finish_step(self, at: int) -> None:
        """The step at `at` is over: note what it touched, its own chain included."""
        if at < self._known:
            RECORDER.skip(look=at == self._known - 1)
            return
        node = self._nodes[at]
        footprint = RECORDER.take()
        chain = node.chain
        if isinstance(chain, TrackedTask):
            footprint[chain.steps] = WRITE
            if chain._state != "PENDING":  # done(), without leaving a footprint
                footprint[chain.location] = WRITE
            check_awaited(chain)
        elif isinstance(chain, Handle):
            footprint["callback", label(chain)] = WRITE  # callbacks of one kind may share what their function encloses
        elif chain is CLOCK:
            footprint[EVERYTHING] = WRITE
        else:
            footprint["event", str(getattr(chain, "label", ""))] = WRITE
        # A step is made at once, but what it touches may hang on what others did before. To take it for the single access that the
        # paper speaks of, it must touch no less here than where it was made before: else the order of that access is never tried.
        _widen(footprint, node.known.get(node.pick, {}))
        node.footprint = footprint

    def _inherited(self, at: int, candidates: list[object]) -> tuple[dict[int, Footprint], dict[int, Footprint]]:
        """What sleeps before the choice `at`, and what is known of the footprints of all that could happen before already.

        What slept or was done before the last choice still sleeps if it is independent of what was picked there.
        """
        asleep: dict[int, Footprint] = {}
        known: dict[int, Footprint] = {}
        if at:
            before = self._nodes[at - 1]
            for index, footprint in (*before.known.items(), *before.sleep.items(), *before.done.items()):
                thing = before.candidates[index]
                if index != before.pick and thing in candidates:
                    place = candidates.index(thing)
                    _widen(known.setdefault(place, {}), footprint)
                    if (index in before.sleep or index in before.done) and not conflict(footprint, before.footprint):
                        asleep[place] = footprint
                    else:
                        asleep.pop(place, None)
        return asleep, known

    def _find_races(self, at: int) -> None:
        """Order the step at `at` after what it depends on; where only its own race orders it, ask for the other order."""
        nodes = self._nodes
        node = nodes[at]
        after = 0
        if node.enabled_by >= 0:
            after = nodes[node.enabled_by].after | 1 << node.enabled_by
        races = []
        for earlier in range(at - 1, -1, -1):
            other = nodes[earlier]
            if not after >> earlier & 1 and conflict(other.footprint, node.footprint):
                after |= other.after | 1 << earlier
                if other.chain is not node.chain:
                    races.append(earlier)
        node.after = after
        for earlier in races:
            self._reverse(earlier, at)

    def _reverse(self, first: int, second: int) -> None:
        """Ask for a run in which the step at `second` comes before that at `first`, unless one is asked for already.

        Such a run begins with one of its *initials*: a step that nothing else in it has to come before. The step at `second` is made in
        another state there, without the first, and may touch other things than it did here: it is an initial only if nothing else is
        left, or if it is known what it touches when made there.
        """
        nodes = self._nodes
        node = nodes[first]
        others = [at for at in range(first + 1, second) if not nodes[at].after >> first & 1]
        initials = []
        between = 0
        for at in others:
            if not nodes[at].after & between:
                initials.append(node.candidates.index(nodes[at].thing))
            between |= 1 << at
        if nodes[second].thing in node.candidates:
            index = node.candidates.index(nodes[second].thing)
            there = node.done.get(index, node.sleep.get(index))
            if not others or (there is not None and not any(conflict(there, nodes[at].footprint) for at in others)):
                initials.append(index)
        if initials and not any(at in node.backtrack or at in node.sleep for at in initials):
            node.backtrack.add(min(initials))


def _widen(footprint: Footprint, more: Footprint) -> None:
    for location, how in more.items():
        footprint[location] = footprint.get(location, 0) | how

"""What a script of plain asyncio is to assert of a fifo finding: at which step the failure shows, what shows, and what should.

Plain data, for `reports.script.manager`. It refuses what a script cannot show, and says why.
"""

import inspect
from typing import Any

from subwarden.checking import causes
from subwarden.checking.manager.pending import agrees
from subwarden.model.manager.operations import MANAGER_OPERATIONS, Operation, RemoveConnection
from subwarden.model.manager.projection import Shown, View, project, view
from subwarden.model.manager.step import Answer
from subwarden.scheduling.order import EARLY, TIMER
from subwarden.stateful_tests.exploring.findings.claimant import Claimant, NoScript, Refusal
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.subjects.manager.configurations import ShownConfiguration, ShownConfigurations, masked
from subwarden.stateful_tests.subjects.manager.play import ManagerPlay

Claim = dict[str, Any]

AT_REST = {
    causes.LATE_LISTENER: "listener",
    causes.LEFT_LISTENER: "listener",
    causes.TWO_LISTENERS: "two",
    causes.LEAKED_TASK: "task",
    causes.LEAKED_LOCK: "lock",
    causes.UNRETRIEVED: "unretrieved",
    causes.DEADLOCK: "stuck",
}
ENDLESS = {causes.RESTLESS: "restless", causes.BLOCKED: "blocked"}  # not worth following once more
SEEN = {
    causes.MAPS_DISAGREE: "maps",
    causes.REVIVED: "revived",
    causes.SUBSCRIBED_DEAD: "dead",
    causes.OUTLIVES: "dead",
    causes.HELD_OUTSIDE: "held",
}
PARTS = ("live", "entries", "links", "ids", "raw")


def claimant(run: FailingRun) -> Claimant:
    """See `stateful_tests.exploring.level.Level`."""
    if EARLY in run.names:
        return Refusal("it takes a step that is so slow that a timer is due while others are ready")
    if TIMER in run.names:
        return Refusal("the run waits for a timer, whose moment the stock loop's clock decides")
    if run.cause == causes.LOCK_CYCLE:
        return Refusal("locks are taken in both orders, which shows in a deadlock only where they meet")
    return EndlessClaimant(run) if run.cause in ENDLESS else ManagerClaimant(run)


class EndlessClaimant(Claimant):
    """Of a run that does not end, whose claim follows from its cause."""

    def __init__(self, run: FailingRun) -> None:
        self._run = run

    def plain(self, subject: str) -> dict[str, Any]:
        return _plain_data(subject, self._run, {"kind": ENDLESS[self._run.cause], "steps": None}, [], coroutines=False)


class ManagerClaimant(Claimant):
    """Hears of a run, with the model beside it up to the event at which the judge records the cause."""

    def __init__(self, run: FailingRun) -> None:
        self.claim: Claim | None = {"kind": AT_REST[run.cause], "steps": None} if run.cause in AT_REST else None
        self._run = run
        self._rests = [0]  # numbers of steps after which the run was quiescent but for outside events
        self._coroutines = False  # the manager's operations are coroutine functions: nothing of them runs before their task does
        self._rested = False  # whether the run has come to rest since
        self._wrong: Shown | None = None  # what showed when the cause was seen
        self._cause = run.cause
        self._known = False  # whether the judge had recorded the cause by the last event
        self._worlds = ShownConfigurations()
        self._steps = 0
        self._closed: set[int] = set()
        self._places = [0] * len(run.program.tasks)  # how many operations each task has finished
        self._shown: Shown | None = None  # when an operation returned, and the cause was seen

    def plain(self, subject: str) -> dict[str, Any]:
        if self.claim is None:
            raise NoScript("what the manager shows then is right after some order of the calls, only not at that moment")
        return _plain_data(subject, self._run, self.claim, self._rests, coroutines=self._coroutines)

    # --- what happens

    def begun(self, play: ManagerPlay) -> None:
        self._play = play
        self._coroutines = all(inspect.iscoroutinefunction(getattr(play.manager, o.name)) for o in MANAGER_OPERATIONS)

    def called(self, task: int, operation: Operation) -> None:
        self._worlds.called(task, operation)

    def returned(self, task: int, operation: Operation, answer: object, last: bool = True) -> None:
        if isinstance(operation, RemoveConnection):
            self._closed.add(operation.connection)
        if self._just_recorded():
            self._shown = self._play.manager.show()
            self._claim_at([task_name(task), self._places[task]], self._worlds.must_have_acted(task), self._shown, (task, answer))
        self._worlds.returned(task, answer, self._view())
        self._places[task] += 1

    def cancelled(self, task: int, operation: Operation) -> None:
        self._just_recorded()
        self._worlds.gone(task, self._view())

    def raised(self, task: int, operation: Operation, error: BaseException) -> None:
        if self._just_recorded():
            self.claim = {"kind": "raises", "steps": None, "task": task_name(task), "error": type(error).__name__}
        self._worlds.gone(task, self._view())

    def stepped(self) -> None:
        judge, loop = self._play.judge, self._play.loop
        self._steps += 1
        running = judge.tasks.get(id(getattr(loop.current._callback, "__self__", None)))
        possible = self._worlds.may_act(running)
        self._just_recorded()
        if self.claim is None and self._known and self._cause not in AT_REST:
            self._claim_at(None, possible, self._play.manager.show(), None)
        elif self.claim is not None and self.claim.get("look") is not None and self._shown == self._play.manager.show():
            self.claim.update(look=None, steps=self._steps)  # it still shows after the step: say it there, which is plainer
        self._shown = None
        self._worlds.looked(possible, self._view())
        if not loop.ready:
            self._rests.append(self._steps)
            self._look_at_rest()

    def _just_recorded(self) -> bool:
        """Whether the judge has recorded the cause at the event that is told now."""
        before, self._known = self._known, self._cause in self._play.judge.violations
        return self._known and not before

    def _look_at_rest(self) -> None:
        """What is wrong at any time, and still shows the same when nothing moves any more, is looked at then: the script is plainer."""
        claim = self.claim
        if claim is not None and claim["kind"] in ("maps", "dead", "revived") and claim["steps"] is not None and not self._rested:
            self._rested = True
            if self._play.manager.show() == self._wrong:
                claim["steps"] = self._steps

    def _view(self) -> View | None:
        shown = self._play.manager.show()
        return None if shown is None else project(shown)

    # --- claiming

    def _claim_at(
        self, look: list[Any] | None, possible: list[ShownConfiguration], shown: Shown | None, returned: tuple[int, object] | None
    ) -> None:
        where: Claim = {"look": look, "steps": None if look is not None else self._steps}
        kind = SEEN.get(self._cause)
        if kind == "held":
            self.claim = {"kind": kind, **where}
            return
        if kind is None and returned is not None:
            task, answer = returned
            agreeing = [w for w in possible if agrees(answer, w.answer(task))]
            if not agreeing:
                allowed = sorted({_plain(w.answer(task)) for w in possible}, key=repr)
                self.claim = {"kind": "answer", "steps": None, "answer": look, "allowed": [list(a) for a in allowed]}
                return
            possible = agreeing
        if shown is None:
            return
        self._wrong = shown
        match kind:
            case "maps":
                keys = shown.subscribers.keys() != shown.entries.keys()
                self.claim = {"kind": kind, "empty": not all(shown.threads_of.values()), "keys": keys, **where}
            case "revived":
                closed = self._closed.union(*(w.state.closed for w in possible))
                self.claim = {"kind": kind, "closed": sorted(closed), **where}
            case "dead":
                subscribed = {c for _, c in project(shown).links}
                dead = sorted(c for c in subscribed if all(c not in w.state.live for w in possible))
                self.claim = {"kind": kind, "not_live": dead if shown.live is None else None, **where}
            case _:
                self._claim_view(where, project(shown), {masked(view(w.state), project(shown)) for w in possible})

    def _claim_view(self, where: Claim, seen: View, allowed: set[View]) -> None:
        if seen in allowed or not allowed:
            return
        rows = sorted(({part: _sorted(model, part) for part in PARTS if getattr(model, part) is not None} for model in allowed), key=repr)
        shows = {part: _sorted(seen, part) for part in rows[0]}
        wrong = [part for part in rows[0] if all(row[part] != shows[part] for row in rows)]
        parts = wrong[:1] or [part for part in rows[0] if any(row[part] != shows[part] for row in rows)]
        kept: list[Claim] = []
        for row in rows:
            told = {part: row[part] for part in parts}
            if told not in kept:
                kept.append(told)
        self.claim = {"kind": "view", "allowed": kept, **where}


def _plain_data(subject: str, run: FailingRun, claim: Claim, rests: list[int], *, coroutines: bool) -> dict[str, Any]:
    return {
        "subject": imports(subject),
        "program": run.program.encode(),
        "schedule": list(run.names),
        "claim": claim,
        "rests": rests,
        "coroutines": coroutines,
    }


def _sorted(model: View, part: str) -> list[list[Any] | int]:
    """One part of a view as a script gets it from a manager, and JSON keeps it."""
    match part:
        case "live":
            return sorted(model.live or ())
        case "entries":
            return [[thread, *entry] for thread, entry in model.entries]
        case "ids":
            return sorted([s, *pair] for s, pair in model.ids)
    return sorted(list(pair) for pair in getattr(model, part))


def _plain(answer: object) -> tuple[Any, ...]:
    """An answer of the model's, as data: what it is, and its value."""
    if isinstance(answer, Answer):
        return ("state",) if answer is Answer.HANDLE else ("refused",)
    return ("ids", *answer) if isinstance(answer, tuple) else ("value", answer)

"""The claim of a fifo finding of a manager: the values that a script of plain asyncio compares, and the step after which it does.

Plain data for `reports.script.manager`, made from the judge's evidence. A finding that a script cannot show is refused, with the reason.
"""

import inspect
from typing import Any

from subwarden.checking import causes
from subwarden.checking.manager.evidence import WrongMaps, WrongReturn, WrongView
from subwarden.checking.manager.pending import agrees
from subwarden.model.manager.operations import MANAGER_OPERATIONS, Operation
from subwarden.model.manager.projection import Shown, View
from subwarden.model.manager.step import Answer
from subwarden.stateful_tests.exploring.findings.claimant import Claimant, Foregone, NoScript, Refusal
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.script.imports import imports
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
ENDLESS = {causes.RESTLESS: "restless", causes.BLOCKED: "blocked"}  # the run does not end
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
    if run.cause == causes.LOCK_CYCLE:
        return Refusal("locks are taken in both orders, which shows in a deadlock only where they meet")
    if run.cause in ENDLESS:
        claim: Claim = {"kind": ENDLESS[run.cause], "steps": None}
        return Foregone(lambda subject: _plain_data(subject, run, claim, [], coroutines=False))
    return ManagerClaimant(run)


class ManagerClaimant(Claimant):
    """Claims the judge's evidence, at the event at which the judge records the cause."""

    def __init__(self, run: FailingRun) -> None:
        self.claim: Claim | None = {"kind": AT_REST[run.cause.broad()], "steps": None} if run.cause.broad() in AT_REST else None
        self._run = run
        self._cause = run.cause
        self._recorded = False  # the judge had recorded the cause by the last event
        self._in_this_step = False  # it has been claimed at a return in the step that runs
        self._steps = 0
        self._rests = [0]  # numbers of steps after which nothing could move but for outside events
        self._rested = False  # there has been such a step since the claim
        self._ended = [0] * len(run.program.tasks)  # how many operations of each task have returned
        self._history: list[str] = []  # calls and answers, in order
        self._shown_then: Shown | None = None  # the maps when the cause was recorded

    def plain(self, subject: str) -> dict[str, Any]:
        if self.claim is None:
            raise NoScript("what the manager shows then is right after some order of the calls, only not at that moment")
        return _plain_data(subject, self._run, self.claim, self._rests, coroutines=self._coroutines)

    # --- events of the run

    def begun(self, play: ManagerPlay) -> None:
        self._play = play
        # of a coroutine function nothing runs before its task does
        self._coroutines = all(inspect.iscoroutinefunction(getattr(play.manager, o.name)) for o in MANAGER_OPERATIONS)

    def called(self, task: int, operation: Operation) -> None:
        self._history.append(f"{task_name(task)} calls")

    def returned(self, task: int, operation: Operation, answer: object, last: bool = True) -> None:
        self._history.append(f"{task_name(task)} returns {_noted(operation, answer)}")
        if self._just_recorded():
            self._claim([task_name(task), self._ended[task]])
            self._in_this_step = True
        self._ended[task] += 1

    def cancelled(self, task: int, operation: Operation) -> None:
        self._just_recorded()  # claimed at the end of the step, after which a script can look

    def raised(self, task: int, operation: Operation, error: BaseException) -> None:
        if self._just_recorded():
            self.claim = {"kind": "raises", "steps": None, "task": task_name(task), "error": type(error).__name__}

    def stepped(self) -> None:
        self._steps += 1
        self._just_recorded()
        claim = self.claim
        if claim is None and self._recorded:
            self._claim(None)
        elif claim is not None and self._in_this_step and claim.get("look") is not None and self._shows_the_same():
            claim.update(
                look=None, steps=self._steps, history=self._history.copy()
            )  # it still shows after the step: a script that looks then is plainer
        self._in_this_step = False
        if not self._play.loop.ready:
            self._rests.append(self._steps)
            self._look_at_rest()

    def _just_recorded(self) -> bool:
        """Whether the judge recorded the cause at this event."""
        before, self._recorded = self._recorded, self._cause in self._play.judge.violations
        return self._recorded and not before

    def _look_at_rest(self) -> None:
        """If a broken invariant still shows the same at quiescence, claim it there: the script is plainer."""
        claim = self.claim
        if claim is not None and claim["kind"] in ("maps", "dead", "revived") and claim["steps"] is not None and not self._rested:
            self._rested = True
            if self._shows_the_same():
                claim.update(steps=self._steps, history=self._history.copy())

    def _shows_the_same(self) -> bool:
        return bool(self._play.manager.show() == self._shown_then)

    # --- the claim

    def _claim(self, look: list[Any] | None) -> None:
        """Claim the evidence. `look`: the task and the number of its operation that has just returned; None: a step has ended."""
        where: Claim = {"look": look, "steps": None if look is not None else self._steps, "history": self._history.copy()}
        self._shown_then = self._play.manager.show()
        if self._cause == causes.HELD_OUTSIDE:
            self.claim = {"kind": "held", **where}
            return
        match self._play.judge.evidence.get(self._cause):
            case WrongReturn(answer, seen, allowed, _):
                agreeing = frozenset(view for each, view in allowed if agrees(answer, each))
                if not agreeing:
                    answers = sorted({_plain(each) for each, _ in allowed}, key=repr)
                    self.claim = {
                        "kind": "answer",
                        **where,
                        "look": None,
                        "steps": None,
                        "answer": look,
                        "allowed": [list(each) for each in answers],
                    }
                elif seen is not None:
                    self._claim_view(where, seen, agreeing)
            case WrongView(seen, allowed):
                self._claim_view(where, seen, allowed)
            case WrongMaps(shown, closed, dead):
                parts: Claim = {}
                match SEEN[self._cause]:
                    case "maps":
                        parts = {"empty": not all(shown.threads_of.values()), "keys": shown.subscribers.keys() != shown.entries.keys()}
                    case "revived":
                        parts = {"closed": sorted(closed)}
                    case "dead":
                        parts = {"not_live": sorted(dead) if shown.live is None else None}
                self.claim = {"kind": SEEN[self._cause], **parts, **where}

    def _claim_view(self, where: Claim, seen: View, allowed: frozenset[View]) -> None:
        if seen in allowed or not allowed:
            return
        rows = sorted(({part: _sorted(model, part) for part in PARTS if getattr(model, part) is not None} for model in allowed), key=repr)
        shows = {part: _sorted(seen, part) for part in rows[0]}
        wrong = [part for part in rows[0] if all(row[part] != shows[part] for row in rows)]
        parts = wrong[:1] or [part for part in rows[0] if any(row[part] != shows[part] for row in rows)]
        kept: list[Claim] = []
        for row in rows:
            row_parts = {part: row[part] for part in parts}
            if row_parts not in kept:
                kept.append(row_parts)
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
    """One part of a view, in the form that a script reads from a manager and JSON keeps."""
    match part:
        case "live":
            return sorted(model.live or ())
        case "entries":
            return [[thread, *entry] for thread, entry in model.entries]
        case "ids":
            return sorted([s, *pair] for s, pair in model.ids)
    return sorted(list(pair) for pair in getattr(model, part))


def _noted(operation: Operation, answer: object) -> object:
    """An answer as a script notes it: plain values only, and those of calls to the manager itself."""
    if not isinstance(operation, MANAGER_OPERATIONS) or answer is Answer.HANDLE:
        return "..."
    return None if answer is Answer.REFUSED else answer if answer is None or isinstance(answer, int) else "..."


def _plain(answer: object) -> tuple[Any, ...]:
    """An answer of the model as data: its kind and its value."""
    if isinstance(answer, Answer):
        return ("state",) if answer is Answer.HANDLE else ("refused",)
    return ("ids", *answer) if isinstance(answer, tuple) else ("value", answer)

"""The claim of a fifo finding of an adapter, as plain data for `reports.script.core`.

The script imports the adapter alone. It asserts the judge's evidence: at the end of the run if the evidence still shows then, else after
the step at which the judge recorded it. A finding that a script cannot show is refused, with the reason.
"""

import inspect
from typing import Any

from subwarden.checking import causes
from subwarden.checking.adapter_judge import Evidence
from subwarden.checking.custom.text import text_of
from subwarden.model.core.step import CoreOperation
from subwarden.scheduling.order import TIMER
from subwarden.stateful_tests.exploring.findings.claimant import Claimant, NoScript, Refusal
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.subjects.core.adapter import maps_of
from subwarden.stateful_tests.subjects.core.play import AdapterPlay

AT_REST = {causes.DEADLOCK: ("stuck",), causes.LEAKED_TASK: ("task",), causes.UNRETRIEVED: ("unretrieved",)}
NO_SCRIPT = {
    causes.LOCK_CYCLE: "locks are taken in both orders, which shows in a deadlock only where they meet",
    causes.LEAKED_LOCK: "a lock that is still held cannot be seen from outside",
    causes.RESTLESS: "the run does not come to rest",
    causes.BLOCKED: "a step blocks the loop for real",
}
AFTERWARDS = ("twice", "lost", "stray", "disorder", "broker")  # evidence that the judge looks for at quiescence only


def claimant(run: FailingRun) -> Claimant:
    """See `stateful_tests.exploring.level.Level`."""
    if TIMER in run.names:
        return Refusal("the run waits for a timer, whose moment the stock loop's clock decides")
    if run.cause in NO_SCRIPT:
        return Refusal(NO_SCRIPT[run.cause])
    return AdapterClaimant(run)


class AdapterClaimant(Claimant):
    """Claims the judge's evidence of an adapter's run, for any model."""

    def __init__(self, run: FailingRun) -> None:
        self._run = run
        self._steps = 0
        self._recorded = False  # the judge had recorded the cause by the last event
        self._recorded_after: int | None = None  # the step after which it had
        self._answer: tuple[str, int] | None = None  # the task, and which of its answers, that showed it
        self._raised: str | None = None  # the task whose exception showed it
        self._passing = False  # it shows in the middle of a step only
        self._still_shows = False  # at the end of the run
        self._answers: dict[int, int] = {}  # task -> how many it has had

    # --- events of the run

    def begun(self, play: AdapterPlay) -> None:
        self._play = play

    def returned(self, task: int, operation: CoreOperation, answer: object, last: bool = True) -> None:
        if self._just_recorded():
            self._answer = (task_name(task), self._answers.get(task, 0))
        self._answers[task] = self._answers.get(task, 0) + 1

    def raised(self, task: int, operation: CoreOperation, error: BaseException) -> None:
        if self._just_recorded():
            self._raised = task_name(task)

    def stepped(self) -> None:
        self._steps += 1
        self._just_recorded()
        if self._recorded_after is None and self._recorded:
            self._recorded_after = self._steps
            evidence = self._evidence()
            self._passing = bool(evidence) and evidence[0] in ("extra", "missing", "maps", "shown") and not self._shows(evidence)

    def finished(self) -> None:
        evidence = self._evidence()
        self._still_shows = bool(evidence) and evidence[0] not in (*AFTERWARDS, "answer", "own") and self._shows(evidence)

    def _just_recorded(self) -> bool:
        """Whether the judge recorded the cause at this event."""
        before, self._recorded = self._recorded, self._run.cause in self._play.judge.violations
        return self._recorded and not before

    def _evidence(self) -> Evidence:
        evidence: Evidence = self._play.judge.evidence.get(self._run.cause, ())
        return evidence

    def _shows(self, evidence: Evidence) -> bool:
        what, *pair = evidence
        shown = self._play.adapter.observe()
        if what == "shown":
            return bool(text_of(shown) == pair[0])
        here = [] if shown is None else [tuple(pair) in pairs for pairs in maps_of(shown).values()]
        return bool(here) and {"extra": any(here), "missing": not all(here), "maps": any(here) != all(here)}[str(what)]

    # --- the claim

    def plain(self, subject: str) -> dict[str, Any]:
        if not subject.rpartition(":")[2].isidentifier():
            raise NoScript("the adapter has no name by which a script could import it")
        kind = self._play.adapter.kind
        return {
            "subject": imports(subject),
            "environment": kind.takes_environment,
            "tasks": self._tasks(),
            "schedule": list(self._run.names),
            "close": "close" in kind.has,
            **self._claim(),
        }

    def _claim(self) -> dict[str, Any]:
        """The claim, and after which step it holds; None: at the end of the run."""
        cause = self._run.cause
        if not self._recorded and cause not in self._play.judge.violations:
            raise NoScript("the run does not show it any more")
        if self._passing:
            raise NoScript("what is wrong shows in the middle of a step only")
        if self._raised is not None:
            return {"claim": ["raises", self._raised, cause.mechanism.rpartition(" ")[2]], "steps": None}
        if cause.mechanism.startswith("close "):
            return {"claim": ["closing"], "steps": None}
        if cause.broad() in AT_REST:
            return {"claim": list(AT_REST[cause.broad()]), "steps": None}
        evidence = self._evidence()
        if not evidence:
            raise NoScript("each thing that shows is right after some order of the calls, only not all together")
        if evidence[0] == "answer":
            assert self._answer is not None
            return {"claim": ["answer", *self._answer, _literal(text_of(evidence[1]))], "steps": None}
        if evidence[0] == "shown":
            _literal(str(evidence[1]))
        if evidence[0] in AFTERWARDS or self._still_shows:
            return {"claim": list(evidence), "steps": None}
        return {"claim": list(evidence), "steps": self._recorded_after}

    def _tasks(self) -> dict[str, list[list[Any]]]:
        """The calls of each task: the method, its arguments, and whether it is a coroutine function."""
        adapter = self._play.adapter
        return {
            chain.name: [
                [site.name, list(site.arguments), inspect.iscoroutinefunction(getattr(adapter.manager, site.name))]
                for site in chain.sites
                if adapter.kind.plays(site.operation)
            ]
            for chain in self._play.chains
        }


def _literal(text: str) -> str:
    """`text`, if it is the literal of a plain value that a script can contain. Raises NoScript."""
    try:
        value = eval(text, {"__builtins__": {}}, {"set": set, "frozenset": frozenset})
    except Exception:
        raise NoScript(f"{text:.40} cannot be written down without the adapter's own classes") from None
    if text_of(value) != text:
        raise NoScript(f"{text:.40} is not what it reads like")
    return text

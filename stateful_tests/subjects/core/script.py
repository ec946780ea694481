"""What a script of plain asyncio is to play and to assert of a fifo finding of an adapter, as plain data for `reports.script.core`.

The script imports the adapter alone. It asserts what was seen here to be wrong, at the step at which it was seen or, if it still shows,
at rest. It refuses what a script cannot show, and says why.
"""

import inspect
from typing import Any

from subwarden.checking import causes
from subwarden.checking.adapter_judge import Evidence
from subwarden.checking.custom.text import text_of
from subwarden.model.core.step import CoreOperation
from subwarden.reports.script.core import write
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import TIMER, Order
from subwarden.scheduling.run import run as schedule
from subwarden.scheduling.schedule import Follower
from subwarden.stateful_tests.exploring.level import Factory, FailingRun, Level
from subwarden.stateful_tests.script.run import NOTHING, NoScript, doubt, imports

AT_REST = {causes.DEADLOCK: ("stuck",), causes.LEAKED_TASK: ("task",), causes.UNRETRIEVED: ("unretrieved",)}
NO_SCRIPT = {
    causes.LOCK_CYCLE: "locks are taken in both orders, which shows in a deadlock only where they meet",
    causes.LEAKED_LOCK: "a lock that is still held cannot be seen from outside",
    causes.RESTLESS: "the run does not come to rest",
    causes.BLOCKED: "a step blocks the loop for real",
}
AFTERWARDS = ("twice", "lost", "stray", "disorder", "broker")  # evidence of what is only looked at when nothing moves


def scripted(level: Level, told: dict[str, Any], subject: str, factory: Factory, run: FailingRun) -> dict[str, Any]:
    """See `stateful_tests.script.run.scripted`."""
    if run.order is not Order.FIFO:
        return NOTHING
    try:
        plain = _plain(level, subject, factory, run)
    except NoScript as reason:
        return {**NOTHING, "script_confirmed": False, "script_doubt": str(reason)}
    script = write({**told, "plain": plain})
    wrong = doubt(script, f"{told['property']} {told['title']}: {told['mechanism']}")
    return {"plain": plain, "script": script, "script_confirmed": wrong is None, "script_doubt": wrong}


def _plain(level: Level, subject: str, factory: Factory, run: FailingRun) -> dict[str, Any]:
    if TIMER in run.names:
        raise NoScript("the run waits for a timer, whose moment the stock loop's clock decides")
    if run.cause in NO_SCRIPT:
        raise NoScript(NO_SCRIPT[run.cause])
    if not subject.rpartition(":")[2].isidentifier():
        raise NoScript("the adapter has no name by which a script could import it")
    followed = _Followed(level, factory, run)
    kind = followed.play.adapter.kind
    return {
        "subject": imports(subject),
        "environment": kind.takes_environment,
        "tasks": followed.tasks(),
        "schedule": list(run.names),
        "close": "close" in kind.has,
        **followed.claim(),
    }


class _Followed:
    """A run followed once more, up to its end."""

    def __init__(self, level: Level, factory: Factory, run: FailingRun) -> None:
        self._run = run
        self._steps = 0
        self._seen: int | None = None  # the step after which the cause was known
        self._answer: tuple[str, int] | None = None  # the task, and which of its answers, that showed it
        self._raised: str | None = None
        self._passing = False  # it shows in the middle of a step only
        self._answers: dict[int, int] = {}
        with controlled_locks():
            loop = ControlledLoop()
            with loop.entered():
                self._prepared = level.prepare(run.program)
                self.play: Any = level.play(factory, self._prepared, loop, level.new_graph(), set())
                self._attach()
                try:
                    schedule(loop, Order.FIFO, Follower(LoopCandidates(loop, Order.FIFO), run.names), self._stepped, every_choice=True)
                    loop.report_unretrieved()
                    self.play.finish()
                finally:
                    loop.abandon()

    def _attach(self) -> None:
        judge: Any = self.play.judge  # its methods are wrapped, for this run only
        returned, raised = judge.returned, judge.raised

        def on_return(task: int, operation: CoreOperation, answer: object) -> None:
            known = self._run.cause in judge.violations
            returned(task, operation, answer)
            if not known and self._run.cause in judge.violations:
                self._answer = (self._prepared.chains[task].name, self._answers.get(task, 0))
            self._answers[task] = self._answers.get(task, 0) + 1

        def on_raise(task: int, operation: CoreOperation, error: BaseException) -> None:
            known = self._run.cause in judge.violations
            raised(task, operation, error)
            if not known and self._run.cause in judge.violations:
                self._raised = self._prepared.chains[task].name

        judge.returned, judge.raised = on_return, on_raise

    def _stepped(self) -> bool:
        judge = self.play.judge
        self._steps += 1
        judge.stepped()
        if self._seen is None and self._run.cause in judge.violations:
            self._seen = self._steps
            evidence = judge.evidence[self._run.cause]
            self._passing = bool(evidence) and evidence[0] in ("extra", "missing", "maps", "shown") and not self._shows(evidence)
        return False

    def _shows(self, evidence: Evidence) -> bool:
        what, *pair = evidence
        if what == "shown":
            return bool(text_of(self.play.adapter.observe()) == pair[0])
        here = [tuple(pair) in pairs for pairs in (self.play.observe() or {}).values()]
        return bool(here) and {"extra": any(here), "missing": not all(here), "maps": any(here) != all(here)}[str(what)]

    def claim(self) -> dict[str, Any]:
        """What is to be looked at, and after which step; None: at rest."""
        cause, judge = self._run.cause, self.play.judge
        if cause not in judge.violations:
            raise NoScript("the run does not show it any more")
        if self._passing:
            raise NoScript("what is wrong shows in the middle of a step only")
        if self._raised is not None:
            return {"claim": ["raises", self._raised, cause.mechanism.rpartition(" ")[2]], "steps": None}
        if cause.mechanism.startswith("close "):
            return {"claim": ["closing"], "steps": None}
        if cause in AT_REST:
            return {"claim": list(AT_REST[cause]), "steps": None}
        evidence = judge.evidence[cause]
        if not evidence:
            raise NoScript("each thing that shows is right after some order of the calls, only not all together")
        if evidence[0] == "answer":
            assert self._answer is not None
            return {"claim": ["answer", *self._answer, _literal(text_of(evidence[1]))], "steps": None}
        if evidence[0] == "shown":
            _literal(str(evidence[1]))
        if evidence[0] in AFTERWARDS or self._seen is None or (evidence[0] != "own" and self._shows(evidence)):
            return {"claim": list(evidence), "steps": None}
        return {"claim": list(evidence), "steps": self._seen}

    def tasks(self) -> dict[str, list[list[Any]]]:
        """What each task calls: the method, its arguments, and whether it is a coroutine function."""
        manager = self.play.adapter.manager
        return {
            chain.name: [
                [site.name, list(site.arguments), inspect.iscoroutinefunction(getattr(manager, site.name))]
                for site in chain.sites
                if self.play.adapter.kind.plays(site.operation)
            ]
            for chain in self._prepared.chains
        }


def _literal(text: str) -> str:
    """`text`, which a script can say as it is. Raises NoScript where it cannot."""
    try:
        value = eval(text, {"__builtins__": {}}, {"set": set, "frozenset": frozenset})
    except Exception:
        raise NoScript(f"{text:.40} cannot be written down without the adapter's own classes") from None
    if text_of(value) != text:
        raise NoScript(f"{text:.40} is not what it reads like")
    return text

"""The claim of a fifo finding of an adapter, as plain data for `reports.script.core`.

The script imports the adapter alone. It asserts the judge's evidence: at the end of the run if the evidence still shows then, else after
the step at which the judge recorded it; with the calls and answers up to that moment, on which the judge's opinion depends. A finding
that a script cannot show is refused, with the reason.
"""

import inspect
from collections.abc import Iterator
from typing import Any

from subwarden.checking import causes
from subwarden.checking.adapter_judge import Evidence
from subwarden.checking.core.connection_states import Maps
from subwarden.checking.custom.text import text_of
from subwarden.model.core.step import CoreOperation
from subwarden.stateful_tests.exploring.findings.claimant import Claimant, NoScript, Refusal
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.subjects.core.adapter import CoreAdapter
from subwarden.stateful_tests.subjects.core.maps import has_tables, is_table, maps_of
from subwarden.stateful_tests.subjects.core.play import AdapterPlay
from subwarden.stateful_tests.subjects.core.program import CallSite

Claim = list[Any]

NO_SCRIPT = {causes.LOCK_CYCLE: "locks are taken in both orders, which shows in a deadlock only where they meet"}
AT_END = (causes.DEADLOCK, causes.LEAKED_LOCK, causes.LEAKED_TASK, causes.UNRETRIEVED)
AFTERWARDS = ("twice", "lost", "stray", "disorder", "broker")  # evidence that the judge looks for at quiescence only
ANY = "ANY"  # in the place of an answer that cannot be written down


def claimant(run: FailingRun) -> Claimant:
    """See `stateful_tests.exploring.level.Level`."""
    return Refusal(NO_SCRIPT[run.cause]) if run.cause in NO_SCRIPT else AdapterClaimant(run)


class AdapterClaimant(Claimant):
    """Claims the judge's evidence of an adapter's run, for any model."""

    def __init__(self, run: FailingRun) -> None:
        self._run = run
        self._steps = 0
        self._rests: list[int] = []  # numbers of steps after which nothing could move but for outside events
        self._history: list[list[Any]] = []  # calls and answers, in order
        self._ended: list[str] = []  # tasks that ended without an answer
        self._recorded = False  # the judge had recorded the cause by the last event
        self._recorded_after: int | None = None  # the step after which it had
        self._known = 0, 0  # the lengths of `_history` and `_ended` at that moment
        self._answer: tuple[str, int] | None = None  # the method whose answer showed it, and the length of `_history` then
        self._raised: str | None = None  # the task whose exception showed it
        self._passing = False  # it shows in the middle of a step only
        self._waited = False  # seconds passed before the first operation
        self._still_shows = False  # at the end of the run
        self._at_end: Claim = []  # of a cause that is judged when the run has ended

    # --- events of the run

    def begun(self, play: AdapterPlay) -> None:
        self._play = play
        self._sites: dict[int, Iterator[CallSite]] = {chain.place: iter(self._played(chain.sites)) for chain in play.prepared.chains}
        self._waited = play.loop.time() > 0  # in its start
        self._rest()

    def called(self, task: int, operation: CoreOperation) -> None:
        self._just_recorded()
        site = next(self._sites[task])
        self._history.append([task_name(task), "calls", site.name, list(site.arguments)])

    def returned(self, task: int, operation: CoreOperation, answer: object, last: bool = True) -> None:
        self._history.append([task_name(task), "returns", _literal_or_any(answer)])
        if self._just_recorded():
            self._answer = operation.name, len(self._history)

    def cancelled(self, task: int, operation: CoreOperation) -> None:
        self._ended.append(task_name(task))
        self._just_recorded()

    def raised(self, task: int, operation: CoreOperation, error: BaseException) -> None:
        self._ended.append(task_name(task))
        if self._just_recorded():
            self._raised = task_name(task)

    def stepped(self) -> None:
        self._steps += 1
        self._rest()
        self._just_recorded()
        if self._recorded_after is None and self._recorded:
            self._recorded_after = self._steps
            self._known = len(self._history), len(self._ended)
            evidence = self._evidence()
            self._passing = bool(evidence) and evidence[0] in ("extra", "missing", "maps", "shown") and not self._shows(evidence)

    def finished(self) -> None:
        evidence = self._evidence()
        self._still_shows = bool(evidence) and evidence[0] not in (*AFTERWARDS, "answer", "own", "option") and self._shows(evidence)
        if self._run.cause.broad() in AT_END and self._run.cause in self._play.judge.violations:
            self._at_end = self._claim_at_end()

    def _rest(self) -> None:
        if not self._play.loop.ready:
            self._rests.append(self._steps)

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
        here = [] if shown is None else [tuple(pair) in pairs for pairs in self._maps(shown).values()]
        return bool(here) and {"extra": any(here), "missing": not all(here), "maps": any(here) != all(here)}[str(what)]

    def _maps(self, shown: object) -> Maps:
        program = self._play.prepared
        return maps_of(shown, program.clients, program.topics)

    def _claim_at_end(self) -> Claim:
        """The claim of a cause that is judged when nothing can move any more, read from what is left of the run."""
        loop, waits = self._play.loop, bool(self._play.unfinished())
        match self._run.cause.broad():
            case causes.DEADLOCK:
                return ["stuck"] if waits else ["unclosed"]
            case causes.LEAKED_LOCK:
                return ["stuck"] if waits else ["lock"]
            case causes.LEAKED_TASK:
                left = [task for task in loop.tasks if not task.done() and task.get_name() != "close"]
                return ["task", sorted({work_of(task) for task in left})]
        context = next(each for each in loop.unhandled if causes.unretrieved(each.get("exception")) == self._run.cause)
        error, task = context.get("exception"), context.get("task") or context.get("future")
        return ["unretrieved", error and type(error).__name__, str(context.get("message")), work_of(task)]

    # --- the claim

    def plain(self, subject: str) -> dict[str, Any]:
        if not subject.rpartition(":")[2].isidentifier():
            raise NoScript("the adapter has no name by which a script could import it")
        if self._play.loop.prompt:
            raise NoScript("the simulated outside times its messages, which a script could not do")
        kind = self._play.adapter.kind
        claim, steps = self._claim()
        waits = bool(getattr(getattr(kind, "model", None), "waits", False))
        history, ended = self._known_at(claim, steps)
        return {
            "subject": imports(subject),
            "environment": kind.takes_environment,
            "tables": self._tables(),
            "tasks": self._tasks(),
            "schedule": list(self._run.names),
            "rests": self._rests,
            "start": kind.starts,
            "waited": self._waited,
            "close": "close" in kind.has,
            "leaving": ["disconnect", *["connect"] * (hasattr(kind, "model") or kind.reconnects), *["detach"] * kind.options.takes_over],
            "lenient": waits if claim[0] == "stuck" else "close" not in kind.has,
            "claim": claim,
            "steps": steps,
            "history": history,
            "ended": ended,
        }

    def _tables(self) -> dict[str, Any] | None:
        """How the script reads what `observe()` or `broker()` returns as tables (`one`: not several by name); None if neither does."""
        program, adapter = self._play.prepared, self._play.adapter
        if not isinstance(adapter, CoreAdapter):
            return None
        names = program.clients, program.topics
        shown = adapter.observe() if "observe" in adapter.kind.has else None
        broker = adapter.manager.broker() if "broker" in adapter.kind.has else None
        return (
            {"clients": list(program.clients), "one": is_table(shown, *names)}
            if has_tables(shown, *names) or has_tables(broker, *names)
            else None
        )

    def _claim(self) -> tuple[Claim, int | None]:  # noqa: PLR0911  # one return for each kind of evidence
        """The claim, and after which step it holds; None: at the end of the run."""
        cause = self._run.cause
        if not self._recorded and cause not in self._play.judge.violations:
            raise NoScript("the run does not show it any more")
        if cause == causes.RESTLESS:
            return ["restless", *(["environment.go_on()"] if self._play.adapter.kind.takes_environment else [])], None
        if cause == causes.BLOCKED:
            return ["blocked"], None
        if self._passing:
            raise NoScript("what is wrong shows in the middle of a step only")
        if self._raised is not None:
            return ["raises", self._raised, cause.mechanism.rpartition(" ")[2]], None
        if cause.mechanism.startswith("close raises "):
            return ["closing", cause.mechanism.rpartition(" ")[2]], None
        if self._at_end:
            return self._at_end, None
        evidence = self._evidence()
        if evidence and evidence[0] == "option":
            raise NoScript("a script does not know the options of the core model; the replay shows it")
        if not evidence:
            raise NoScript("each thing that shows is right after some order of the calls, only not all together")
        if evidence[0] == "answer":
            assert self._answer is not None
            return ["answer", self._answer[0], _literal(text_of(evidence[1]))], None
        if evidence[0] == "shown":
            _literal(str(evidence[1]))
        return list(evidence), None if evidence[0] in AFTERWARDS or self._still_shows else self._recorded_after

    def _known_at(self, claim: Claim, steps: int | None) -> tuple[list[list[Any]], list[str]]:
        """The calls and answers, and the tasks that ended without one, up to the moment of the claim."""
        if claim[0] == "answer":
            assert self._answer is not None
            return self._history[: self._answer[1]], []
        calls, ended = (len(self._history), len(self._ended)) if steps is None else self._known
        return self._history[:calls], self._ended[:ended]

    def _tasks(self) -> dict[str, list[list[Any]]]:
        """The calls of each task: the method, its arguments, and whether it is a coroutine function."""
        manager = self._play.adapter.manager
        return {
            chain.name: [
                [site.name, list(site.arguments), inspect.iscoroutinefunction(getattr(manager, site.name))]
                for site in self._played(chain.sites)
            ]
            for chain in self._play.prepared.chains
        }

    def _played(self, sites: tuple[CallSite, ...]) -> list[CallSite]:
        return [site for site in sites if self._play.adapter.kind.plays(site.operation)]


def work_of(task: Any) -> str:
    """The name of the coroutine that `task` runs; empty for none."""
    return getattr(task.get_coro(), "__qualname__", "") if hasattr(task, "get_coro") else ""


def _literal(text: str) -> str:
    """`text`, if it is the literal of a plain value that a script can contain. Raises NoScript."""
    try:
        value = eval(text, {"__builtins__": {}}, {"set": set, "frozenset": frozenset})
    except Exception:
        raise NoScript(f"{text:.40} cannot be written down without the adapter's own classes") from None
    if text_of(value) != text:
        raise NoScript(f"{text:.40} is not what it reads like")
    return text


def _literal_or_any(answer: object) -> str:
    try:
        return _literal(text_of(answer))
    except NoScript:
        return ANY

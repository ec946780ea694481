"""The hunt: workers that search until the budget ends, and one process that gathers, keeps and tells their findings.

However a worker ends, its findings are on disk already, and another takes its place. Lost are only the counts of its last half second, and
the round that it was in; with a fixed number of rounds, the worker in its place, or a resumed hunt, does that round again.

A resumed hunt counts each run once: the work on disk is that of rounds which are not done again. These are the rounds that were begun or,
where the number of rounds decides, those that were finished. The report tells the work in other rounds too, and then it is forgotten.

With a fixed number of rounds, the findings depend on subject, seed, number of workers and folder alone.

Long because each message of a worker may change the state of a session, which only this class has.
"""

from collections.abc import Callable, Mapping
from shlex import quote
from time import monotonic
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.model.words import counted
from subwarden.processes.signals import ENDING, interruptible
from subwarden.reports.records.hunt import killing_said
from subwarden.stateful_tests.hunt.carrier import Carrier, LocalProcesses
from subwarden.stateful_tests.hunt.exit_reason import ExitReason
from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.hunt.listener import Listener, Reader
from subwarden.stateful_tests.hunt.plan import Plan
from subwarden.stateful_tests.hunt.search import Rank
from subwarden.stateful_tests.hunt.shared_corpus import EVERY as CORPUS_EVERY
from subwarden.stateful_tests.hunt.shared_corpus import SharedCorpus
from subwarden.stateful_tests.hunt.work import Kept, Totals, Work
from subwarden.stateful_tests.hunt.worker import GRACE, Assignment
from subwarden.stateful_tests.hunt.worker_slot import WorkerSlot
from subwarden.stateful_tests.hunt.writer import Writer
from subwarden.stateful_tests.runs.files import digest_of
from subwarden.stateful_tests.runs.replay import of_finding
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.workers.crash import Death
from subwarden.stateful_tests.workers.process import WorkerFailed

TICK = 0.25  # seconds between two looks at the workers
JOURNAL_EVERY = 5.0
END_STATES_EVERY = 60.0
WORKERS_END_WITHIN = 5.0  # seconds that workers have to end by themselves when time is up
WORKERS_STOP_WITHIN = 2.0  # when they are told to stop: somebody waits


class Hunt:
    """One session. `totals` and `findings` are those of earlier ones, and grow. A signal that ends it calls `ending`."""

    def __init__(
        self,
        plan: Plan,
        folder: Folder,
        totals: Totals,
        findings: dict[Cause, Kept],
        listener: Listener,
        ending: Callable[[], object] = lambda: None,
        carrier: Carrier | None = None,
        corpus: SharedCorpus | None = None,
    ) -> None:
        """`carrier`: who carries the work; processes of this machine if it is None. `corpus`: shared with other hunts."""
        self.totals = totals
        self.findings = findings
        self.schedules = 0
        self._plan = plan
        self._folder = Writer(folder)
        self._listener = Reader(listener)
        self._ending = ending
        self._carrier: Carrier = carrier or LocalProcesses((plan.memory, plan.jobs))
        self._corpus = corpus
        self._corpus_read = 0.0
        self._since: dict[str, Work] = {}  # work that is not in the journal yet
        self._journalled: dict[str, Work] = {}  # names that are
        self._slots = {worker: WorkerSlot(totals.rounds.get(worker, 0), self._known()) for worker in range(plan.jobs)}
        by_hash = {plan.hash_seed(worker): worker for worker in reversed(range(plan.jobs))}
        # the worker that is to shrink a finding: one that hashes strings alike; with fewer workers than then, there may be none
        self._finders = {cause: by_hash[of] for cause, kept in findings.items() if (of := kept.finding.hash_seed) in by_hash}
        for cause, worker in self._finders.items():
            if not findings[cause].shrunk:
                self._slots[worker].unshrunk |= {cause}
        self._deadline: float | None = None
        self._stopping = False
        self._ended_by_itself = False  # at least one worker did all its work
        self._searched_all = False  # and every round was searched, also those in which a worker was killed
        self._bad: BaseException | None = None
        self._judged = 0  # schedules before it
        self._began = self._flushed = self._end_states_kept = monotonic()

    def run(self) -> ExitReason:
        """Search, and return why that ended. Raises WorkerFailed; BadSubject, if nothing could be judged."""
        with interruptible(ENDING, self._ending) as interrupted:
            self._deadline = deadline = None if self._plan.until is None else monotonic() + self._plan.until
            reason = ExitReason.BUDGET if self._plan.rounds is None else ExitReason.ROUNDS
            try:
                self._start()
                patience = GRACE * (self._plan.budget or 0) + WORKERS_END_WITHIN + self._carrier.patience
                must_end = None if deadline is None else deadline + patience
                while self._carrier.running() and not self._carrier.gone:
                    for worker, message, about in self._carrier.heard(TICK):
                        self._heard(worker, message, about)
                    self._now_and_then()
                    if (interrupted or self._bad or self._listener.gone or self._folder.failed) and not self._stopping:
                        self._stopping, reason = True, ExitReason.STOPPED
                        self._carrier.send(("stop", None))
                        must_end = monotonic() + WORKERS_STOP_WITHIN
                    if must_end is not None and monotonic() >= must_end:
                        break
                for worker in () if self._carrier.gone else self._carrier.running():
                    self._report(worker, "did not end when its time was over, and was ended")
            finally:
                self._carrier.close()
                self._finish()
        if self._bad is not None and (isinstance(self._bad, WorkerFailed) or not (self._judged or self.findings)):
            raise self._bad
        if self._bad is not None:
            reason = ExitReason.UNFIT
        elif self._folder.failed:
            reason = ExitReason.UNWRITTEN
        elif self._carrier.gone and not self._stopping:
            self._listener.say(self._carrier.gone)
            self.totals.lost.append(self._carrier.gone)
            reason = ExitReason.GONE
        elif self.totals.lost and not self._ended_by_itself:
            reason = ExitReason.NO_WORKERS
        elif self.totals.lost and not self._searched_all:
            reason = ExitReason.ALL_LOST
        self._folder.journal({"ended": reason.value})
        return reason

    @property
    def unfit(self) -> list[str]:
        """Why the subject cannot be judged any more, if so."""
        return [] if self._bad is None else [str(self._bad)]

    @property
    def unwritten(self) -> str | None:
        """Why the folder could not be written any more, if so."""
        return self._folder.failed

    def _start(self) -> None:
        started = [self._start_worker(worker) for worker in range(self._plan.jobs)]
        self._folder.journal({"workers": started})

    def _start_worker(self, worker: int) -> int | str:
        return self._carrier.start(worker, self._assignment(worker), self._plan.hash_seed(worker))

    def _assignment(self, worker: int) -> Assignment:
        """The work of a worker that is started now, be it the first in its slot or not."""
        plan, slot = self._plan, self._slots[worker]
        first = self.totals.rounds.get(worker, 0)
        left = None if plan.rounds is None else slot.first + plan.rounds - first
        known = self._known()
        mine = {cause for cause, finder in self._finders.items() if finder == worker}
        if plan.rounds is not None:
            known = slot.known | {cause: rank for cause, rank in known.items() if cause in slot.unshrunk}
            mine = set(slot.unshrunk)
        unshrunk = tuple(kept for cause, kept in self.findings.items() if cause in mine and not kept.shrunk)
        work = (plan.subject, plan.checks, plan.seed, worker, first, left)
        return Assignment(*work, self._deadline, known, unshrunk, slot.memory, plan.budget, slot.shrunk_for, noted=slot.suspicious)

    def _known(self) -> dict[Cause, Rank]:
        return {cause: kept.finding.rank()[:2] for cause, kept in self.findings.items() if kept.shrunk}

    def _heard(self, worker: int, message: str, about: Any) -> None:  # noqa: PLR0912  # a branch a message
        slot = self._slots[worker]
        slot.spoke |= message not in ("lost", "poisoned", "retried", "said")
        match message:
            case "work" if slot.redoing is not None:
                pass  # it was counted, or a part of it
            case "work":
                self.schedules += sum(done.schedules for done in about.values())
                if self._plan.rounds is None:
                    self._count(about)
                else:
                    slot.work.append(about)
            case "done":
                self._ended_by_itself = True
                self._searched_all |= not slot.lost or self._plan.rounds is not None
            case "round":
                self.totals.rounds[worker] = about
                slot.redoing = slot.redoing if slot.redoing == about - 1 else None
            case "finished":
                self.totals.rounds[worker], check, memory = about
                for done in slot.finished(check, memory):
                    self._count(done)
            case "found":
                if self._plan.rounds is not None:
                    slot.found[about.finding.cause] = about.finding.rank()[:2]
                self._found(worker, about)
            case "paused":
                slot.memory, slot.shrunk_for = about
                if not self._stopping:
                    self._start_worker(worker)
            case "bad":
                if self._bad is None:
                    self._bad, self._judged = BadSubject(about), self.schedules
            case "failed":
                self._bad = self._bad or WorkerFailed(about)
            case _:
                self._heard_of(worker, message, about)

    def _heard_of(self, worker: int, message: str, about: Any) -> None:
        """A message of the carrier's own."""
        match message:
            case "early":
                self._found(worker, about)
            case "retried":
                self._report(worker, about)
            case "lost" | "poisoned":
                self._lost(worker, about, poisoned=message == "poisoned")
            case "said":
                self._listener.say(about)

    def _count(self, done: Mapping[str, Work]) -> None:
        for check, more in done.items():
            self.totals.add(check, more)
            self._since.setdefault(check, Work()).merge(more)

    def _found(self, worker: int | None, kept: Kept) -> None:
        """A finding of `worker`, or that of another hunt which has been confirmed here."""
        cause, finding = kept.finding.cause, kept.finding
        before = self.findings.get(cause)
        if kept.shrunk and self._plan.rounds is None:
            self._carrier.send(("known", (cause, finding.rank()[:2])))
        if before is not None and before.rank() <= kept.rank():
            return
        self.findings[cause] = kept
        if worker is not None:
            self._finders[cause] = worker
        if self._corpus is not None:
            self._corpus.give(kept)
        path = self._folder.keep(self._plan.subject, kept)
        if before is None or (kept.shrunk and not before.shrunk):
            count, cancelled = finding.size[0], " with a cancellation" * finding.cancellation
            how = f"{counted(count, 'operation')}, in {finding.order.value}{cancelled}"
            now, at = "as small as it gets" if kept.shrunk else "being made smaller", f" at {kept.at}" if kept.at else ""
            by = "" if worker is not None else "by another hunt, and confirmed here: "
            said = f"found {by}{finding.broken.name} {finding.broken.title}: {cause.said()} ({how}; {now}){at}"
            self._listener.say(f"{said}; subwarden replay {quote(str(path or of_finding(self._plan.subject, finding).string()))}")

    def _lost(self, worker: int, how: Death, *, poisoned: bool) -> None:
        """`worker` has died; `poisoned`: so have all that did its work before."""
        slot = self._slots[worker]
        begun = self.totals.rounds.get(worker, 0)
        at = max(0, begun - (self._plan.rounds is None and begun != slot.redoing))
        late = self._stopping or (self._deadline is not None and monotonic() >= self._deadline)
        blamed = how.by_itself or self._plan.rounds is not None  # a round that is done again is the same; else somebody may have killed it
        if (blamed and slot.poisoned(how.said if self._plan.rounds is None else at)) or poisoned:
            self._set_aside(worker, at, how)
        elif how.by_itself and self._plan.rounds is None and not late:
            self.totals.rounds[worker] = slot.redoing = at  # the next does that round again: is it the subject?
        if not late and slot.may_be_taken():
            self._report(worker, f"{how} in round {at}; its findings are kept; another takes its place")
            slot.taken()
            again = self._start_worker(worker)
            self._folder.journal({"again": worker, "pid": again})
            return
        others = len(self._carrier.running())
        left = f"the hunt goes on with {counted(others, 'other')}" if others else "there is no other"
        self._report(worker, f"{how} in round {at}; its findings are kept; {left}")

    def _set_aside(self, worker: int, at: int, how: Death) -> None:
        """The subject ends each process that does this round, which is left out: that is a finding."""
        self.totals.rounds[worker] = at + 1
        slot = self._slots[worker]
        slot.redoing = None
        of = self._plan.killing(worker, at, how.said)
        if any(each["died"] == of["died"] for each in self.totals.killing):
            return
        slot.lost = 0
        replay = self._plan.killing_run(worker, at, how)
        path = None if replay is None else self._folder.keep_killing(f"round-{at}-of-worker-{worker}", replay.encode())
        if path is not None:
            of["replay"] = str(path)
        self.totals.killing.append(of)
        self._folder.journal({"killing": of, "digest": digest_of(self._plan.subject)})
        self._listener.say(f"found: {killing_said(of)}; again: {of['again']}")

    def _report(self, worker: int, how: str) -> None:
        said = f"worker {worker} {how}"
        self.totals.lost.append(said)
        self._folder.journal({"lost": worker, "said": said})
        self._listener.say(said)

    def _look_into_the_corpus(self) -> None:
        if self._corpus is not None and monotonic() - self._corpus_read >= CORPUS_EVERY:
            for kept in self._corpus.confirmed(self._plan):
                self._found(None, kept)
            self._corpus_read = monotonic()

    def _now_and_then(self) -> None:
        self._look_into_the_corpus()
        now = monotonic()
        self._listener.progress(self.totals, self.findings, self.schedules, now - self._began, len(self._carrier.running()))
        if now - self._flushed >= JOURNAL_EVERY:
            self._flush()
        if now - self._end_states_kept >= END_STATES_EVERY:
            self._end_states_kept = now
            self._flush()  # first, so that no run's end is kept that the journal does not count
            self._folder.keep_end_states(self.totals)

    def _finish(self) -> None:
        """Keep the work that counts; then count, for the report alone, the work in rounds that will be done again."""
        self._flush()
        self._folder.keep_end_states(self.totals)
        for slot in self._slots.values():
            for done in slot.work:
                self._count(done)

    def _flush(self) -> None:
        """Write the work until now to the journal."""
        now = monotonic()
        seconds, self._flushed = now - self._flushed, now
        self.totals.seconds += seconds
        news = {check: work.news(self._journalled.setdefault(check, Work())).encode() for check, work in self._since.items()}
        done = {check: work for check, work in news.items() if any(work.values())}
        self._since = {}
        self._folder.journal({"did": {"seconds": round(seconds, 3), "rounds": self.totals.rounds, "work": done}})

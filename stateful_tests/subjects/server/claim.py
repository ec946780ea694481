"""The assertion of a script of plain asyncio for a fifo finding of a server: wrong messages, or a wrong look, and its moment.

Plain data for `reports.script.server`, made from the evidence of the run's judge. It refuses what a script cannot show, and says why.
Moments are numbers of names in the schedule: 0 is before anything has happened; None is the end.
"""

from typing import Any

from subwarden.checking import causes
from subwarden.checking.server.evidence import (
    AnsweredEarly,
    AnsweredTwice,
    LostEvents,
    NeverLinked,
    NotApproved,
    RefusedChange,
    SentAfter,
    SentAgain,
    SentOften,
    StaysLoaded,
    Submitted,
    Unanswered,
    Unsent,
    WaitedForStart,
    WrongHistory,
    WrongList,
    WrongMaps,
    WrongNotice,
    WrongReply,
)
from subwarden.model.server import requests as rq
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import Request
from subwarden.model.server.state import ChangeKind, pair_of
from subwarden.stateful_tests.exploring.findings.claimant import Claimant, Foregone, NoScript, Refusal
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.subjects.manager.claim import ENDLESS
from subwarden.stateful_tests.subjects.server.duties import claim_of_duty
from subwarden.stateful_tests.subjects.server.looks import Claim, Look, timed, torn_down
from subwarden.stateful_tests.subjects.server.play import ServerPlay
from subwarden.stateful_tests.subjects.server.script import plain_data

AT_END = {
    causes.UNSERVED: "unserved",
    causes.BY_NOBODY: "unhandled",
    causes.TWO_AT_ONCE: "two",
    causes.OUT_OF_REACH: "unreachable",
    causes.REVIVED_ENTRY: "entries",
    causes.LEFT_ENTRY: "entries",
    causes.LEAKED_TASK: "task",
    causes.LEAKED_LOCK: "lock",
    causes.DEADLOCK: "lock",
    causes.UNRETRIEVED: "unretrieved",
    causes.NOT_DROPPED: "held up",
}
WRONG_MAPS = {causes.MAPS_DISAGREE: "maps", causes.REVIVED: "revived", causes.SUBSCRIBED_DEAD: "dead", causes.OUTLIVES: "dead"}


def claimant(run: FailingRun) -> Claimant:
    """See `stateful_tests.exploring.level.Level`."""
    if run.cause == causes.LOCK_CYCLE:
        return Refusal("locks are taken in both orders, which shows in a deadlock only where they meet")
    if run.cause in ENDLESS:
        return Foregone(lambda subject: plain_data(subject, run, {"kind": ENDLESS[run.cause], "at": None}, []))
    return ServerClaimant(run)


class ServerClaimant(Claimant):
    """Listens to a run, looks after every name, and makes a claim of the evidence for `cause` afterwards."""

    def __init__(self, run: FailingRun) -> None:
        self.rests: list[int] = []
        self._run = run
        self._cause = run.cause
        self._steps: list[int] = []  # the moment after each step
        self._looks: list[Look] = []  # after each name
        self._calls: list[tuple[int, Request]] = []
        self._seen: int | None = None  # the moment at which the judge had recorded the cause

    def begun(self, play: ServerPlay) -> None:
        self._play = play
        if not play.loop.ready:
            self.rests.append(0)

    def chosen(self, _name: str) -> None:
        self._look()

    def called(self, _task: int, operation: Request) -> None:
        self._calls.append((len(self._looks), operation))

    def stepped(self) -> None:
        self._steps.append(len(self._looks))
        if not self._play.loop.ready:
            self.rests.append(len(self._steps))

    def finished(self) -> None:
        self._look()
        self._evidence = self._play.judge.evidence.get(self._cause)

    def _look(self) -> None:
        if self._seen is None and self._cause in self._play.judge.violations:
            self._seen = len(self._looks)
        self._looks.append(Look(self._play.server.manager.show(), self._play.server.show()))

    # --- the claim, after the run

    def plain(self, subject: str) -> dict[str, Any]:
        claim = {"kind": AT_END[self._cause.broad()], "at": None} if self._cause.broad() in AT_END else self.claim()
        return plain_data(subject, self._run, claim, self.rests)

    def claim(self) -> Claim:  # noqa: PLR0911  # one return for each kind of evidence
        """The claim, with the moments to look at. Raises NoScript."""
        cause, seen = self._cause, self._seen
        if seen is not None and cause == causes.HELD_OUTSIDE:
            return {"kind": "held", "at": seen}
        match self._evidence:
            case Unanswered(requests):
                return {"kind": "unanswered", "requests": list(requests), "at": None}
            case AnsweredEarly(request):
                return {"kind": "early", "request": request, "at": seen}
            case AnsweredTwice(request):
                return {"kind": "twice", "requests": [request], "at": None}
            case WaitedForStart(requests):
                request, step = min(requests)
                return {"kind": "waits", "request": request, "at": self._steps[step - 1]}
            case NeverLinked(pairs):
                return {"kind": "untrue", "pairs": [list(pair) for pair in pairs], "at": None}
            case WrongReply(request, reply, allowed):
                return {"kind": "reply", "request": request, "allowed": sorted(each.name for each in allowed - {reply}), "at": None}
            case WrongList(request, lists):
                return {"kind": "list", "request": request, "allowed": [list(threads) for threads in sorted(lists)], "at": None}
            case WrongHistory(request, conversation):
                return {"kind": "history", "request": request, "conversation": conversation, "at": None}
            case StaysLoaded() | Unsent() | SentOften() | SentAgain() | NotApproved() | Submitted() as evidence:
                return claim_of_duty(cause, evidence, list(self._play.judge.requests), seen)
            case evidence if evidence is not None and seen is not None:
                return self._claim_at(evidence, seen)
        raise NoScript("what is wrong with it is known to the model alone, and not to be seen from outside")

    def _claim_at(self, evidence: object, seen: int) -> Claim:  # noqa: PLR0911, PLR0912  # as above
        """A claim that may show at the moment `seen` only, and not at the end."""
        match evidence:
            case SentAfter(connection, thread, request) if self._cause == causes.FALSE_CLOSE:
                return {"kind": "closed", "connection": connection, "thread": thread, "request": request, "at": seen}
            case SentAfter(connection, thread, request):
                again = any(at > seen and isinstance(r, rq.SUBSCRIBES) and pair_of(r) == (thread, connection) for at, r in self._calls)
                at = seen if again else None
                return {"kind": "after", "connection": connection, "thread": thread, "request": request, "at": at}
            case LostEvents(_, _, _, None, _):
                raise NoScript("the client was subscribed by a request that is still to be answered")
            case LostEvents(connection, conversation, numbers, request, at_rest):
                lost: Claim = {"kind": "lost", "connection": connection, "conversation": conversation, "request": request}
                return {**lost, "numbers": list(numbers), "at": None if at_rest else seen}
            case WrongNotice(connection, notice):
                sent: Claim = {"connection": connection, "conversation": notice.conversation, "at": None}
                if self._cause == causes.wrong_delivery(Wrong.TWICE):
                    return {"kind": "repeated", **sent}
                return {"kind": "raw", **sent, "number": notice.event.number, "raw": notice.raw}
            case WrongMaps(shown, closed):
                parts: Claim = {}
                match WRONG_MAPS[self._cause]:
                    case "maps":
                        parts = {"empty": not all(shown.threads_of.values()), "keys": shown.subscribers.keys() != shown.entries.keys()}
                    case "revived":
                        parts = {"closed": sorted(closed)}
                    case "dead":
                        parts = {"not_live": None if shown.live is not None else sorted(closed)}
                return timed({"kind": WRONG_MAPS[self._cause], **parts}, self._looks, seen)
            case RefusedChange() if evidence.change.kind is ChangeKind.CLOSING:
                told = [list(entry) for entry in evidence.told]
                return torn_down({"kind": "torn", "thread": evidence.change.thread, "told": told}, self._looks, seen)
            case RefusedChange(change) if self._cause == causes.OUTLIVES_ID:
                stays: Claim = {"thread": change.thread, "connection": change.connection, "id": change.other}
                return timed({"kind": "stays", **stays}, self._looks, seen)
            case RefusedChange():
                return timed(_changed(evidence, late=self._cause == causes.LATE_LINK), self._looks, seen)
        raise AssertionError(f"no claim is made of {evidence!r}")


def _changed(evidence: RefusedChange, *, late: bool) -> Claim:
    """A visible change that the model refuses."""
    kind, thread, connection, other = evidence.change
    match kind:
        case ChangeKind.LINKED | ChangeKind.NAMED:
            return {"kind": "linked", "thread": thread, "connection": connection, "late": late and kind is ChangeKind.LINKED}
        case ChangeKind.UNLINKED | ChangeKind.UNNAMED:
            return {"kind": "unlinked", "thread": thread, "connection": connection, "id": other if kind is ChangeKind.UNNAMED else None}
        case ChangeKind.LIVE:
            return {"kind": "revived", "closed": sorted(evidence.state.closed)}
        case ChangeKind.DEAD:
            return {"kind": "ended", "closed": [connection]}
    old = evidence.state.thread(thread)  # of a thread that is loaded in the place of another
    return {"kind": "unloaded", "thread": thread, "conversation": other if kind is ChangeKind.UNLOADED or old is None else old.conversation}

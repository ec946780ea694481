"""What a script of plain asyncio is to assert of a fifo finding of a server: what clients were sent, or what shows, and when.

Plain data, for `reports.script.server`. It refuses what a script cannot show, and says why. Moments are numbers of names in the schedule:
0 is before anything has happened; None is the end.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.server.graph import ServerGraph
from subwarden.impl.server.server import ShownServer
from subwarden.impl.server.transcript import Transcript
from subwarden.model.manager.projection import Shown, disagreements
from subwarden.model.server import requests as rq
from subwarden.model.server.deliveries import Owed, Wrong
from subwarden.model.server.requests import AnswerSent, Asks, Closed, EngineEvent, Message, Notice, Reply, Request
from subwarden.model.server.state import Change, ChangeKind, target
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import Follower
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.subjects.manager.claim import ENDLESS, NoScript
from subwarden.stateful_tests.subjects.server.play import Factory, ServerPlay, prepare
from subwarden.stateful_tests.subjects.server.program import ServerProgram

Claim = dict[str, Any]

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
}
IN_THE_MIDDLE = "it shows only in the middle of a step"


class ServerClaim(NamedTuple):
    """What a script is to be made from. `rests`: the numbers of steps after which nothing could move but for what came from outside."""

    claim: Claim
    rests: list[int]


class Looked(NamedTuple):
    """What shows at one moment. `shown` is None in the middle of a change."""

    shown: Shown | None
    registry: ShownServer

    def linked(self, thread: int, connection: int) -> bool:
        """Whether a connection is seen to be subscribed."""
        return self.shown is not None and connection in self.shown.subscribers.get(thread, ())

    def running(self, thread: int) -> bool:
        """Whether a thread is loaded, and not about to be unloaded."""
        return thread in self.registry.loaded and thread not in self.registry.closing


def claim_of(factory: Factory, program: ServerProgram, names: Sequence[str], cause: Cause) -> ServerClaim:
    """What a script that plays `program` under `names` can assert. Raises NoScript."""
    if EARLY in names:
        raise NoScript("it takes a step that is so slow that a timer is due while others are ready")
    if cause == causes.LOCK_CYCLE:
        raise NoScript("locks are taken in both orders, which shows in a deadlock only where they meet")
    if cause in ENDLESS:
        return ServerClaim({"kind": ENDLESS[cause], "at": None}, [])
    watched = _Watched(factory, program, names, cause)
    if cause in AT_END:
        return ServerClaim({"kind": AT_END[cause], "at": None}, watched.rests)
    return ServerClaim(watched.claim(), watched.rests)


class _Watched:
    """A run followed to its end, with its judge overheard."""

    def __init__(self, factory: Factory, program: ServerProgram, names: Sequence[str], cause: Cause) -> None:
        self.rests: list[int] = []
        self._cause = cause
        self._names = names
        self._steps = 0
        self._asked: dict[str, Request] = {}  # by the name that its answer gives
        self._arrived: dict[str, int] = {}  # and when
        self._closed: set[int] = set()
        self._cancelled: set[str] = set()
        self._transcript = Transcript()
        self._looked: list[Looked] = []  # after each name
        self._waiting: dict[str, int] = {}  # requests that were waiting when a start alone was left, and when
        self._change: Change | None = None  # being explained
        self._message: tuple[int, Message] | None = None  # being sent
        self._owed: dict[tuple[int, int], list[Owed]] = {}  # before that
        self._lists: dict[int, set[tuple[int, ...]]] = {}
        self._claim: Claim | None = None
        with controlled_locks():
            loop = ControlledLoop()
            with loop.entered():
                self._play = ServerPlay(factory, prepare(program), loop, ServerGraph(), set())
                self._attach()
                follower = Follower(loop, Order.FIFO, names)

                def choose(n: int) -> int:
                    self._look()
                    return follower(n)

                self._follower = follower
                try:
                    run(loop, Order.FIFO, choose, self._stepped, every_choice=True)
                    self._look()
                    self._message = None
                    loop.report_unretrieved()
                    self._play.finish()
                finally:
                    loop.abandon()
                    self._play.let_go()

    # --- following

    def _attach(self) -> None:
        judge: Any = self._play.judge  # its methods are wrapped, for this run only
        violated, explain = judge.violated, judge._explain

        def before(name: str, note: Callable[..., None]) -> None:
            method = getattr(judge, name)

            def noting(*arguments: Any) -> Any:
                note(*arguments)
                return method(*arguments)

            setattr(judge, name, noting)

        before("accepted", self._on_accepted)
        before("closed", self._closed.add)
        before("cancelled", lambda number: self._cancelled.add(task_name(number)))
        before("taken", self._on_taken)
        before("queued", self._on_queued)

        def on_explain(change: Change) -> None:
            self._change = change
            explain(change)
            self._change = None

        def on_violated(cause: Cause, detail: str = "") -> None:
            if cause == self._cause and self._claim is None and cause not in judge.violations:
                self._claim = {**self._claimed(), "seen": self._follower.at}
            violated(cause, detail)

        judge._explain, judge.violated = on_explain, on_violated

    def _on_accepted(self, _number: int, name: str, request: Request) -> None:
        self._asked[name] = request
        self._arrived[name] = self._follower.at

    def _on_taken(self, thread: int, conversation: int, event: EngineEvent) -> None:
        self._transcript.taken(thread, conversation, event)

    def _on_queued(self, connection: int, message: Message) -> None:
        judge = self._play.judge
        self._owed = {pair: owed.copy() for pair, owed in judge.deliveries._owed.items()}
        self._lists = {number: may.copy() for number, may in judge._lists.items()}
        self._message = (connection, message)
        self._transcript.queued(connection, message)

    def _stepped(self) -> bool:
        judge, loop = self._play.judge, self._play.loop
        self._steps += 1
        judge.stepped()
        if not loop.ready:
            self.rests.append(self._steps)
            if judge._only_starts_left():
                for name in self._asked:
                    if not self._transcript.answers(name):
                        self._waiting.setdefault(name, self._follower.at)
        return False

    def _look(self) -> None:
        """What shows after the names so far."""
        if not self._looked and not self._play.loop.ready:
            self.rests.append(0)
        self._looked.append(Looked(self._play.server.manager.show(), self._play.server.show()))

    # --- what to assert

    def _claimed(self) -> Claim:  # noqa: PLR0911  # one return for each group of causes
        """What was wrong, in the words of a script, at the moment at which the judge saw it."""
        cause, judge, state = self._cause, self._play.judge, self._play.judge.state
        deliveries = {causes.wrong_delivery(wrong): wrong for wrong in Wrong}
        if cause in deliveries:
            return self._delivery(deliveries[cause])
        if cause.property is causes.CANCELLED_UNANSWERED.property:
            return self._answering()
        if cause == causes.WAITS_FOR_START:
            names = sorted(name for name in self._waiting if self._transcript.answers(name) and not isinstance(self._asked[name], rq.Start))
            return {"kind": "waits", "request": names[0], "when": self._waiting[names[0]]}
        if cause == causes.NEVER_LINKED:
            pairs = [(t, c, self._told(t, c)) for t, c in sorted(state.owed) if state.running(t) and not state.linked(t, c)]
            return {"kind": "untrue", "pairs": [list(pair) for pair in pairs]}
        if cause == causes.FALSE_CLOSE:
            return self._closing_told()
        if cause == causes.REVIVED:
            return {"kind": "revived", "closed": sorted(self._closed)}
        if cause == causes.MAPS_DISAGREE:
            shown = judge.shown
            assert disagreements(shown)
            return {"kind": "maps", "empty": not all(shown.threads_of.values()), "keys": shown.subscribers.keys() != shown.entries.keys()}
        if cause in (causes.SUBSCRIBED_DEAD, causes.OUTLIVES):
            return {"kind": "dead", "not_live": None if judge.shown.live is not None else sorted(self._closed)}
        if cause == causes.HELD_OUTSIDE:
            return {"kind": "held"}
        if self._change is not None:
            return self._changed(self._change)
        if self._message is not None and isinstance(self._message[1], AnswerSent):
            return self._replied(self._message[1])
        return {"kind": None}

    def _answering(self) -> Claim:
        """P7."""
        answered = {m.request: len(self._transcript.answers(str(m.request))) for _, m in self._transcript.sent if isinstance(m, AnswerSent)}
        twice = [name for name in self._asked if answered.get(name, 0) > 1 and causes.answered_twice(self._asked[name].name) == self._cause]
        if twice:
            return {"kind": "twice", "requests": twice}
        left = [
            name
            for name, request in self._asked.items()
            if name not in answered
            and request.connection not in self._closed
            and (name in self._cancelled if self._cause == causes.CANCELLED_UNANSWERED else request.name in self._cause.mechanism.split())
        ]
        return {"kind": "unanswered", "requests": left}

    def _delivery(self, wrong: Wrong) -> Claim:  # noqa: PLR0911  # one return for each way
        """P4, P8, P9, P10: what a client was sent, or not."""
        if self._message is None:  # at rest: nothing more will be sent
            (thread, connection), missing = min((pair, owed) for pair, owed in self._play.judge.deliveries._owed.items() if owed)
            return {**self._lost(thread, connection, missing), "at": None}
        connection, message = self._message
        match message:
            case AnswerSent(request, _, _, _):
                thread = target(self._asked[str(request)])
                loaded = self._play.judge.state.thread(thread)
                assert loaded is not None
                return {"kind": "history", "request": str(request), "conversation": loaded.conversation}
            case Notice(thread, conversation, event, raw):
                match wrong:
                    case Wrong.TWICE:
                        return {"kind": "repeated", "connection": connection, "conversation": conversation}
                    case Wrong.LOST:
                        owed = self._owed.get((thread, connection), [])
                        return self._lost(
                            thread, connection, [o for o in owed if o.conversation == conversation and o.number < event.number]
                        )
                    case Wrong.RAW_FORCED | Wrong.RAW_LOST:
                        return {"kind": "raw", "connection": connection, "conversation": conversation, "number": event.number, "raw": raw}
                return self._after_end(thread, connection)
            case Asks(thread, _, _):
                return self._after_end(thread, connection)
        return {"kind": None}

    def _after_end(self, thread: int, connection: int) -> Claim:
        """The last answer that told the client that it is not subscribed."""
        ended = [
            str(m.request)
            for to, m in self._transcript.sent
            if to == connection and isinstance(m, AnswerSent) and self._asked[str(m.request)] == rq.Unsubscribe(connection, thread)
        ]
        return {"kind": "after", "connection": connection, "thread": thread, "request": ended[-1]}

    def _closing_told(self) -> Claim:
        """The answer since which a client is subscribed to the thread that it is told was closed."""
        assert self._message is not None
        connection, message = self._message
        assert isinstance(message, Closed)
        return {"kind": "closed", "connection": connection, "thread": message.thread, "request": self._told(message.thread, connection)}

    def _lost(self, thread: int, connection: int, missing: list[Owed]) -> Claim:
        conversation = missing[0].conversation
        numbers = [o.number for o in missing if o.conversation == conversation]
        told = self._told(thread, connection)
        return {"kind": "lost", "connection": connection, "conversation": conversation, "request": told, "numbers": numbers}

    def _told(self, thread: int, connection: int) -> str | None:
        """The request whose answer was the last to tell a client that it is subscribed."""
        said = [
            str(m.request)
            for to, m in self._transcript.sent
            if to == connection
            and isinstance(m, AnswerSent)
            and m.reply is Reply.OK
            and isinstance(self._asked[str(m.request)], rq.SUBSCRIBES)
            and target(self._asked[str(m.request)]) == thread
        ]
        return said[-1] if said else None

    def _replied(self, answer: AnswerSent) -> Claim:
        """P8: an answer that was right at no moment."""
        request = str(answer.request)
        judge = self._play.judge
        number = judge.number(request)
        flight = next((f for n, f in judge.state.flight if n == number), None)
        allowed = sorted(reply.name for reply in (flight.may if flight is not None else ()))
        if answer.reply.name in allowed and answer.threads is not None:
            return {"kind": "list", "request": request, "allowed": [list(threads) for threads in sorted(self._lists.get(number, ()))]}
        return {"kind": "reply", "request": request, "allowed": [name for name in allowed if name != answer.reply.name]}

    def _changed(self, change: Change) -> Claim:
        """A visible change that nothing allows."""
        what, thread, connection, other = change
        match what:
            case ChangeKind.LINKED:
                return {"kind": "linked", "thread": thread, "connection": connection, "late": self._cause == causes.LATE_LINK}
            case ChangeKind.NAMED:
                return {"kind": "linked", "thread": thread, "connection": connection, "late": False}
            case ChangeKind.UNLINKED | ChangeKind.UNNAMED:
                return {"kind": "unlinked", "thread": thread, "connection": connection, "id": other if what is ChangeKind.UNNAMED else None}
            case ChangeKind.CLOSING:
                state = self._play.judge.state
                under = {c for t, c, _ in state.grants if t == thread} | {c for t, c in state.owed if t == thread}
                told = [[c, request] for c in sorted(under) if (request := self._told(thread, c)) is not None]
                return {"kind": "torn", "thread": thread, "told": told}
            case ChangeKind.LOADED | ChangeKind.UNLOADED:
                old = self._play.judge.state.thread(thread)
                was = other if what is ChangeKind.UNLOADED or old is None else old.conversation
                return {"kind": "unloaded", "thread": thread, "conversation": was}
            case ChangeKind.LIVE | ChangeKind.DEAD:
                return {"kind": "revived" if what is ChangeKind.LIVE else "ended", "closed": [connection]}

    # --- when to look

    def claim(self) -> Claim:  # noqa: PLR0911  # one return for each moment
        """What was claimed, with the moments to look at. Raises NoScript."""
        claim = self._claim
        if claim is None or claim["kind"] is None:
            raise NoScript("what is wrong with it is known to the model alone, and not to be seen from outside")
        seen = claim.pop("seen")
        match claim["kind"]:
            case "waits":
                return {**claim, "at": claim.pop("when")}
            case "after":
                pair = (claim["thread"], claim["connection"])
                again = any(
                    isinstance(request, rq.SUBSCRIBES) and (target(request), request.connection) == pair and self._arrived[name] > seen
                    for name, request in self._asked.items()
                )
                return {**claim, "at": seen if again else None}
            case "lost":
                if claim["request"] is None:
                    raise NoScript("the client was subscribed by a request that is still to be answered")
                return {"at": seen, **claim}
            case "held" | "closed":
                return {**claim, "at": seen}
            case "torn":
                return self._torn(claim, seen)
            case "linked" | "unlinked" | "unloaded" | "ended" | "revived" | "maps" | "dead":
                return self._looking(claim, seen)
        return {**claim, "at": None}

    def _looking(self, claim: Claim, seen: int) -> Claim:
        """At the end, if it shows then, and right when it was seen otherwise."""
        late = claim.get("late", False)
        shows: dict[str, Callable[[Any], bool]] = {
            "linked": lambda look: look.linked(claim["thread"], claim["connection"]) and not (late and look.running(claim["thread"])),
            "unlinked": lambda look: not self._has(look, claim),
            "unloaded": lambda look: look.registry.loaded.get(claim["thread"]) != claim["conversation"],
            "ended": lambda look: look.shown.live is not None and not set(claim["closed"]) & look.shown.live,
            "revived": lambda look: look.shown.live is not None and bool(set(claim["closed"]) & look.shown.live),
            "maps": lambda look: bool(disagreements(look.shown)),
            "dead": lambda look: any(
                c not in (look.shown.live or ()) if claim["not_live"] is None else c in claim["not_live"]
                for connections in look.shown.subscribers.values()
                for c in connections
            ),
        }
        there = shows[claim["kind"]]
        moments: list[tuple[int | None, Looked]] = [(None, self._looked[-1]), (seen, self._looked[min(seen, len(self._looked) - 1)])]
        at = next((moment for moment, look in moments if look.shown is not None and there(look)), 0)
        if at == 0:
            raise NoScript(IN_THE_MIDDLE)
        if claim["kind"] in ("unlinked", "unloaded", "ended"):
            was = [m for m, look in enumerate(self._looked[:seen]) if look.shown is not None and not there(look)]
            if not was:
                raise NoScript(IN_THE_MIDDLE)
            return {**claim, "at": at, "before": was[-1]}
        return {**claim, "at": at}

    def _has(self, look: Looked, claim: Claim) -> bool:
        if claim["id"] is None:
            return look.linked(claim["thread"], claim["connection"])
        return look.shown is not None and look.shown.ids.get(claim["id"]) == (claim["thread"], claim["connection"])

    def _torn(self, claim: Claim, seen: int) -> Claim:
        """The moment at which the thread is closing, though clients have been told that they are subscribed to it."""
        if self._looked[min(seen, len(self._looked) - 1)].running(claim["thread"]):
            raise NoScript(IN_THE_MIDDLE)
        if not claim["told"]:
            raise NoScript("no client under which it is torn down has been told that it is subscribed")
        return {**claim, "at": seen}

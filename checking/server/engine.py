"""The engine's side: whether it hears of what clients ask for, and of nothing else (P8).

The rules are the model's (`model.server.submissions`, `model.server.approvals`).
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from subwarden.checking import causes
from subwarden.checking.server.at_stake import AtStake
from subwarden.checking.server.evidence import AnsweredEarly, Found, NotApproved, Submitted
from subwarden.checking.server.requests import AcceptedRequest
from subwarden.model.server import requests as rq
from subwarden.model.server.approvals import Approval, Approvals
from subwarden.model.server.requests import EngineEvent, Reply, Request
from subwarden.model.server.stakes import Stake
from subwarden.model.server.state import ServerState
from subwarden.model.server.submissions import ASKS_FOR, Asked, Submissions

WAITS = {rq.TurnInterrupt: Stake.TURN_ENDS, rq.Rollback: Stake.ROLLED_BACK}  # requests that wait for an event


class EngineSide:
    """Of one run."""

    def __init__(self, approvals: Approvals, stakes: AtStake) -> None:
        self._stakes = stakes
        self._submissions = Submissions()
        self._approvals = approvals

    def accepted(self, number: int, request: Request) -> None:
        """A request arrives."""
        if isinstance(request, ASKS_FOR):
            self._submissions.asked(request, number)

    def emitted(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """The engine reports an event."""
        self._submissions.emitted(thread, conversation, event)

    def taken(self, conversation: int, event: EngineEvent) -> None:
        """A listener has taken an event."""
        self._submissions.taken(conversation, event)

    def ending(self, thread: int) -> None:
        """The thread is unloaded, closing, or its conversation has ended."""
        self._submissions.over(thread)

    def gone(self, connection: int) -> None:
        """A client has gone."""
        self._submissions.gone(connection)

    def told(self, number: int, excused: Collection[int]) -> bool:
        """Whether request `number` is an interrupt or a rollback that the engine may have been told of, if it need not have been told of
        those `excused`."""
        return self._submissions.told(number, excused)

    def answered(self, asked: AcceptedRequest, reply: Reply) -> Iterator[Found]:
        """A request was answered."""
        request = asked.request
        if not isinstance(request, ASKS_FOR):
            return
        if reply is Reply.OK:
            self._confirmed(asked.number, request)
        if not self._submissions.answered(request, reply, asked.number):
            yield Found(causes.NOT_SUBMITTED, f"{asked.name}, t{request.thread}", self._submitted(request))
        if not isinstance(request, rq.TurnStart) and not self._submissions.done(asked.number, reply):
            yield Found(causes.TOO_EARLY, f"{asked.name}, t{request.thread}", AnsweredEarly(asked.name))

    def _confirmed(self, number: int, request: Asked) -> None:
        """A request is answered OK: whether the server could have done so too early, or without telling the engine."""
        if isinstance(request, rq.TurnStart):
            self._stakes.breakable(Stake.SUBMITTED)
        elif self._submissions.waited(number):
            self._stakes.breakable(WAITS[type(request)])

    def submitted(self, request: Asked, conversation: int, turn: int, state: ServerState) -> Found | None:
        """A conversation is asked for a turn, an interrupt or a rollback; `turn` is open or to come."""
        loaded = state.thread(request.thread)
        there = loaded is not None and loaded.conversation == conversation
        asked = self._submissions.made(request, conversation, turn)
        if isinstance(request, rq.TurnStart):
            self._stakes.arises(Stake.SUBMITTED)
        elif isinstance(request, rq.Rollback) or turn:
            self._stakes.arises(WAITS[type(request)])
        if asked and there:
            return None
        evidence = self._submitted(request)._replace(misdirected=asked)
        return Found(causes.UNASKED_SUBMISSION, f"{request.name} of t{request.thread}", evidence)

    def approved(self, approval: Approval, granted: bool) -> Found | None:
        """The engine hears that an approval is given, or refused."""
        if self._approvals.must_hear(approval):
            self._stakes.met(Stake.HEARD if granted else Stake.DENIED, approval.thread)
        wrong = self._approvals.heard(approval, granted=granted)
        if wrong is None:
            return None
        _, conversation, number = approval
        strangers = tuple(sorted(self._approvals.strangers.get(approval, ())))
        return Found(causes.wrong_delivery(wrong), f"event {number} of v{conversation}", NotApproved(conversation, number, strangers))

    def _submitted(self, request: Asked) -> Submitted:
        return Submitted(replace(request, connection=0), self._submissions.count(request))

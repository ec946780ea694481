"""The claims of a script on what a server owes: messages, approvals, what the engine hears of, and unloads. They show at the end of a run.

See `stateful_tests.subjects.server.claim`.
"""

from collections.abc import Sequence
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.server.evidence import NotApproved, SentAgain, SentOften, StaysLoaded, Submitted, Unsent
from subwarden.checking.server.requests import AcceptedRequest
from subwarden.model.server import requests as rq
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import Closed, Message, Notice
from subwarden.stateful_tests.exploring.findings.claimant import NoScript
from subwarden.stateful_tests.subjects.server.looks import Claim

Duty = StaysLoaded | Unsent | SentOften | SentAgain | NotApproved | Submitted


def claim_of_duty(  # noqa: PLR0911  # one a kind of evidence
    cause: Cause, evidence: Duty, requests: Sequence[AcceptedRequest], seen: int | None
) -> Claim:
    """The claim of `evidence`, which was `seen` at that moment; `requests`: those of the run. Raises NoScript."""
    match evidence:
        case StaysLoaded(thread, _):
            return {"kind": "loaded", "thread": thread, "at": None}
        case Unsent(client, message, times):
            return {"kind": "unsent", "connection": client, "message": _plain(message), "times": times, "at": None}
        case SentOften(client, Notice() as notice, _) if cause == causes.wrong_delivery(Wrong.STRANGER):
            return {"kind": "stranger", "connection": client, "thread": notice.thread, "at": None}
        case SentOften(client, Notice() as notice, _):
            of = {"conversation": notice.conversation, "number": notice.event.number}
            return {"kind": "notice", "connection": client, **of, "at": None}
        case SentOften(client, message, times):
            at = seen if isinstance(message, Closed) else None  # it may be told early, and then as often as it is right to be told
            return {"kind": "sent often", "connection": client, "message": _plain(message), "times": times, "at": at}
        case SentAgain(_, _, None):
            raise NoScript("the client was subscribed by a request that is still to be answered")
        case SentAgain(client, notice, request):
            about: Claim = {"conversation": notice.conversation, "number": notice.event.number, "request": request}
            return {"kind": "again", "connection": client, **about, "at": None}
        case NotApproved() if cause == causes.wrong_delivery(Wrong.MISHEARD):
            raise NoScript("which client has answered first is known to the model alone")
        case NotApproved(conversation, number, strangers) if cause == causes.wrong_delivery(Wrong.NOT_GIVEN):
            about = {"conversation": conversation, "number": number, "strangers": list(strangers)}
            return {"kind": "not given", **about, "at": None}
        case NotApproved(conversation, number):
            kind = "unasked" if cause == causes.wrong_delivery(Wrong.APPROVED_BY_NOBODY) else "asking"
            return {"kind": kind, "conversation": conversation, "number": number, "at": None}
    if evidence.misdirected:
        raise NoScript("the engine hears of it in a conversation that is the thread's no more")
    asks_for = evidence.request
    like = [each.name for each in requests if _as_submitted(each.request) == asks_for]
    made: Claim = {"asks_for": [type(asks_for).__name__, *_arguments(asks_for)], "requests": like}
    return {"kind": "submissions", **made, "lost": cause == causes.NOT_SUBMITTED, "at": None}


def _as_submitted(request: rq.Request) -> object:
    """The request as the engine hears of it: from nobody."""
    match request:
        case rq.TurnStart(_, thread, asks):
            return rq.TurnStart(0, thread, asks)
        case rq.TurnInterrupt(_, thread):
            return rq.TurnInterrupt(0, thread)
        case rq.Rollback(_, thread):
            return rq.Rollback(0, thread)
    return None


def _arguments(request: rq.Request) -> list[Any]:
    return [getattr(request, name) for name in request.__match_args__]


def _plain(message: Message) -> list[Any]:
    return [type(message).__name__, *message]

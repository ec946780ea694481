"""The engine's side: whether it hears of what clients ask for, and of nothing else (P8).

The rules are the model's (`model.server.submissions`, `model.server.approvals`).
"""

from dataclasses import replace

from subwarden.checking import causes
from subwarden.checking.server.evidence import Found, NotApproved, Submitted
from subwarden.checking.server.requests import AcceptedRequest
from subwarden.model.server.approvals import Approval, Approvals
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.submissions import ASKS_FOR, Asked, Submissions


class EngineSide:
    """Of one run."""

    def __init__(self, approvals: Approvals) -> None:
        self._submissions = Submissions()
        self._approvals = approvals

    def accepted(self, request: Request) -> None:
        """A request arrives."""
        if isinstance(request, ASKS_FOR):
            self._submissions.asked(request)

    def answered(self, asked: AcceptedRequest, reply: Reply) -> Found | None:
        """A request was answered."""
        request = asked.request
        if not isinstance(request, ASKS_FOR) or self._submissions.answered(request, reply):
            return None
        return Found(causes.NOT_SUBMITTED, f"{asked.name}, t{request.thread}", self._submitted(request))

    def submitted(self, request: Asked) -> Found | None:
        """The engine is asked for a turn, an interrupt or a rollback."""
        if self._submissions.made(request):
            return None
        return Found(causes.UNASKED_SUBMISSION, f"{request.name} of t{request.thread}", self._submitted(request))

    def approved(self, approval: Approval) -> Found | None:
        """The engine hears that an approval is given."""
        wrong = self._approvals.heard(approval)
        if wrong is None:
            return None
        _, conversation, number = approval
        return Found(causes.wrong_delivery(wrong), f"event {number} of v{conversation}", NotApproved(conversation, number))

    def _submitted(self, request: Asked) -> Submitted:
        return Submitted(replace(request, connection=0), self._submissions.count(request))

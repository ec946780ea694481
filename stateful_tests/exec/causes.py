"""Causes of findings that only a process of its own can show. `checking.causes` has those that all subjects share."""

from subwarden.checking.causes import Cause
from subwarden.model.properties import Property

NEVER_ANSWERED = Cause(Property.P7, "an operation is never answered")
ENDS = Cause(Property.P7, "the process ends while an operation is unanswered")
LATE_DELIVERY = Cause(Property.P8, "a delivery comes when its subscription has ended")
OTHER_DELIVERIES = Cause(Property.P8, "publish answers other connections than its deliveries reached")
WRONG_RELATION = Cause(Property.P8, "the subscribers shown are those of no order of the calls")
WRONG_LIVE = Cause(Property.P8, "the live connections shown are those of no order of the calls")


def fails(operation: str) -> Cause:
    """`operation` was answered by an error."""
    return Cause(Property.P8, f"{operation} answers with an error")

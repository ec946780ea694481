"""The causes that only a manager with options of the core model can have. Their texts are identities."""

from subwarden.checking.causes import Cause
from subwarden.model.properties import CoreProperty, Property

NOT_AGAIN = Cause(CoreProperty.D1, "a message that was not acknowledged is not sent again")
STALE = Cause(CoreProperty.D1, "a subscriber ends with an older message than the last")
SHARED_TWICE = Cause(CoreProperty.D1, "a message reaches more than one of those that share it")
SHARED_LOST = Cause(CoreProperty.D1, "a message reaches none of those that share it")
GHOST = Cause(CoreProperty.D1, "a subscriber goes on seeing somebody who has left")
UNSEEN = Cause(CoreProperty.D1, "a subscriber does not see somebody who is there")
TOLD_AGAIN = Cause(CoreProperty.D1, "a join or a leave is told more often than it happened")
DROPPED = Cause(Property.P8, "a client is dropped whose queue cannot be full")

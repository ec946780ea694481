"""The causes of the core level that are not among those of the manager level (`checking.causes`). Their texts are identities."""

from subwarden.checking.causes import Cause
from subwarden.model.properties import CoreProperty, Property

BROKER_DIFFERS = Cause(Property.P1, "the broker's subscriptions are not the manager's")
RESURRECTED = Cause(Property.P6, "a subscription outlives the teardown of its topic")
APPEARS = Cause(Property.P8, "a subscription appears that no open call asked for")
VANISHES = Cause(Property.P8, "a subscription vanishes that no open call ended")
STRAY = Cause(Property.P8, "a message reaches a connection that was not subscribed")
LOST = Cause(CoreProperty.D1, "a message does not reach a subscriber")
TWICE = Cause(CoreProperty.D1, "a message reaches a subscriber twice")
DISORDER = Cause(CoreProperty.D1, "one publisher's messages arrive in another order")

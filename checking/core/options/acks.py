"""Option `acks`: a client acknowledges what it has received; what it has not acknowledged is sent again when `redeliver` is called.

At least once, as in MQTT's quality of service 1 or with a broker's visibility time-out. A message acknowledged wholly before a `redeliver`
began must not come again by it; one that had arrived, and that nothing can have acknowledged, must. So must it by the next `redeliver`, if
all that was sent of it before had arrived when that began.
"""

from subwarden.checking.core.deliveries import Followed
from subwarden.checking.core.options.journal import Call
from subwarden.checking.core.options.option import Allowed, Message, Option, Run
from subwarden.model.core.step import Acknowledge, Redeliver

AGAIN = "acks: sent again"
DONE = "acks: not sent again"


def _acknowledged(run: Run, connection: Followed, message: Message, redelivery: Call) -> tuple[bool, bool]:
    """Whether `message` was acknowledged for certain before `redelivery` began, and whether it may have been before that ended."""
    name, text = connection.name, message.published.message
    surely = possibly = False
    for call in run.journal.of(Acknowledge, name):
        surely = surely or (call.answered and call.before(redelivery) and text in call.had.get(name, ()))
        may = text in call.has.get(name, ()) or not call.answered or call.ended > redelivery.began
        possibly = possibly or (call.began < redelivery.ended and may)
    return surely, possibly


class Acks(Option):
    """See the module."""

    kinds = (AGAIN, DONE)

    def allowed(self, run: Run, connection: Followed, message: Message, allowed: Allowed) -> Allowed:
        if not allowed.most:
            return allowed
        again = due = 0
        for call in run.journal.of(Redeliver, connection.name):
            surely, possibly = _acknowledged(run, connection, message, call)
            again += not surely
            arrived = call.had.get(connection.name, ()).count(message.published.message) > (allowed.most + due - 1 if due else 0)
            due += arrived and call.answered and not possibly and connection.name in message.published.must
        return Allowed(allowed.least + due, allowed.most + again)

    def fired(self, run: Run) -> set[str]:
        found: set[str] = set()
        for connection in run.connections:
            for call in run.journal.of(Redeliver, connection.name):
                for message in run.messages:
                    if message.published.message in call.had.get(connection.name, ()):
                        surely, possibly = _acknowledged(run, connection, message, call)
                        found |= {DONE} if surely else set() if possibly else {AGAIN}
        return found

"""Option `shares`: the subscribers of a topic share its messages, and each message reaches exactly one of them.

MQTT's shared subscriptions, queue groups, competing consumers. Which one gets a message is not judged. A message that may have gone to a
client that left before it arrived is not missed.
"""

from subwarden.checking.core.deliveries import Broken, Followed
from subwarden.checking.core.options import causes as option_causes
from subwarden.checking.core.options.option import Allowed, Message, Option, Run

SEVERAL = "shares: one of several gets it"


class Shares(Option):
    """See the module."""

    kinds = (SEVERAL,)

    def allowed(self, run: Run, connection: Followed, message: Message, allowed: Allowed) -> Allowed:
        return Allowed(0, allowed.most) if run.options.shared(message.published.topic) else allowed

    def broken(self, run: Run) -> list[Broken]:
        found: list[Broken] = []
        for message in run.messages:
            each = message.published
            if not run.options.shared(each.topic):
                continue
            reached = [c.name for c in run.connections if each.message in run.got(c.name)]
            if len(reached) > 1:
                said = f"{each.message} to {' and to '.join(map(str, reached))}"
                found.append((option_causes.SHARED_TWICE, said, "option", reached[0], each.message))
            if not reached and each.must and each.must == each.may:
                found.append((option_causes.SHARED_LOST, f"{each.message}", "option", min(each.must, key=str), each.message))
        return found

    def fired(self, run: Run) -> set[str]:
        return {SEVERAL for each in run.messages if run.options.shared(each.published.topic) and len(each.published.must) > 1}

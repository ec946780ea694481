"""Option `bounded`: so many messages wait for a client; a further one may be lost, be refused, or cost the client its place.

Nobody outside sees a queue. A message may be lost only if, at some moment since its publish, so many others were on their way to the
client: those that may have been sent to it and had not arrived. (Also later ones: where the oldest makes room, they push it out.) So a
loss is judged only where the queue cannot have been full.
"""

from subwarden.checking import causes
from subwarden.checking.core.deliveries import Broken, Followed
from subwarden.checking.core.options.option import Allowed, Message, Option, Run
from subwarden.model.core.step import Id

FULL = "bounded: a queue may be full"


def waiting(run: Run, connection: Id, message: Message) -> int:
    """How many other messages at most were on their way to `connection` together with `message`, at any one time."""
    return max(_others(run, connection, message, at) for at in run.messages if at.call.began >= message.call.began)


def _others(run: Run, connection: Id, message: Message, at: Message) -> int:
    """The messages but `message` that may have been on their way to `connection` when `at` was published."""
    had = at.call.had.get(connection, ())
    return sum(
        each is not message and connection in each.published.may and each.call.began <= at.call.began and each.published.message not in had
        for each in run.messages
    )


class Bounded(Option):
    """See the module."""

    kinds = (FULL,)

    def allowed(self, run: Run, connection: Followed, message: Message, allowed: Allowed) -> Allowed:
        assert run.options.bounded is not None
        if message.call.answer is False or waiting(run, connection.name, message) >= run.options.bounded:
            return Allowed(0, allowed.most)
        return allowed

    def broken(self, run: Run) -> list[Broken]:
        """A publish is refused although no queue can be full."""
        bound = run.options.bounded
        assert bound is not None
        return [
            (causes.wrong_answer("publish"), f"{each.published.message}: refused, and no queue can be full", "option", "", "")
            for each in run.messages
            if each.call.answer is False and not any(waiting(run, c, each) >= bound for c in each.published.may)
        ]

    def may_drop(self, run: Run, connection: Id) -> bool:
        """Its queue may be full, and a further message comes."""
        assert run.options.bounded is not None
        got = run.got(connection)
        return sum(connection in each.published.may and each.published.message not in got for each in run.messages) > run.options.bounded

    def fired(self, run: Run) -> set[str]:
        bound = run.options.bounded
        assert bound is not None
        return {FULL for each in run.messages for c in each.published.must if waiting(run, c, each) >= bound}

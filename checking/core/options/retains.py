"""Option `retains`: a new subscriber gets what the topic has (its last message, or all), then what follows, and nothing twice.

MQTT's retained messages, a log that is read from its beginning, a value and its changes. A subscription that overlaps a publish gets the
message once, as a retained one or as a new one. A teardown may end what is retained, and a publish that was cancelled may have retained
its message, so both oblige to nothing.
"""

from subwarden.checking.core import causes
from subwarden.checking.core.deliveries import Broken, Followed
from subwarden.checking.core.options import causes as option_causes
from subwarden.checking.core.options.journal import Call
from subwarden.checking.core.options.option import Allowed, Message, Option, Run
from subwarden.model.core.options import LAST
from subwarden.model.core.step import Attach, Subscribe, Teardown

LATER = "retains: a later subscriber"


def subscribes(run: Run, connection: Followed, message: Message) -> list[Call]:
    """The calls by which `connection` asks for the topic of `message`."""
    calls = run.journal.of(Subscribe, connection.name)
    return [call for call in calls if run.options.reaches(call.operation.topic, message.published.topic)]  # type: ignore[union-attr]  # of this kind


def _superseded(run: Run, message: Message, at: int) -> bool:
    """Whether a later message had taken its place before the time `at`, for certain."""
    if run.options.retains != LAST:
        return False
    return any(
        other.published.topic == message.published.topic
        and other.call.answered
        and message.call.before(other.call)
        and other.call.ended < at
        for other in run.messages
    )


def _kept(run: Run, message: Message) -> bool:
    """Whether `message` may be retained at the end of the run."""
    return not _superseded(run, message, run.journal.now + 1)


def _torn(run: Run, message: Message) -> bool:
    """Whether a teardown may have ended what was retained, or `message` may never have been published."""
    if not message.call.answered:
        return True
    teardowns = run.journal.of(Teardown)
    return any(call.operation.topic == message.published.topic and call.ended > message.call.began for call in teardowns)  # type: ignore[union-attr]  # of this kind


def _owed(run: Run, connection: Followed) -> bool:
    """Whether a message may be owed to `connection` for what it is subscribed to at the end."""
    attached = sum(1 for _ in run.journal.of(Attach, connection.name))
    return not (run.options.resumes and attached > 1)  # what was on its way to the first socket may be lost


class Retains(Option):
    """See the module."""

    kinds = (LATER,)

    def allowed(self, run: Run, connection: Followed, message: Message, allowed: Allowed) -> Allowed:
        asked = subscribes(run, connection, message)
        later = sum(call.ended > message.call.began and not _superseded(run, message, call.began) for call in asked)
        earlier = bool(allowed.most) and any(call.before(message.call) for call in asked)
        least = allowed.least
        if not least and self._alone(run, message) and not _torn(run, message) and _owed(run, connection):
            least = int(run.subscribed(connection.states, message.published.topic)[0])
        return Allowed(least, later + (max(1, allowed.most) if earlier else 0))

    def _alone(self, run: Run, message: Message) -> bool:
        """Whether `message` is retained at the end for certain."""
        return self._candidates(run, message) == [message]

    def _candidates(self, run: Run, message: Message) -> list[Message]:
        """`message`, and all others of its topic of which the last one may be retained, if it may be; else none."""
        if run.options.retains != LAST:
            return [message]
        topic = message.published.topic
        kept = [each for each in run.messages if each.published.topic == topic and _kept(run, each)]
        return kept if message in kept else []

    def broken(self, run: Run) -> list[Broken]:
        found: list[Broken] = []
        for connection in run.connections:
            got = run.got(connection.name)
            for message in run.messages:
                kept = self._candidates(run, message)
                if len(kept) < 2 or kept[0] is not message or not self._sure(run, connection, kept):
                    continue
                if not any(each.published.message in got for each in kept):  # one of them was the last
                    said = f"{' or '.join(str(each.published.message) for each in kept)} to {connection.name}"
                    found.append((causes.LOST, said, "option", connection.name, kept[0].published.message))
            found += self._stale(run, connection, got)
        return found

    def _sure(self, run: Run, connection: Followed, kept: list[Message]) -> bool:
        subscribed = run.subscribed(connection.states, kept[0].published.topic)[0]
        return subscribed and _owed(run, connection) and not any(_torn(run, each) for each in kept)

    def _stale(self, run: Run, connection: Followed, got: list[object]) -> list[Broken]:
        """The last message that it got of a topic is older than another that it got: its copy of the value is wrong for good."""
        if run.options.acks:  # what is sent again may be old
            return []
        found: list[Broken] = []
        for topic in sorted({each.published.topic for each in run.messages}, key=str):
            here = [each for each in run.messages if each.published.topic == topic and each.published.message in got]
            if not here or not run.subscribed(connection.states, topic)[0]:
                continue
            last = max(here, key=lambda each: len(got) - got[::-1].index(each.published.message))
            newer = next((each for each in here if last.call.before(each.call)), None)
            if newer is not None:
                said = f"{last.published.message} after {newer.published.message} to {connection.name}"
                found.append((option_causes.STALE, said, "option", connection.name, last.published.message))
        return found

    def fired(self, run: Run) -> set[str]:
        return {
            LATER
            for connection in run.connections
            for message in run.messages
            if any(message.call.before(call) and call.answered for call in subscribes(run, connection, message))
            and message.published.message in run.got(connection.name)
        }

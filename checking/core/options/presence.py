"""Option `presence`: the subscribers of a topic are told who joins it and who leaves it.

A viewer gets ("join", client, topic) and ("leave", client, topic), and where the manager sends whole states ("state", topic, clients). A
leave may overtake the state that it belongs to, as long as the view is right in the end. Whether a viewer is told of itself is not judged.
Who subscribes to a pattern is in none of its topics.
"""

from subwarden.checking.core.deliveries import Broken, Followed
from subwarden.checking.core.options import causes as option_causes
from subwarden.checking.core.options.journal import Call
from subwarden.checking.core.options.option import Option, Run
from subwarden.model.core.step import Attach, Detach, Disconnect, Id, Subscribe, Teardown, Unsubscribe

SEEN = "presence: somebody is there"
LEFT = "presence: somebody has left"
ENDS = (Unsubscribe, Disconnect, Detach, Attach, Teardown)


def view(events: list[tuple[str, Id, object]], topic: Id) -> set[object]:
    """The clients that a viewer with these events sees on `topic`. For a state, the second part is the topic."""
    seen: set[object] = set()
    for what, of, where in events:
        if what == "state" and of == topic:
            assert isinstance(where, frozenset)
            seen = set(where)
        elif where == topic:
            (seen.add if what == "join" else seen.discard)(of)
    return seen


def _topics(run: Run) -> list[Id]:
    named = {call.operation.topic for call in run.journal.of(Subscribe)}  # type: ignore[union-attr]  # of this kind
    return sorted((topic for topic in named if "*" not in str(topic)), key=str)


class Presence(Option):
    """See the module."""

    kinds = (SEEN, LEFT)

    def broken(self, run: Run) -> list[Broken]:
        found: list[Broken] = []
        for viewer in run.connections:
            events = run.sees.get(viewer.name, [])
            for topic in _topics(run):
                if viewer.states.subscribed(topic)[0]:
                    found += self._wrong_view(run, viewer, events, topic)
                found += self._too_often(run, viewer, events, topic)
        return found

    def _wrong_view(self, run: Run, viewer: Followed, events: list[tuple[str, Id, object]], topic: Id) -> list[Broken]:
        """A viewer who subscribes anew begins with an empty view: nobody is told as gone who left meanwhile."""
        found: list[Broken] = []
        seen = view(events, topic)
        begins = [call.saw.get(viewer.name, 0) for call in _subscribing(run, viewer, topic)]
        still = view(events[begins[-1] :], topic) if len(begins) > 1 else seen
        for other in run.connections:
            if other is viewer:
                continue
            surely, possibly = other.states.subscribed(topic)
            said = f"{viewer.name} on {topic}: {other.name}"
            if surely and other.name not in seen:
                found.append((option_causes.UNSEEN, said, "option", viewer.name, other.name))
            if not possibly and other.name in still:
                found.append((option_causes.GHOST, said, "option", viewer.name, other.name))
        return found

    def _too_often(self, run: Run, viewer: Followed, events: list[tuple[str, Id, object]], topic: Id) -> list[Broken]:
        """A client has one join for each call that may have let it in, at most, and one leave for each that may have ended that. A viewer
        who subscribes anew may be told once more of a client that is there: a snapshot may be told as joins.
        """
        found: list[Broken] = []
        anew = max(len(_subscribing(run, viewer, topic)) - 1, 0)
        for other in run.connections:
            if other is viewer or other.states.now.excused:
                continue
            joins = sum(_about(call.operation, other.name, topic) for call in run.journal.of(Subscribe))
            leaves = sum(_about(call.operation, other.name, topic) for kind in ENDS for call in run.journal.of(kind))
            for what, most in (("join", joins and joins + anew), ("leave", leaves)):
                told = events.count((what, other.name, topic))
                if told > most:
                    said = f"{viewer.name} on {topic}: {what} of {other.name}, {told} times instead of {most}"
                    found.append((option_causes.TOLD_AGAIN, said, "option", viewer.name, other.name))
        return found

    def fired(self, run: Run) -> set[str]:
        found: set[str] = set()
        for topic in _topics(run):
            for other in run.connections:
                if any(viewer is not other and viewer.states.subscribed(topic)[0] for viewer in run.connections):
                    came = any(_about(call.operation, other.name, topic) and call.answered for call in run.journal.of(Subscribe))
                    surely, possibly = other.states.subscribed(topic)
                    found |= {SEEN} if surely else {LEFT} if came and not possibly else set()
        return found


def _subscribing(run: Run, viewer: Followed, topic: Id) -> list[Call]:
    """The calls by which the viewer may have begun to see the topic, in order: its subscribes, and its new sockets."""
    return [
        call for call in run.journal.calls if isinstance(call.operation, Subscribe | Attach) and _about(call.operation, viewer.name, topic)
    ]


def _about(operation: object, client: Id, topic: Id) -> bool:
    return getattr(operation, "connection", client) == client and getattr(operation, "topic", topic) == topic

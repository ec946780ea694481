"""The checks at quiescence: every request is answered, every thread has its one listener, and nothing is left of unloaded threads."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.server.clients import Clients
from subwarden.checking.server.evidence import Found, NeverLinked, StaysLoaded, Unanswered, WaitedForStart, WrongMaps
from subwarden.checking.server.requests import AcceptedRequest, Requests
from subwarden.checking.server.visible import Visible
from subwarden.model.server import requests as rq
from subwarden.model.server.state import ServerState


def answers(requests: Requests, closed: AbstractSet[int], unapproved: AbstractSet[int]) -> Iterator[Found]:
    """P7, P14. `closed`: connections to which no answer is owed; `unapproved`: threads with an approval that no client is there to give.
    A rollback comes after the turn: it waits for the approval too."""
    broken: dict[Cause, list[AcceptedRequest]] = {}
    for each in requests:
        request = each.request
        if each.answered is not None:
            if each.held_up:
                waited = causes.WAITS_FOR_START if each.waits_for_start else causes.NOT_TOLD if each.untold else causes.WAITS_FOR_ENGINE
                broken.setdefault(waited, []).append(each)
        elif request.connection not in closed and not (isinstance(request, rq.Rollback) and request.thread in unapproved):
            cause = causes.CANCELLED_UNANSWERED if each.cancelled else causes.never_answered(request.name)
            broken.setdefault(cause, []).append(each)
    for cause, of in broken.items():
        if cause in (causes.WAITS_FOR_START, causes.WAITS_FOR_ENGINE):
            alone = [each for each in of if not each.among_readers]  # else a script cannot know that it was not for them
            since = tuple((each.name, each.waits_since) for each in alone if each.waits_since is not None)
            yield Found(cause, of[0].request.name, WaitedForStart(since) if since else None)
        elif cause == causes.NOT_TOLD:
            yield Found(cause, ", ".join(each.name for each in of))
        else:
            yield Found(cause, of[0].request.name, Unanswered(tuple(each.name for each in of)))


def services(visible: Visible, closed: frozenset[int], running: Sequence[tuple[int, int]], unread: AbstractSet[int]) -> Iterator[Found]:
    """P2 to P6: live connections, listeners and entries. `running`: thread and conversation of each listener; `unread`: conversations with
    events that nobody has taken."""
    shown, server = visible.shown, visible.server
    if closed & (shown.live or frozenset()):
        yield Found(causes.REVIVED, "", WrongMaps(shown, closed))
    following = {t: entry.conversation for t, entry in shown.entries.items()}
    for thread, conversation in sorted(running):
        if running.count((thread, conversation)) > 1:
            yield Found(causes.TWO_AT_ONCE, f"v{conversation}")
        elif following.get(thread) != conversation:
            yield Found(causes.OUT_OF_REACH, f"v{conversation}")
    for thread, loaded in sorted(server.loaded.items(), key=lambda item: item[0]):
        served = (thread, loaded.number) in running
        if shown.subscribers.get(thread) and not served and thread not in server.unloading:
            yield Found(causes.UNSERVED, f"t{thread}")
        elif loaded.number in unread and not served:
            yield Found(causes.BY_NOBODY, f"v{loaded.number}")
    for thread in sorted(shown.entries.keys() - server.loaded.keys()):
        yield Found(causes.REVIVED_ENTRY if thread in visible.torn_down else causes.LEFT_ENTRY, f"t{thread}")


def unloads(states: Sequence[ServerState]) -> Iterator[Found]:
    """P12: nothing stays loaded that is to be unloaded: a thread that is closing, whose conversation has ended, or that its last subscriber
    left by an unsubscribe. A close of its connection unloads nothing: the client may come back."""
    for thread, loaded in states[0].loaded:
        left = all(known is not None and known.left for known in (state.thread(thread) for state in states))
        if loaded.closing or loaded.dead or left:
            yield Found(causes.STAYS_LOADED, f"t{thread}", StaysLoaded(thread, loaded.conversation))


def drops(holding_up: AbstractSet[int]) -> Iterator[Found]:
    """P7: nobody waits for ever for one of the clients `holding_up`, which read no more."""
    if holding_up:
        yield Found(causes.NOT_DROPPED, ", ".join(f"c{connection}" for connection in sorted(holding_up)))


def links(states: Sequence[ServerState], clients: Clients) -> Iterator[Found]:
    """P8: every client that was told that it is subscribed to a running thread is."""
    owed = frozenset.intersection(*(state.owed for state in states))
    never = [(t, c, clients.told(t, c)) for t, c in sorted(owed) if states[0].running(t) and not states[0].linked(t, c)]
    if never:
        yield Found(causes.NEVER_LINKED, "", NeverLinked(tuple(never)))

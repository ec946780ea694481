"""Words for requests, messages and changes of level server, shared by every report."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields

from subwarden.model.manager.words import say_argument
from subwarden.model.server.requests import AnswerSent, Asks, Closed, Message, Notice, Request, Resolved, Started
from subwarden.model.server.state import Change, ChangeKind

PREFIX = {"fork": "thread"}  # a fork is numbered as a thread
CHANGES = {  # as `model.manager.words.say_changes` puts those that level manager has too
    ChangeKind.LIVE: "c{c} live",
    ChangeKind.LOADED: "t{t} loaded as v{other}",
    ChangeKind.LINKED: "+ c{c} on t{t}",
    ChangeKind.NAMED: "s{other} = c{c} on t{t}",
    ChangeKind.UNNAMED: "s{other} dropped",
    ChangeKind.UNLINKED: "- c{c} on t{t}",
    ChangeKind.CLOSING: "t{t} closing",
    ChangeKind.UNLOADED: "t{t} unloaded",
    ChangeKind.DEAD: "c{c} not live",
}


def say_request(request: Request) -> str:
    """A request as a client would write it: `thread_resume(c1, t1)`."""
    said = []
    for field in fields(request):
        value = getattr(request, field.name)
        if field.name == "asks":
            said += ["with an approval"] if value else []
        elif field.name == "raw":
            said += ["raw"] if value else []
        else:
            said.append(say_argument(PREFIX.get(field.name, field.name), value))
    return f"{request.name}({', '.join(said)})"


def say_message(message: Message) -> str:
    """A message to a client."""
    match message:
        case AnswerSent(request, reply, open_turn, threads):
            extra = f", the turn so far up to event {open_turn}" if open_turn is not None else ""
            listed = f": {', '.join(f't{t}' for t in threads) or 'none'}" if threads is not None else ""
            return f"the answer to {request}: {reply.value}{extra}{listed}"
        case Notice(thread, conversation, event, raw):
            return f"{event.kind.value} (event {event.number} of v{conversation}, t{thread}{', raw' if raw else ''})"
        case Asks(_, conversation, number):
            return f"may it? (event {number} of v{conversation})"
        case Resolved(_, conversation, number):
            return f"settled (event {number} of v{conversation})"
        case Started(thread):
            return f"t{thread} was started"
        case Closed(thread):
            return f"t{thread} was closed"


def say_change(change: Change) -> str:
    """A visible change, as the tables of reports have it: `t1 loaded as v1`."""
    return CHANGES[change.kind].format(t=change.thread, c=change.connection, other=change.other)


def say_registry(before: Mapping[int, int], after: Mapping[int, int], closing: AbstractSet[int], was: AbstractSet[int]) -> list[str]:
    """The changes of the registry, in a fixed order: conversations by thread `before` and `after`, and the threads that are `closing` and
    that were."""
    changes = [Change(ChangeKind.UNLOADED, t) for t in sorted(before.keys() - after.keys())]
    changes += [Change(ChangeKind.LOADED, t, other=v) for t, v in sorted(after.items()) if before.get(t) != v]
    changes += [Change(ChangeKind.CLOSING, t) for t in sorted(closing - was)]
    return [*map(say_change, changes), *(f"t{t} not closing" for t in sorted((was - closing) & after.keys()))]


def say_state_facts(
    live: Iterable[int],
    loaded: Mapping[int, int],
    closing: AbstractSet[int],
    links: Iterable[tuple[int, int]],
    grants: Iterable[tuple[int, int, int]],
) -> list[str]:
    """A state, a text for each fact. `loaded`: thread -> conversation; `links`: (thread, connection); `grants`: the same with the id."""
    said = [f"c{c} live" for c in sorted(live)]
    said += [f"t{t} loaded as v{v}" + (", closing" if t in closing else "") for t, v in sorted(loaded.items())]
    said += [f"c{c} on t{t}" for t, c in sorted(links)]
    return said + [f"s{s} = c{c} on t{t}" for t, c, s in sorted(grants)]

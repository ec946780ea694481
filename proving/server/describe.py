"""Words for the steps and configurations of level server, and the kind of each step."""

from collections.abc import Hashable, Iterator

from subwarden.model.server.state import IMPLICIT, ServerState
from subwarden.model.server.words import say_change, say_request
from subwarden.proving.server.steps import (
    Action,
    Answers,
    Archives,
    Arrives,
    Brings,
    Cancels,
    Closes,
    Dies,
    RollsBack,
    ServerConfiguration,
    Shows,
    Turns,
)

FIXED: dict[type, str] = {
    Closes: "a client goes",
    Cancels: "a handler is cancelled",
    Archives: "the store drops a thread",
    RollsBack: "the engine rolls back",
    Dies: "a conversation ends by itself",
}


def kind_of(configuration: ServerConfiguration, action: Action) -> str:
    """The kind of a step from `configuration`."""
    match action:
        case Arrives(request):
            return f"{request.name}: arrives"
        case Answers(number, reply):
            return f"{configuration.state.flight[number - 1][1].request.name}: {reply.value}"
        case Shows(change):
            return f"change: {change.kind.value}"
        case Brings(_, conversation):
            return "the engine fails" if conversation is None else "the engine brings"
        case Turns(_, is_open):
            return "the engine begins a turn" if is_open else "the engine ends a turn"
        case _:
            return FIXED[type(action)]


def action_in_words(action: Hashable) -> str:  # noqa: PLR0911 - one case an action
    """A step in words."""
    match action:
        case Arrives(request):
            return f"{say_request(request)} arrives"
        case Answers(number, _):
            return f"request {number} is answered"
        case Shows(change):
            return say_change(change)
        case Closes(connection):
            return f"the client of c{connection} goes"
        case Cancels(number):
            return f"the handler of request {number} is cancelled"
        case Brings(thread, conversation):
            return f"the engine cannot bring t{thread}" if conversation is None else f"the engine brings t{thread} as v{conversation}"
        case Archives(thread):
            return f"t{thread} is taken out of the store"
        case Turns(thread, is_open):
            return f"a turn of t{thread} {'begins' if is_open else 'ends'}"
        case RollsBack(thread):
            return f"the engine has rolled t{thread} back"
        case Dies(thread):
            return f"the conversation of t{thread} ends by itself"
        case _:
            raise TypeError(f"not an action of server: {action!r}")


def configuration_in_words(configuration: ServerConfiguration) -> str:
    """A configuration in one line."""
    return "; ".join(_parts(configuration.state)) or "nothing"


def _parts(state: ServerState) -> Iterator[str]:
    yield from (f"c{c} live" for c in sorted(state.live))
    yield from (f"c{c} closed" for c in sorted(state.closed))
    yield from (f"t{t} stored" for t in sorted(state.stored))
    for t, loaded in state.loaded:
        marks = [name for name in ("closing", "turn", "dead") if getattr(loaded, name)]
        yield ", ".join([f"t{t} loaded as v{loaded.conversation}", *marks])
    for t, c, s in sorted(state.grants):
        yield f"c{c} on t{t}" if s == IMPLICIT else f"c{c} on t{t} by s{s}"
    yield from (f"c{c} told of t{t}" for t, c in sorted(state.owed))
    for number, flight in state.flight:
        may = ", ".join(sorted(reply.value for reply in flight.may)) or "nothing yet"
        yield f"{number}: {say_request(flight.request)}{', done' if flight.done else ''}, may: {may}"

"""States and steps in the words that reports use: c1 a connection, t1 a thread, s1 an id, v1 a conversation."""

from dataclasses import fields

from subwarden.model.manager.operations import Operation, TurnEvent
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Call
from subwarden.proving.manager.open_calls import Action, Begin, Cancel, ManagerConfiguration, OpenCall, Return, TakeEffect, Whole
from subwarden.proving.manager.scope import Request

LETTERS = {"connection": "c", "thread": "t", "subscription": "s", "conversation": "v"}


def operation_in_words(operation: Operation) -> str:
    """`set_listener(s1, t1, c2, raw=True)`."""
    shown = []
    for f in fields(operation):
        value = getattr(operation, f.name)
        if f.name in LETTERS:
            shown.append(f"{LETTERS[f.name]}{value}")
        else:
            shown.append(value.value if isinstance(value, TurnEvent) else f"{f.name}={value}")
    return f"{operation.name}({', '.join(shown)})"


def request_in_words(request: Request) -> str:
    """A state operation says whose state it acts on."""
    text = operation_in_words(request.operation)
    return text if request.thread is None else f"{text} on t{request.thread}'s state"


def action_in_words(action: Action) -> str:
    """`caller 1 begins set_listener(...)`; a whole operation is told by itself."""
    match action:
        case Whole(request):
            return request_in_words(request)
        case Begin(caller, request):
            return f"caller {caller + 1} begins {request_in_words(request)}"
        case TakeEffect(caller):
            return f"caller {caller + 1}'s call takes effect"
        case Return(caller):
            return f"caller {caller + 1}'s call returns"
        case Cancel(caller):
            return f"caller {caller + 1}'s call is cancelled"


def state_in_words(state: State) -> str:
    """One line; what is empty is left out."""
    shown = []
    if state.live:
        shown.append("live " + " ".join(f"c{c}" for c in sorted(state.live)))
    if state.closed:
        shown.append("closed " + " ".join(f"c{c}" for c in sorted(state.closed)))
    for t, entry in state.entries:
        follows = "" if entry.conversation is None else f" follows v{entry.conversation}"
        turn = "" if entry.turn is None else f" in a turn of {entry.turn}"
        shown.append(f"t{t}{follows}{turn}")
    for thread, connection, subscription in sorted(state.grants, key=lambda g: (g[0], g[1], g[2] or 0)):
        by = "" if subscription is None else f" by s{subscription}"
        shown.append(f"c{connection} on t{thread}{by}")
    shown += [f"raw c{c} on t{t}" for t, c in sorted(state.raw)]
    return "; ".join(shown) or "nothing"


def configuration_in_words(configuration: ManagerConfiguration) -> str:
    """The state, then what is open."""
    return "; ".join(
        [
            state_in_words(configuration.state),
            *(f"caller {k + 1}: {_open(c)}" for k, c in enumerate(configuration.callers) if c is not None),
        ]
    )


def _open(held: OpenCall) -> str:
    return request_in_words(Request(held.operation, held.thread)) if isinstance(held, Call) else "answered, not returned"

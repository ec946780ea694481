"""The steps and configurations of the manager level in words, on top of `model.manager.words`."""

from subwarden.model.manager.step import Call
from subwarden.model.manager.words import say_operation, say_state
from subwarden.proving.manager.open_calls import Action, Begin, Cancel, ManagerConfiguration, OpenCall, Return, TakeEffect, Whole
from subwarden.proving.manager.scope import Request


def request_in_words(request: Request) -> str:
    """The operation; for a state operation also the thread whose state it acts on."""
    text = say_operation(request.operation)
    return text if request.thread is None else f"{text} on t{request.thread}'s state"


def action_in_words(action: Action) -> str:
    """`caller 1 begins set_listener(...)`; a whole operation is its request alone."""
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


def configuration_in_words(configuration: ManagerConfiguration) -> str:
    """The state, then the open calls."""
    callers = [f"caller {number}: {_open(call)}" for number, call in enumerate(configuration.callers, 1) if call is not None]
    return "; ".join([say_state(configuration.state), *callers])


def _open(held: OpenCall) -> str:
    return request_in_words(Request(held.operation, held.thread)) if isinstance(held, Call) else "answered, not returned"

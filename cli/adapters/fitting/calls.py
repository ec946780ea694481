"""The text of one call of the class: an exception that refuses becomes False, and a client whose own connection broke asks no more."""

import builtins
from collections.abc import Iterable

from subwarden.cli.adapters.fitting.reading import Method, Parameter, ReadClass
from subwarden.cli.adapters.fitting.roles import Part, Taken

SAYS_NO = ("subscribe", "unsubscribe")  # their False is an answer
BROKEN = """\
        except {error}:
            if not {socket}.broken:
                raise  # another client's connection broke
"""


def call_of(method: Method, owner: str, values: Iterable[str]) -> str:
    """The call of a method of `owner`, with these values."""
    given = zip(method.parameters, values, strict=True)
    arguments = ", ".join(f"{each.name}={value}" if each.keyword else value for each, value in given)
    return f"{'await ' if method.is_async else ''}{owner}.{method.name}({arguments})"


def guarded(call: str, method: Method, operation: str, socket: str, error: str) -> str:
    """The call as a statement of the adapter. `socket`: the client's own connection there, if it may break meanwhile, by `error`."""
    clauses = ""
    for refused, answer in ((False, "False" if operation in SAYS_NO else "None"), (True, "None")):
        names = [name for name, already in method.refusals if already is refused]
        why = "  # not judged: it was so already" if refused else ""
        clauses += f"        except {_either(names)}:\n            return {answer}{why}\n" * bool(names)
    if socket and method.sends:
        clauses += BROKEN.format(socket=socket, error=error)
    return f"        try:\n            {call}\n{clauses}" if clauses else f"        {call}\n"


def message_for(parameter: Parameter) -> str:
    """The message, in the shape that the method takes it."""
    return '{"text": message}' if parameter.kind.lower() in ("dict", "mapping") else "message"


def refusals_of(methods: list[Method]) -> list[str]:
    """What was guessed of the exceptions."""
    return [f"{each.name}() refuses by {', '.join(name for name, _ in each.refusals)}" for each in methods if each.refusals]


def unjudged(read: ReadClass, publish: Taken | None) -> str:
    """Why it is not known which messages a client should receive; empty if nothing says so."""
    help_ = "see `subwarden help options`, and leave out `delivered = None`"
    if publish is None:
        return ""
    message = next((each.name for each, part in zip(publish.method.parameters, publish.parts, strict=True) if part is Part.MESSAGE), "")
    if message in read.uses.keeps:
        return f"{read.name} keeps messages; if it sends them later, too (`retains`, `acks`), {help_}"
    if read.uses.drops:
        return f"{read.name} may drop messages (`bounded`); {help_}"
    if publish.method.name not in read.uses.loops and not any(name in read.methods for name, _, _ in read.uses.asked):
        return f"{publish.method.name}() sends to one subscriber (`shares`); {help_}"
    return ""


def to_import(read: ReadClass, methods: list[Method], *others: str) -> str:
    """The names that the adapter imports from the module of the class."""
    named = {read.name, *others, *(name for each in methods for name, _ in each.refusals)}
    return ", ".join(sorted(each for each in named if each and not hasattr(builtins, each)))


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"

"""What `subwarden new --for` says, and the text of one call of the class: an exception that refuses becomes False, and a client whose own
connection broke asks no more.
"""

import builtins
from collections.abc import Iterable
from dataclasses import dataclass

from subwarden.cli.adapters.fitting.reading import Method, ReadClass

SAYS_NO = ("subscribe", "unsubscribe")  # their False is an answer
BROKEN = """\
        except {error}:
            if not {socket}.broken:
                raise  # another client's connection broke
"""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The text of an adapter, what stands for each operation, and what was guessed and should be looked at."""

    text: str
    taken: dict[str, str]
    doubts: list[str]


def said(method: Method) -> str:
    """`join(client, room)`."""
    return f"{method.name}({', '.join(each.name for each in method.parameters)})"


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


def refusals_of(methods: list[Method]) -> list[str]:
    """What was guessed of the exceptions."""
    return [f"{each.name}() refuses by {', '.join(name for name, _ in each.refusals)}" for each in methods if each.refusals]


def to_import(read: ReadClass, methods: list[Method], *others: str) -> str:
    """The names that the adapter imports from the module of the class."""
    named = {read.name, *others, *(name for each in methods for name, _ in each.refusals)}
    return ", ".join(sorted(each for each in named if each and not hasattr(builtins, each)))


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"

"""Finds how a subscription ends, where no method of the class ends it: by a function that is returned, or at the end of a `with`."""

import ast
from enum import Enum

from subwarden.cli.adapters.fitting.parameters import Function, type_name


class Ending(Enum):
    """How a subscription ends. The value is the call that ends it, of what subscribing gave."""

    METHOD = ""
    FUNCTION = "{}()"
    AWAITED = "await {}()"
    CONTEXT = "{}.__exit__(None, None, None)"
    AWAITED_CONTEXT = "await {}.__aexit__(None, None, None)"


ENTERS = {Ending.CONTEXT: "{}.__enter__()", Ending.AWAITED_CONTEXT: "await {}.__aenter__()"}
MANAGERS = {"contextmanager": Ending.CONTEXT, "asynccontextmanager": Ending.AWAITED_CONTEXT}


def context_of(function: Function) -> Ending | None:
    """The kind of `with` that the function is for, if its only decorator makes it a context manager."""
    decorators = [type_name(each) for each in function.decorator_list if type_name(each) != "classmethod"]
    return MANAGERS.get(decorators[0]) if len(decorators) == 1 else None


def ending_of(function: Function) -> Ending:
    """`FUNCTION` or `AWAITED` if what is returned is a function without parameters, by which what was done ends."""
    inner = {each.name: each for each in ast.walk(function) if isinstance(each, Function) and each is not function and not _takes(each)}
    for node in ast.walk(function):
        match node:
            case ast.Return(value=ast.Name(id=name)) if name in inner:
                return Ending.AWAITED if isinstance(inner[name], ast.AsyncFunctionDef) else Ending.FUNCTION
            case ast.Return(value=ast.Lambda(args=ast.arguments(posonlyargs=[], args=[]))):
                return Ending.FUNCTION
            case ast.Return(value=ast.Call(func=called)) if type_name(called) == "partial":
                return Ending.FUNCTION
    return Ending.METHOD


def _takes(function: Function) -> bool:
    """Whether a parameter must be given to a function that is no method."""
    given = function.args
    return bool(given.posonlyargs or len(given.args) > len(given.defaults))

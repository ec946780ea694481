"""Reads the parameters of a function, and what the function does with each."""

import ast
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef
DICTS = ("dict", "mapping", "mutablemapping")
OF_DICTS = {"get", "items", "keys", "values", "setdefault", "update", "__setitem__"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `kind`: the type that its annotation names; `calls`, `reads`, `keys`: its methods, attributes and keys that are used."""

    name: str
    kind: str
    keyword: bool
    calls: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def is_dict(self) -> bool:
        """Whether it is one by its annotation, or is used as one."""
        return self.kind.lower() in DICTS or bool(self.keys or OF_DICTS & set(self.calls))


def required(function: Function) -> tuple[Parameter, ...]:
    """The parameters without a default, but for the object itself."""
    given = function.args
    every = [*given.posonlyargs, *given.args]
    needed = every[: len(every) - len(given.defaults)]
    if needed and not any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in function.decorator_list):
        needed = needed[1:]
    keywords = [each for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    return tuple(_parameter(each, function, keyword=each in keywords) for each in [*needed, *keywords])


def optional(function: Function) -> tuple[Parameter, ...]:
    """The parameters with a default that may be given in order, and then `*args`."""
    given = function.args
    late = given.args[len(given.args) - len(given.defaults) :] if given.defaults else []
    return tuple(_parameter(each, function, keyword=False) for each in [*late, *filter(None, [given.vararg])])


def type_name(annotation: ast.expr | None) -> str:
    """The last word of a simple annotation: `WebSocket` of `fastapi.WebSocket | None`; empty where there is none."""
    match annotation:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str(text)):
            inner = text.removeprefix("Optional[") if text.startswith("Optional[") else text
            return inner.partition("[")[0].partition("|")[0].strip(" ]").rpartition(".")[2]
        case ast.Subscript(value=value, slice=inner) if type_name(value) == "Optional":
            return type_name(inner)
        case ast.Subscript(value=value):
            return type_name(value)
        case ast.BinOp(left=left):
            return type_name(left)
    return ""


def _parameter(argument: ast.arg, function: Function, *, keyword: bool) -> Parameter:
    called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    calls: dict[str, None] = {}
    reads: dict[str, None] = {}
    keys: dict[str, None] = {}
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=used) if name == argument.arg:
                (calls if id(node) in called else reads)[used] = None
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key)), ctx=use) if name == argument.arg:
                if isinstance(use, ast.Load):
                    keys[key] = None
                else:
                    calls["__setitem__"] = None
            case ast.keyword(arg=None, value=ast.Name(id=name)) if name == argument.arg:
                calls["keys"] = None
            case ast.Dict(keys=given, values=values) if _spread(argument.arg, given, values):
                calls["keys"] = None
    return Parameter(argument.arg, type_name(argument.annotation), keyword, tuple(calls), tuple(reads), tuple(keys))


def _spread(name: str, keys: list[ast.expr | None], values: list[ast.expr]) -> bool:
    """Whether it is `{**name}`."""
    pairs = zip(keys, values, strict=True)
    return any(key is None and isinstance(value, ast.Name) and value.id == name for key, value in pairs)

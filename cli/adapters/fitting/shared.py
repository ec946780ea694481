"""Finds what a class keeps for all of its objects. A run begins with nothing of the run before it, so an adapter puts that back.

Two kinds: attributes of the class itself, and objects that a metaclass keeps.
"""

import ast

from subwarden.cli.adapters.fitting.parameters import Function, type_name

HOLDS = (
    "dict list set deque defaultdict OrderedDict Counter WeakSet WeakKeyDictionary WeakValueDictionary "
    "Queue PriorityQueue LifoQueue Lock Event Condition Semaphore"
).split()
OTHER_METACLASSES = ("ABCMeta", "EnumMeta", "EnumType", "type")  # they make a new object for each call


LONG = 80  # a longer value is a table of constants


def shared_by(node: ast.ClassDef) -> dict[str, ast.expr]:
    """The attributes of the class that hold something, or that its methods change, and what they are at first: tables, and the one object
    of a singleton.
    """
    changed = {each for function in node.body if isinstance(function, Function) for each in _changed(function, node.name)}
    found = {}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                if (_holds(value) or name in changed) and len(ast.unparse(value)) < LONG:
                    found[name] = value
    return found


def made_anew(node: ast.ClassDef) -> bool:
    """Whether a metaclass may hand out an object that it has made before."""
    return any(each.arg == "metaclass" and type_name(each.value) not in OTHER_METACLASSES for each in node.keywords)


def _changed(function: Function, name: str) -> set[str]:
    """The attributes that the function gives a value on the class: `cls.x = y`, `Hub.x = y`."""
    targets = [target for node in ast.walk(function) if isinstance(node, ast.Assign) for target in node.targets]
    return {
        target.attr
        for target in targets
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id in ("cls", name)
    }


def _holds(value: ast.expr) -> bool:
    match value:
        case ast.Dict() | ast.List() | ast.Set():
            return True
        case ast.Call(func=called):
            return type_name(called) in HOLDS
    return False

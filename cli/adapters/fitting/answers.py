"""Reads which answers of others the methods of a class go through: a fake must answer something there."""

import ast

from subwarden.cli.adapters.fitting.parameters import Function

WALK = ("list", "tuple", "set", "frozenset", "dict", "sorted", "reversed", "enumerate", "len", "sum", "any", "all", "iter")


def walked(function: Function) -> set[str]:
    """The calls whose awaited answers are gone through: `for each in await self.store.unread(user)`, also by a name or in a call."""
    nodes = list(ast.walk(function))
    named = {node.targets[0].id: node.value for node in nodes if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
    through = [node.iter for node in nodes if isinstance(node, ast.For | ast.comprehension)]
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in WALK:
                through.append(first)
    answers = [named.get(each.id, each) if isinstance(each, ast.Name) else each for each in through]
    calls = [each.value.func for each in answers if isinstance(each, ast.Await) and isinstance(each.value, ast.Call)]
    return {dotted(each) for each in calls} - {""}


def dotted(node: ast.expr) -> str:
    """`store.save` of `self.store.save`; empty for anything else."""
    text = ast.unparse(node)
    return text.removeprefix("self.") if text.startswith("self.") and text.replace(".", "").isidentifier() else ""

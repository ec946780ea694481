"""Reads what the methods of a class do: which tables they fill, by which names, and how they call what they are given."""

import ast
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from subwarden.cli.adapters.fitting.answers import dotted, walked
from subwarden.cli.adapters.fitting.parameters import Function

COLLECTS = ("add", "append", "appendleft", "insert")
FILLS = (*COLLECTS, "put_nowait", "put")
SENDS = ("send", "write", "put", "publish", "emit", "push", "notify", "deliver")  # so begin the names of methods that send
MOST_MESSAGES = 50  # the programs of a check publish fewer
OF_TASKS = ("add_done_callback", "cancel")
KEEPERS = (dict, list, set, str, deque)  # their methods send nothing
AWAITABLE = ("iscoroutine", "isawaitable", "iscoroutinefunction")
WEAK = ("ref", "WeakMethod")
CATCHES_CONNECTION = ("ConnectionError", "OSError", "Exception", "BaseException")


@dataclass(slots=True)
class Uses:
    """What was read.

    `nested`: attributes whose elements are filled. `pairs`: attributes with a pair for each key or member, as (attribute, the two names).
    `fills`: what is put into an element of an attribute, as (attribute, name). `calls`: local names that are called. `awaitable`: it looks
    whether what it was given can be awaited. `weak`: it keeps weak references. `given`: the attribute for each parameter that it is made
    with. `asked`: calls of such an attribute, or of a part of it, as (dotted name, awaited, the names of the arguments). `caught`: the
    exceptions that it catches where it awaits a method of somebody else's object. `queues`: the methods that make a queue. `handed`: the
    names that are the only argument of a call on a local object, as a message is handed on. `wrapped`: the names of which something is made
    that is sent so, or is given to a function with what a loop goes through. `sent`: all that is sent so, as source. `changes`: the
    generators that yield something that they make. `keeps`: the names of what is put into a table or a list of its own. `loops`: the
    methods that go through several things. `full`: it is ready for a queue that is full. `bounded`: it makes one that a run can fill.
    `sets`: it adds to a set. `asks`: it looks whether it was given a coroutine function. `walked`: the calls, by their dotted names, whose
    awaited answers it goes through.
    """

    nested: list[str] = field(default_factory=list)
    pairs: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    fills: list[tuple[str, str]] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    awaitable: bool = False
    weak: bool = False
    given: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, bool, tuple[str, ...]]] = field(default_factory=list)
    caught: list[str] = field(default_factory=list)
    queues: set[str] = field(default_factory=set)
    handed: set[str] = field(default_factory=set)
    wrapped: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    keeps: set[str] = field(default_factory=set)
    loops: set[str] = field(default_factory=set)
    full: bool = False
    bounded: bool = False
    sets: bool = False
    asks: bool = False
    walked: set[str] = field(default_factory=set)


def look(function: Function, uses: Uses) -> None:
    """Add what `function` does to `uses`."""
    aliases = {
        target.id: attribute
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and (attribute := element_of(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    awaited = {id(node.value) for node in ast.walk(function) if isinstance(node, ast.Await)}
    local = set(_bound(function))
    sources = Sources(function)
    through = _gone_through(function)
    uses.walked |= walked(function)
    for node in ast.walk(function):
        match node:
            case ast.Assign():
                _assignment(node, aliases, function, uses)
                if any(map(_kept_in, node.targets)):
                    uses.keeps.update(sources.inside(node.value))
            case ast.Call():
                _call(node, id(node) in awaited, aliases, local, function, uses)
                _handing(node, local, through, sources, uses)
            case ast.For() | ast.AsyncFor() | ast.comprehension() | ast.While():
                uses.loops.add(function.name)
            case ast.Yield(value=value) if not isinstance(value, ast.Name | ast.Await):
                uses.changes.add(function.name)
            case ast.Try() if _waits_outside(node.body):
                for caught in (each for handler in node.handlers for each in _caught(handler.type)):
                    _note(uses.caught, caught)
        match node:
            case ast.Name(id="QueueFull" | "WouldBlock") | ast.Attribute(attr="QueueFull" | "WouldBlock"):
                uses.full = True


def _assignment(node: ast.Assign, aliases: dict[str, str], function: Function, uses: Uses) -> None:
    targets = [each for target in node.targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
    for target in targets:
        match target:
            case ast.Subscript(value=owner, slice=ast.Tuple(elts=[first, second])):
                _pair(uses, own(owner), first, second)
            case ast.Subscript(value=owner, slice=key) if not isinstance(key, ast.Constant):
                _note(uses.nested, _element(owner, aliases))
        if isinstance(node.value, ast.Name) and _kept_in(target):
            uses.keeps.add(node.value.id)
            if function.name == "__init__" and own(target):
                uses.given[node.value.id] = own(target)


def _call(node: ast.Call, awaited: bool, aliases: dict[str, str], local: set[str], function: Function, uses: Uses) -> None:
    arguments = tuple(each.id if isinstance(each, ast.Name) else "" for each in node.args)
    match node.func:
        case ast.Attribute(value=owner, attr=name):
            element = _element(owner, aliases)
            if element and node.args and name in (*COLLECTS, "setdefault") and not isinstance(node.args[0], ast.Constant):
                _note(uses.nested, element)
            if element and name in FILLS and arguments[-1:] != ("",):
                uses.fills += [(element, each) for each in arguments[-1:]]
            uses.sets = uses.sets or name == "add"
            if name == "add" and node.args and isinstance(node.args[0], ast.Tuple) and len(node.args[0].elts) == 2:
                _pair(uses, own(owner), *node.args[0].elts)
            uses.awaitable = uses.awaitable or name in AWAITABLE
            uses.weak = uses.weak or name in WEAK
            if called := dotted(node.func):
                uses.asked.append((called, awaited, arguments))
        case ast.Name(id=name):
            uses.awaitable = uses.awaitable or name in AWAITABLE
            uses.weak = uses.weak or name in WEAK
            if name in local:
                uses.calls.add(name)
    if ast.unparse(node.func).partition("[")[0].endswith(("Queue", "create_memory_object_stream")):
        uses.queues.add(function.name)
        uses.bounded = uses.bounded or any(_in_reach(each) for each in (*node.args, *(given.value for given in node.keywords)))


def _handing(node: ast.Call, local: set[str], through: set[str], sources: "Sources", uses: Uses) -> None:
    """Note what a call hands on to a local object, or together with one that a loop goes through; and what it puts into a collection."""
    given = [*node.args, *(each.value for each in node.keywords)]
    receiver = node.func
    while isinstance(receiver, ast.Attribute):
        receiver = receiver.value
    there = isinstance(receiver, ast.Name) and receiver.id in local
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    sends = name not in OF_TASKS and not any(hasattr(kind, name or "call") for kind in KEEPERS)
    if there and len(node.args or given) == 1:
        uses.handed.update([given[0].id] if isinstance(given[0], ast.Name) and node.args else [])
        if sends:
            uses.sent.add(ast.unparse(given[0]))
            uses.wrapped |= sources.inside(given[0])
    elif any(isinstance(each, ast.Name) and each.id in through for each in given) and not ast.unparse(receiver).startswith("log"):
        uses.sent.update(map(ast.unparse, given))
        uses.wrapped.update(*map(sources.inside, given))
    if isinstance(node.func, ast.Attribute) and node.func.attr in COLLECTS and (own(node.func.value) or element_of(node.func.value)):
        for each in node.args[-1:]:
            uses.keeps |= sources.inside(each)
    uses.asks = uses.asks or ast.unparse(node.func).endswith("iscoroutinefunction")


class Sources:
    """Of each local name, the names of which its value is made."""

    def __init__(self, function: Function) -> None:
        self._made: dict[str, set[str]] = {}
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        self._note(target, value)
                case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                    self._note(target, value)

    def inside(self, value: ast.expr) -> set[str]:
        """All names of which this is made, directly or by other names."""
        found: set[str] = set()
        waiting = _names(value)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting |= self._made.get(name, set())
        return found

    def _note(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Subscript):
            target = target.value  # payload["text"] = message
        if isinstance(target, ast.Name):
            self._made.setdefault(target.id, set()).update(_names(value))


def _names(value: ast.expr) -> set[str]:
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith(("create_task", "ensure_future")):
        return set()  # a task is not what it was given
    return {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}


def _gone_through(function: Function) -> set[str]:
    """The names that loops give to the things that they go through."""
    targets = [node.target for node in ast.walk(function) if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension)]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _in_reach(size: ast.expr) -> bool:
    """Whether a run may put so many messages into a queue."""
    return not (isinstance(size, ast.Constant) and isinstance(size.value, int) and not 0 < size.value < MOST_MESSAGES)


def element_of(node: ast.expr) -> str:
    """The attribute of `self` of which `node` is an element: `self.x[key]`, `self.x.get(key, ())`, `self.x.setdefault(key, {})`."""
    match node:
        case ast.Subscript(value=owner) | ast.Call(func=ast.Attribute(value=owner, attr="setdefault" | "get")):
            return own(owner)
    return ""


def own(node: ast.expr) -> str:
    """The name of an attribute of `self` or `cls`; empty for anything else."""
    return node.attr if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls") else ""


def sync_parts(uses: Uses, need: str) -> list[str]:
    """The calls of what the class is made with that it does not await, by their dotted names; the object itself is `need`."""
    attribute = uses.given.get(need, need)
    found = dict.fromkeys(name for name, awaited, _ in uses.asked if not awaited and name.split(".")[0] == attribute)
    waits = {name for name, awaited, _ in uses.asked if awaited}
    return [".".join([need, *name.split(".")[1:]]) for name in found if name not in waits]


def walked_parts(uses: Uses, need: str) -> list[str]:
    """The calls of what the class is made with whose answers it goes through, by their dotted names; the object itself is `need`."""
    attribute = uses.given.get(need, need)
    return [".".join([need, *name.split(".")[1:]]) for name in sorted(uses.walked) if name.split(".")[0] == attribute]


def sends_to(uses: Uses, need: str, topics: Iterable[str]) -> bool | None:
    """Whether what the class is made with is called with a client and a message, and awaited; None if it is not called so."""
    attribute = uses.given.get(need, need)
    calls = [(awaited, given) for name, awaited, given in uses.asked if name == attribute]
    if not calls or not all(len(given) == 2 and any(given) and given[0] not in topics for _, given in calls):
        return None
    return calls[0][0]


def _kept_in(target: ast.expr) -> bool:
    return bool(own(target) or (isinstance(target, ast.Subscript) and (own(target.value) or element_of(target.value))))


def _pair(uses: Uses, attribute: str, first: ast.expr, second: ast.expr) -> None:
    if attribute and isinstance(first, ast.Name) and isinstance(second, ast.Name):
        pair = (attribute, (first.id, second.id))
        if pair not in uses.pairs:
            uses.pairs.append(pair)


def _element(node: ast.expr, aliases: dict[str, str]) -> str:
    return aliases.get(node.id, "") if isinstance(node, ast.Name) else element_of(node)


def _bound(function: Function) -> Iterable[str]:
    """The names that are parameters, or that get a value in the function."""
    for node in ast.walk(function):
        if isinstance(node, ast.arg) and node.arg not in ("self", "cls"):
            yield node.arg
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _waits_outside(body: list[ast.stmt]) -> bool:
    """Whether a method of a local object is awaited there, as a client's connection's is."""
    for statement in body:
        for node in ast.walk(statement):
            match node:
                case ast.Await(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))))):
                    if name not in ("self", "asyncio", "anyio"):
                        return True
    return False


def _caught(kind: ast.expr | None) -> list[str]:
    if kind is None:
        return ["Exception"]
    return [ast.unparse(each) for each in kind.elts] if isinstance(kind, ast.Tuple) else [ast.unparse(kind)]


def _note(names: list[str], name: str) -> None:
    if name and name not in names:
        names.append(name)

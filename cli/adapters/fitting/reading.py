"""Reads a class from its source, without running it: its methods, what it must be made with, and where it keeps who is subscribed."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from subwarden.cli.adapters.fitting.endings import Ending, context_of, ending_of
from subwarden.cli.adapters.fitting.parameters import Function, Parameter, optional, required, type_name
from subwarden.cli.adapters.fitting.uses import Uses, look, own

CHANGES = ("add", "append", "discard", "remove", "pop", "update")  # of a collection of names
COLLECTIONS = ("set", "list", "dict", "WeakSet", "deque")
CONNECTIONS = "ws websocket websockets socket sock writer transport connection conn".split()  # of these names are attributes of members
OTHER_METACLASSES = ("ABCMeta", "EnumMeta", "EnumType", "type")  # they make a new object for each call
PLAIN = ("classmethod", "staticmethod", "override")  # these decorators leave a method what it is
QUIET = ("accept", "prepare", "drain")  # these calls of a connection do not fail
MESSAGES = "message msg data payload text body content value item packet update event".split()
SUBSCRIBERS = "observer listener subscriber receiver slot sink plugin target consumer".split()  # a callback, where the class calls them
NOT_MEMBERS = "history histories messages backlog log logs queue queues tasks locks buffers inbox inboxes outbox received sent".split()


class BadClass(Exception):
    """The class cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Method:
    """A public method, with its required parameters. `optional`: its other parameters, which may be given in order; `returns`: it gives
    something back; `sends`: it awaits something of a client or of its own; `refusals`: the exceptions that it raises by name, each with
    whether it says that something is so already; `ending`: how what it does ends, if it is a subscription.
    """

    name: str
    parameters: tuple[Parameter, ...]
    is_async: bool
    line: int
    optional: tuple[Parameter, ...] = ()
    returns: bool = False
    sends: bool = False
    refusals: tuple[tuple[str, bool], ...] = ()
    ending: Ending = Ending.METHOD


@dataclass(slots=True)
class ReadClass:
    """What was read of a class.

    `tables`: attributes that hold a collection for each key. `flat`: attributes that are one collection. `set_aside`: tables that have
    names as if they held no members. `checked`: sets that a method looks a parameter up in, as (method, attribute). `mentions`: what of
    its own each method names. `sends`: methods that are awaited on objects that are not its own. `has`: what else is used of those objects,
    and whether it is called. `makes`: the classes of the same file that are made of one name, and their methods. `entered`: it is an async
    context manager. `awaits_calls`: it awaits functions that it was given. `generators`: methods that yield. `streams`: those of them that
    are asynchronous. `made_anew`: its metaclass may give an object that there is already. `uses`: what else its methods do.
    """

    name: str
    needs: tuple[Parameter, ...] = ()
    methods: dict[str, Method] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    flat: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    checked: list[tuple[str, str]] = field(default_factory=list)
    mentions: dict[str, set[str]] = field(default_factory=dict)
    sends: list[str] = field(default_factory=list)
    has: dict[str, bool] = field(default_factory=dict)
    makes: dict[str, set[str]] = field(default_factory=dict)
    generators: list[str] = field(default_factory=list)
    streams: dict[str, Method] = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)
    made_anew: bool = False
    entered: bool = False
    awaits_calls: bool = False


def read_class(source: str, name: str, file: str) -> ReadClass:
    """The class `name` of `source`, with what it inherits from classes of the same file. Raises BadClass."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise BadClass(f"{file} cannot be read: {error}") from None
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if name not in classes:
        functions = any(isinstance(node, Function) and "subscribe" in node.name for node in tree.body)
        without = (
            "only functions; give them and their tables a class, or write the adapter by hand: subwarden new mine.py"
            if functions
            else "no class"
        )
        raise BadClass(f"{file} has no class {name!r}; it has {', '.join(classes) or without}")
    read = ReadClass(name, makes={each: _methods(node) for each, node in classes.items() if _made_of_one_name(node)})
    for node in _lineage(classes, name):
        read.entered = read.entered or "__aenter__" in _methods(node)
        for function in (each for each in node.body if isinstance(each, Function)):
            if function.name == "__init__":
                read.needs = read.needs or required(function)
            elif any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(function)):
                _generator(function, read)
            elif not function.name.startswith("_") and all(type_name(each) in PLAIN for each in function.decorator_list):
                read.methods.setdefault(function.name, _method(function))
            _look_into(function, read)
            look(function, read.uses)
            read.mentions.setdefault(function.name, set()).update(
                filter(None, (own(node) for node in ast.walk(function) if isinstance(node, ast.expr)))
            )
        metaclasses = {type_name(each.value) for each in node.keywords if each.arg == "metaclass"}
        read.made_anew = read.made_anew or not metaclasses.issubset(OTHER_METACLASSES)
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and _nested(statement.annotation):
                _note(read.tables, statement.target.id)
    known = {*classes, *(each.asname or each.name for node in tree.body if isinstance(node, ast.ImportFrom) for each in node.names)}
    for method in read.methods.values():
        refusals = tuple(each for each in method.refusals if each[0] in known or hasattr(builtins, each[0]))
        read.methods[method.name] = replace(method, refusals=refusals)
    messages = {table for table, name in read.uses.fills if name in MESSAGES}
    read.tables = [each for each in dict.fromkeys([*read.tables, *read.uses.nested]) if each not in messages]
    if read.uses.calls and not read.sends:
        read.methods = {name: _with_callbacks(method) for name, method in read.methods.items()}
    read.awaits_calls = read.awaits_calls or (read.uses.awaitable and any(each.is_async for each in read.methods.values()))
    read.set_aside = [each for each in read.tables if each.strip("_") in NOT_MEMBERS]
    read.tables = [each for each in read.tables if each not in read.set_aside]
    return read


def of_method(read: ReadClass, method: Method, attributes: list[str]) -> list[str]:
    """Those of the attributes that the method names, or a method that it calls; all, if it names none. Others are about something else."""
    named: set[str] = set()
    waiting = {method.name}
    while waiting:
        name = waiting.pop()
        if name not in named:
            named.add(name)
            waiting |= read.mentions.get(name, set())
    return [each for each in attributes if each in named] or attributes


def _generator(function: Function, read: ReadClass) -> None:
    """Note a generator: one that subscribes is read, or entered if it is a context manager."""
    context = context_of(function)
    public = not function.name.startswith("_") or function.name == "__aiter__"
    if context is not None and public:
        read.methods.setdefault(function.name, replace(_method(function), is_async=False, returns=True, ending=context))
        return
    _note(read.generators, function.name)
    if public and isinstance(function, ast.AsyncFunctionDef) and not function.decorator_list:
        read.streams.setdefault(function.name, replace(_method(function), is_async=False))


def _with_callbacks(method: Method) -> Method:
    """The method, where what subscribes is called: an observer is a function then."""
    given = (replace(each, kind="Callable") if not each.kind and each.name in SUBSCRIBERS else each for each in method.parameters)
    return replace(method, parameters=tuple(given))


def _lineage(classes: dict[str, ast.ClassDef], name: str) -> Iterator[ast.ClassDef]:
    """The class, then its bases in the same file, each once."""
    seen: dict[str, ast.ClassDef] = {}
    waiting = [name]
    while waiting:
        node = classes.get(waiting.pop(0))
        if node is not None and node.name not in seen:
            seen[node.name] = node
            waiting += [base.id for base in node.bases if isinstance(base, ast.Name)]
    yield from seen.values()


def _method(function: Function) -> Method:
    returns = any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))
    awaited = [node.value.func for node in ast.walk(function) if isinstance(node, ast.Await) and isinstance(node.value, ast.Call)]
    sends = any(isinstance(each, ast.Attribute) and each.attr not in QUIET and (_foreign(each.value) or own(each)) for each in awaited)
    return Method(
        function.name,
        required(function),
        isinstance(function, ast.AsyncFunctionDef),
        function.lineno,
        optional(function),
        returns,
        sends,
        _refusals(function),
        ending_of(function),
    )


def _refusals(function: Function) -> tuple[tuple[str, bool], ...]:
    """The exceptions that are raised by name, each with whether its name or its text says "already"."""
    found: dict[str, bool] = {}
    for node in ast.walk(function):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name)) | ast.Name(id=name)) if name[0].isupper():
                found.setdefault(name, any(word in ast.unparse(node).lower() for word in ("already", "duplicate", "exists")))
    return tuple(found.items())


def _methods(node: ast.ClassDef) -> set[str]:
    return {each.name for each in node.body if isinstance(each, Function)}


def _made_of_one_name(node: ast.ClassDef) -> bool:
    makers = [each for each in node.body if isinstance(each, Function) and each.name == "__init__"]
    return bool(makers) and len(required(makers[0])) == 1


def _look_into(function: Function, read: ReadClass) -> None:
    """Note the tables, the sets that are looked into, and the calls on other objects."""
    names = {each.arg for each in (*function.args.posonlyargs, *function.args.args)}
    _look_at_clients(function, read)
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr=change), args=given) if change in CHANGES and not _is_self(given):
                _note(read.tables, own(_outer(inner)))
                _note(read.flat, own(inner))
            case ast.Assign(targets=[ast.Subscript(value=inner, slice=key)]) if not isinstance(key, ast.Constant):
                _note(read.tables, own(_outer(inner)))
                _note(read.flat, own(inner))
            case ast.Assign(targets=[ast.Attribute() as target], value=value) if _makes_collections(value):
                _note(read.tables, own(target))
            case ast.AnnAssign(target=ast.Attribute() as target, annotation=annotation, value=value):
                if _nested(annotation) or (value is not None and _makes_collections(value)):
                    _note(read.tables, own(target))
            case ast.Compare(left=ast.Name(id=name), ops=[ast.In() | ast.NotIn()], comparators=[owner]) if name in names:
                attribute = own(owner)
                if attribute and (function.name, attribute) not in read.checked:
                    read.checked.append((function.name, attribute))
            case ast.Await(value=ast.Call(func=ast.Attribute(value=owner, attr=called))) if _foreign(owner):
                _note(read.sends, called)
            case ast.Await(value=ast.Call(func=ast.Name())):
                read.awaits_calls = True
            case ast.Call(func=ast.Attribute(attr="create_task" | "ensure_future" | "gather")):
                read.awaits_calls = True


def _look_at_clients(function: Function, read: ReadClass) -> None:
    """Note what is used of local names on which a method is awaited, or through which a loop over a table goes: clients' connections."""
    used = [node for node in ast.walk(function) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    awaited = {id(node.value.func) for node in ast.walk(function) if isinstance(node, ast.Await) and isinstance(node.value, ast.Call)}
    called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    clients = {ast.unparse(node.value) for node in used if id(node) in awaited and _foreign(node.value)}
    for node in ast.walk(function):
        if isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name) and _over_table(node.iter):
            clients.add(node.target.id)
    for node in used:
        if ast.unparse(node.value) in clients and id(node) not in awaited:
            read.has[node.attr] = read.has.get(node.attr, False) or id(node) in called


def _over_table(gone_through: ast.expr) -> bool:
    """Whether a loop goes over an attribute that is one collection, or a copy of it: `self.x`, `list(self.x)`, `self.x.copy()`."""
    match gone_through:
        case ast.Call(func=ast.Name(), args=[inner]) | ast.Call(func=ast.Attribute(value=inner, attr="copy"), args=[]):
            return _over_table(inner)
        case ast.Subscript(value=inner, slice=ast.Slice()):
            return _over_table(inner)
    return bool(own(gone_through))


def _is_self(given: list[ast.expr]) -> bool:
    """Whether it is the object itself that is put somewhere: into a list of all objects of the class."""
    return any(isinstance(each, ast.Name) and each.id == "self" for each in given)


def _outer(node: ast.expr) -> ast.expr:
    """What `inner` is an element of, in `outer[key]` and `outer.setdefault(key, {})`; else nothing."""
    match node:
        case ast.Subscript(value=owner) | ast.Call(func=ast.Attribute(value=owner, attr="setdefault")):
            return owner
    return ast.Name("")


def _foreign(node: ast.expr) -> bool:
    """Whether `node` is a local name, or an element of an attribute: a client's connection, and no module and no part of the manager.
    Or an attribute of such a name: `player.websocket`.
    """
    if isinstance(node, ast.Subscript):
        return bool(own(node.value))
    if isinstance(node, ast.Attribute):
        return node.attr in CONNECTIONS and isinstance(node.value, ast.Name) and node.value.id not in ("self", "cls")
    return isinstance(node, ast.Name) and node.id not in ("self", "asyncio", "anyio", "cls")


def _makes_collections(value: ast.expr) -> bool:
    """Whether it is `defaultdict(set)` or the like."""
    match value:
        case ast.Call(func=ast.Name(id="defaultdict") | ast.Attribute(attr="defaultdict"), args=[ast.Name(id=kind), *_]):
            return kind in COLLECTIONS
    return False


def _nested(annotation: ast.expr) -> bool:
    """Whether it is `dict[str, set[str]]` or the like."""
    match annotation:
        case ast.Subscript(value=outer, slice=ast.Tuple(elts=[_, inner])):
            return type_name(outer).lower() in ("dict", "defaultdict") and type_name(inner).lower() in ("set", "list", "weakset")
    return False


def _note(names: list[str], name: str) -> None:
    if name and name not in names:
        names.append(name)

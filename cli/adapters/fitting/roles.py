"""Takes the methods of a class for the operations of the harness, by their names and by those of their parameters."""

import re
from dataclasses import dataclass
from enum import Enum

from subwarden.cli.adapters.fitting.parameters import Parameter
from subwarden.cli.adapters.fitting.reading import MESSAGES, Method, ReadClass


class Part(Enum):
    """What a parameter stands for."""

    CLIENT = "client"
    TOPIC = "topic"
    MESSAGE = "message"
    CALLBACK = "callback"
    OTHER = ""


CLIENTS = (
    "client cid conn connection ws websocket socket sock sid user username nickname uid session peer member subscriber consumer writer "
    "transport player participant viewer device listener"
).split()
TOPICS = "topic room channel group event thread key subject stream chat game document doc lobby feed table pattern".split()
CALLBACKS = "callback cb handler func fn function coro hook".split()
CALLABLES = ("Callable", "Callback", "Handler", "Awaitable", "Coroutine")  # with these a type's name ends
FILTERS = ("filter", "filters")
ABOUT = "filter filters options config settings count limit size timeout data info state status".split()  # `client_info` is no client
SOCKETS = "ws websocket socket sock writer transport".split()
SOCKET_TYPES = "WebSocket WebSocketResponse WebSocketServerProtocol ServerConnection StreamWriter Transport".split()


@dataclass(frozen=True, slots=True)
class Role:
    """An operation: the first words of the names that methods of its kind have, and the parts that they must be given."""

    operation: str
    words: tuple[str, ...]
    parts: tuple[Part, ...]


BOTH = (Part.CLIENT, Part.TOPIC)
ROLES = (
    Role("subscribe", ("subscribe", "sub", "join", "enter", "follow", "watch", "listen", "add", "register", "attach", "on"), BOTH),
    Role(
        "unsubscribe",
        ("unsubscribe", "unsub", "leave", "exit", "unfollow", "unwatch", "remove", "discard", "unregister", "detach", "off"),
        BOTH,
    ),
    Role(
        "publish",
        ("publish", "broadcast", "send", "emit", "notify", "post", "dispatch", "push", "fanout", "fire", "trigger"),
        (Part.TOPIC, Part.MESSAGE),
    ),
    Role("connect", ("connect", "add", "register", "attach", "open", "login", "accept", "join", "enter"), (Part.CLIENT,)),
    Role(
        "disconnect",
        (
            "disconnect",
            "quit",
            "unregister",
            "detach",
            "remove",
            "drop",
            "logout",
            "leave",
            "close",
            "kick",
            "exit",
            "forget",
            "unsubscribe",
        ),
        (Part.CLIENT,),
    ),
    Role("teardown", ("teardown", "close", "delete", "remove", "drop", "end", "destroy", "clear"), (Part.TOPIC,)),
    Role("close", ("close", "aclose", "stop", "shutdown", "astop"), ()),
    Role("start", ("start", "astart", "setup", "open"), ()),
    Role("run", ("run", "serve", "main"), ()),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """The method that stands for an operation, and what its parameters stand for, in order."""

    method: Method
    parts: tuple[Part, ...]


def roles_of(read: ReadClass) -> dict[str, Taken]:
    """What stands for each operation, where anything does."""
    taken: dict[str, Taken] = {}
    known: dict[str, Part] = {}  # what stands for the client or the topic there stands for it everywhere
    for role in ROLES:
        free = [each for each in read.methods.values() if not any(each is other.method for other in taken.values())]
        fitting = [Taken(each, parts) for each in free if (parts := _parts(role, each, known)) is not None]
        if fitting:
            chosen = min(fitting, key=lambda each: (role.words.index(word_of(role, each.method)), each.method.line))
            taken[role.operation] = chosen
            if role.parts == BOTH:
                known = {**{name.name: part for name, part in zip(chosen.method.parameters, chosen.parts, strict=True)}, **known}
    return taken


def part_of(parameter: Parameter, others: tuple[Parameter, ...] = ()) -> Part:
    """What `parameter` stands for; `others`: those before it, of which one may be the topic already."""
    words = re.findall("[a-z]+", re.sub("([A-Z])", r"_\1", parameter.name).lower())
    if parameter.kind.endswith(CALLABLES) or any(word in CALLBACKS for word in words):
        return Part.CALLBACK
    if parameter.kind in SOCKET_TYPES or (any(word in CLIENTS for word in words) and words[-1] not in ABOUT):
        return Part.CLIENT
    names = words[-1] not in FILTERS and not parameter.is_dict  # an `event` that is a dict is no name of a topic
    if any(word in TOPICS for word in words) and names and Part.TOPIC not in map(part_of, others):
        return Part.TOPIC
    return Part.MESSAGE if any(word in MESSAGES for word in words) else Part.OTHER


def is_socket(parameter: Parameter, read: ReadClass) -> bool:
    """Whether the client is given as an object: its connection, or a class of the same file."""
    named = parameter.kind in SOCKET_TYPES or parameter.name in SOCKETS
    return named or bool(class_of(parameter, read) or parameter.calls or parameter.reads)


def class_of(parameter: Parameter, read: ReadClass) -> str:
    """The class of the same file that makes what is given, by the annotation or by the name; empty if there is none that can be sent to."""
    named = "".join(word.capitalize() for word in parameter.name.split("_"))
    return next((each for each in (parameter.kind, named) if read.makes.get(each, set()) >= set(read.sends) and each in read.makes), "")


def parts_of(method: Method) -> tuple[Part, ...]:
    """What the parameters stand for."""
    return tuple(part_of(each, method.parameters[:at]) for at, each in enumerate(method.parameters))


def with_message(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts of a method that publishes: what says nothing is the message, where nothing else is."""
    silent = Part.MESSAGE not in parts and parts.count(Part.OTHER) == 1
    return tuple(Part.MESSAGE if silent and part is Part.OTHER else part for part in parts)


def _parts(role: Role, method: Method, known: dict[str, Part]) -> tuple[Part, ...] | None:
    """What the parameters of `method` stand for, if it can stand for `role`. One that says nothing is the client, where none else is; a
    client may be given twice, as a name and as a connection. `known`: what parameters of other methods stand for, by name.
    """
    if not word_of(role, method) or (role.operation == "teardown" and not _of_topics(role, method)):
        return None
    parts = [known.get(each.name, part) for each, part in zip(method.parameters, parts_of(method), strict=True)]
    if Part.CLIENT in role.parts and Part.CLIENT not in parts and parts.count(Part.OTHER) == 1:
        parts[parts.index(Part.OTHER)] = Part.CLIENT
    if Part.MESSAGE in role.parts:
        parts = list(with_message(tuple(parts)))
    given = [part for at, part in enumerate(parts) if part is not Part.OTHER and not (part is Part.CLIENT and part in parts[:at])]
    return tuple(parts) if sorted(part.value for part in given) == sorted(part.value for part in role.parts) else None


def _of_topics(role: Role, method: Method) -> bool:
    """Whether the name says that it is a topic that ends: `close_room`, and not `clear_history`."""
    return all(word in role.words or word.removesuffix("s") in TOPICS for word in method.name.lower().strip("_").split("_"))


def word_of(role: Role, method: Method) -> str:
    """The word of the role in the name of the method; empty if there is none."""
    words = method.name.lower().split("_")
    if words[0] == "on" and any(word in each.words for each in ROLES for word in words[1:]):
        words = words[1:]  # on_subscribe()
    return next((word for word in role.words if word in words), "")

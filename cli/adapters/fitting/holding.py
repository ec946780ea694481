"""Finds how a class that has no connections knows its subscribers: by a queue that it returns, by a callback, a connection, or a name."""

from dataclasses import dataclass, replace
from enum import Enum

from subwarden.cli.adapters.fitting.endings import Ending
from subwarden.cli.adapters.fitting.parameters import Parameter
from subwarden.cli.adapters.fitting.reading import Method, ReadClass
from subwarden.cli.adapters.fitting.roles import ROLES, Part, Taken, is_socket, part_of, parts_of, with_message, word_of


class Held(Enum):
    """What stands for a subscriber."""

    RETURNED = "what {} returns"
    STREAM = "a generator, read until the client leaves"
    CALLBACK = "a callback"
    SOCKET = "a connection"
    NAME = "a name"


@dataclass(frozen=True, slots=True)
class Holding:
    """The methods of a class that is told who subscribes, and not who connects.

    `topics`: it has topics; if not, it is one room. `ends`: the method by which a client leaves all topics, if there is one.
    """

    held: Held
    topics: bool
    subscribe: Taken
    unsubscribe: Taken | None
    publish: Taken | None
    ends: Taken | None


WHO = {Part.CLIENT, Part.CALLBACK}
ENDS = {  # how a subscription may end without a method of the class
    Held.CALLBACK: (Ending.FUNCTION, Ending.AWAITED),
    Held.RETURNED: (Ending.CONTEXT, Ending.AWAITED_CONTEXT),
}


def holding_of(read: ReadClass, roles: dict[str, Taken]) -> Holding | None:
    """How the class holds subscribers; None if it has connections, or if nothing in it subscribes."""
    if "subscribe" in roles and ("unsubscribe" not in roles or "disconnect" in roles):
        return None
    for stream in read.streams.values():
        taken = _of_stream(_taken(read, stream))
        if set(taken.parts) in ({Part.TOPIC}, {Part.TOPIC, Part.CLIENT}, set()) and "subscribe" not in roles:
            topics = bool(taken.parts)
            return Holding(Held.STREAM, topics, taken, None, _publish(read, topics, taken), None)
    for topics in (True, False):
        for subscribe in _named(read, "subscribe", "connect"):
            held = _held(read, subscribe)
            if held is None or (Part.TOPIC in subscribe.parts) is not topics or not set(subscribe.parts) <= {Part.TOPIC, *WHO}:
                continue
            unsubscribe = next((each for each in _named(read, "unsubscribe", "disconnect") if _ends(each, held, topics)), None)
            ends = roles.get("disconnect") if topics and held in (Held.SOCKET, Held.NAME) else None
            if ends is not None and unsubscribe is not None and ends.method.name == unsubscribe.method.name:
                ends = None
            if subscribe.method.ending in ENDS.get(held, ()):
                return Holding(held, topics, subscribe, None, _publish(read, topics, subscribe), None)
            if unsubscribe is not None or ends is not None:
                return Holding(held, topics, subscribe, unsubscribe, _publish(read, topics, subscribe), ends)
    return None


def _new(method: Method, parts: tuple[Part, ...], guessed: tuple[Part, ...]) -> list[Parameter]:
    """The parameters that were guessed to be the message."""
    return [each for each, part, guess in zip(method.parameters, parts, guessed, strict=True) if part is not guess]


def for_ever(read: ReadClass) -> str:
    """The method that subscribes a callback, or gives what is subscribed, where nothing ends that; empty if there is none."""
    return next((each.method.name for each in _named(read, "subscribe") if _held(read, each) in (Held.CALLBACK, Held.RETURNED)), "")


def _of_stream(taken: Taken) -> Taken:
    """The generator with a topic: what says nothing is the topic, where nothing else is."""
    silent = Part.TOPIC not in taken.parts and taken.parts.count(Part.OTHER) == 1
    return replace(taken, parts=tuple(Part.TOPIC if silent and part is Part.OTHER else part for part in taken.parts))


def _named(read: ReadClass, *operations: str) -> list[Taken]:
    """The methods whose names have a word of one of the operations, the likeliest first."""
    found: dict[str, Taken] = {}
    for role in (role for operation in operations for role in ROLES if role.operation == operation):
        fitting = [each for each in read.methods.values() if word_of(role, each)]
        for method in sorted(fitting, key=lambda each: (role.words.index(word_of(role, each)), each.line)):
            found.setdefault(method.name, _taken(read, method))
    return list(found.values())


def _taken(read: ReadClass, method: Method) -> Taken:
    """What the parameters stand for. A topic with a default is given, too. In tables of connections by user, the user is the topic."""
    for wanted in (Part.CALLBACK, Part.TOPIC):
        late = next((at for at, each in enumerate(method.optional) if part_of(each) is wanted), None)
        if late is not None and wanted not in parts_of(method) and not (wanted is Part.CALLBACK and WHO & set(parts_of(method))):
            method = replace(method, parameters=(*method.parameters, *method.optional[: late + 1]), optional=method.optional[late + 1 :])
    parts = parts_of(method)
    silent = [at for at, part in enumerate(parts) if part is Part.OTHER]
    if len(silent) == 1 and not WHO & set(parts) and _in_both(read, method.parameters[silent[0]].name):
        parts = tuple(Part.CLIENT if at in silent else part for at, part in enumerate(parts))
    if by_user(read):
        users = [at for at, each in enumerate(method.parameters) if parts[at] is Part.CLIENT and not is_socket(each, read)]
        parts = tuple(Part.TOPIC if at in users[:1] else part for at, part in enumerate(parts))
    return Taken(method, parts)


def _in_both(read: ReadClass, parameter: str) -> bool:
    """Whether a method that subscribes, and one that unsubscribes, are given this."""
    both = (_of(read, "subscribe"), _of(read, "unsubscribe"))
    return all(any(parameter in [each.name for each in method.parameters] for method in methods) for methods in both)


def _of(read: ReadClass, operation: str) -> list[Method]:
    """The methods whose names have a word of the operation."""
    roles = [each for each in ROLES if each.operation == operation]
    return [each for each in read.methods.values() if any(word_of(role, each) for role in roles)]


def by_user(read: ReadClass) -> bool:
    """Whether it has one table, of the connections of each user, and no topics: people with many devices. A connection comes with its user,
    or is what a user is given, such as a queue, which comes back with that user.
    """
    given = [parts_of(each) for each in read.methods.values()]
    pairs = any(parts.count(Part.CLIENT) > 1 for parts in given) and len(read.tables) == 1 and not read.flat
    return (pairs or _gives_by_user(read)) and not any(Part.TOPIC in parts for parts in given)


def _gives_by_user(read: ReadClass) -> bool:
    """Whether a method gives a user what another method takes back from that user: `subscribe(user)`, and `unsubscribe(user, queue)`."""
    users = [
        each.parameters[0].name
        for each in _of(read, "subscribe")
        if each.returns and parts_of(each) == (Part.CLIENT,) and not is_socket(each.parameters[0], read)
    ]
    return any(
        len(each.parameters) == 2 and each.parameters[0].name in users and parts_of(each)[1] is Part.OTHER
        for each in _of(read, "unsubscribe")
    )


def _held(read: ReadClass, subscribe: Taken) -> Held | None:
    if Part.CALLBACK in subscribe.parts:
        return Held.CALLBACK
    if Part.CLIENT in subscribe.parts:
        given = zip(subscribe.method.parameters, subscribe.parts, strict=True)
        return Held.SOCKET if any(part is Part.CLIENT and is_socket(each, read) for each, part in given) else Held.NAME
    return Held.RETURNED if subscribe.method.returns else None


def _ends(method: Taken, held: Held, topics: bool) -> bool:
    """Whether the method ends one subscription. What was returned may be named anything, and may say its topic by itself."""
    if held is Held.RETURNED:
        return len([part for part in method.parts if part is not Part.TOPIC]) == 1 and (topics or Part.TOPIC not in method.parts)
    return bool(WHO & set(method.parts)) and set(method.parts) - WHO == ({Part.TOPIC} if topics else set())


def _publish(read: ReadClass, topics: bool, subscribe: Taken) -> Taken | None:
    """The method that publishes; its message or its topic may have a default, and its topic is what has the name of that of `subscribe`."""
    wanted = {Part.TOPIC, Part.MESSAGE} if topics else {Part.MESSAGE}
    named = [each.name for each, part in zip(subscribe.method.parameters, subscribe.parts, strict=True) if part is Part.TOPIC]
    for each in _named(read, "publish"):
        method = each.method
        parts = tuple(Part.TOPIC if it.name in named else part for it, part in zip(method.parameters, each.parts, strict=True))
        guessed = with_message((Part.OTHER,) if not topics and parts == (Part.TOPIC,) else parts)  # publish(event)
        if guessed == parts or all(it.name in read.uses.handed | read.uses.wrapped for it in _new(method, parts, guessed)):
            parts = guessed
        late = next((at for at, it in enumerate(method.optional) if it.name in named), None)
        if late is not None and Part.TOPIC not in parts:
            topic = replace(method.optional[late], keyword=late > 0)  # those before it are left out
            method = replace(method, parameters=(*method.parameters, topic), optional=method.optional[late + 1 :])
            parts = (*parts, Part.TOPIC)
        if Part.MESSAGE not in parts and method.optional:
            method = replace(method, parameters=(*method.parameters, method.optional[0]))
            parts = (*parts, Part.MESSAGE)
        if set(parts) == wanted and len(parts) == len(wanted):
            return Taken(method, parts)
    return None

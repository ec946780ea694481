"""Finds how a class that has no connections knows its subscribers: by a queue that it returns, by a callback, a connection, or a name."""

from dataclasses import dataclass, replace
from enum import Enum

from subwarden.cli.adapters.fitting.reading import Method, ReadClass
from subwarden.cli.adapters.fitting.roles import ROLES, Part, Taken, is_socket, part_of, parts_of, word_of


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


def holding_of(read: ReadClass, roles: dict[str, Taken]) -> Holding | None:
    """How the class holds subscribers; None if it has connections, or if nothing in it subscribes."""
    if "subscribe" in roles and ("unsubscribe" not in roles or "disconnect" in roles):
        return None
    for stream in read.streams.values():
        taken = _taken(read, stream)
        if set(taken.parts) in ({Part.TOPIC}, {Part.TOPIC, Part.CLIENT}) and "subscribe" not in roles:
            return Holding(Held.STREAM, True, taken, None, _publish(read, True), None)
    for topics in (True, False):
        for subscribe in _named(read, "subscribe", "connect"):
            held = _held(read, subscribe)
            if held is None or (Part.TOPIC in subscribe.parts) is not topics or not set(subscribe.parts) <= {Part.TOPIC, *WHO}:
                continue
            unsubscribe = next((each for each in _named(read, "unsubscribe", "disconnect") if _ends(each, held, topics)), None)
            ends = roles.get("disconnect") if topics and held in (Held.SOCKET, Held.NAME) else None
            if ends is not None and unsubscribe is not None and ends.method.name == unsubscribe.method.name:
                ends = None
            if unsubscribe is not None or ends is not None:
                return Holding(held, topics, subscribe, unsubscribe, _publish(read, topics), ends)
    return None


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
    parts = parts_of(method)
    late = next((at for at, each in enumerate(method.optional) if part_of(each) is Part.TOPIC), None)
    if Part.TOPIC not in parts and late is not None:
        method = replace(method, parameters=(*method.parameters, *method.optional[: late + 1]))
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
    first, second = ((each for each in ROLES if each.operation == name) for name in ("subscribe", "unsubscribe"))
    return all(
        any(word_of(role, method) and parameter in [each.name for each in method.parameters] for method in read.methods.values())
        for role in (*first, *second)
    )


def by_user(read: ReadClass) -> bool:
    """Whether it has one table, to which a method adds a connection that comes with a user, and no topics: people with many devices."""
    given = [parts_of(each) for each in read.methods.values()]
    pairs = any(parts.count(Part.CLIENT) == 2 for parts in given)
    return pairs and len(read.tables) == 1 and not read.flat and not any(Part.TOPIC in parts for parts in given)


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


def _publish(read: ReadClass, topics: bool) -> Taken | None:
    """The method that publishes; its message may have a default."""
    wanted = {Part.TOPIC, Part.MESSAGE} if topics else {Part.MESSAGE}
    for each in _named(read, "publish"):
        method = each.method
        if Part.MESSAGE not in each.parts and method.optional:
            method = replace(method, parameters=(*method.parameters, method.optional[0]))
        parts = each.parts + (Part.MESSAGE,) * (len(method.parameters) - len(each.parts))
        if set(parts) == wanted and len(parts) == len(wanted):
            return Taken(method, parts)
    return None

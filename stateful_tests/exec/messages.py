"""The messages of docs/exec-protocol.md, version 1: how to write requests, and the shapes of answers.

Nothing is guessed: a message outside the protocol is `Garbled`, and the error shows the right shape.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from subwarden.model.core.relation import Pair, Relation
from subwarden.model.core.step import Id

PROTOCOL = 1
LONGEST_TEXT = 200  # characters of a process's own text in a message


class Garbled(ValueError):
    """A line, or a result, that the protocol does not know."""


class AnswerMessage(NamedTuple):
    """The one answer to a request: its result or its error."""

    id: int
    result: object
    error: str | None


class Delivered(NamedTuple):
    """The publish of request `id` has just reached the connection `to`."""

    id: int
    to: Id


@dataclass(frozen=True, slots=True)
class Hello:
    """A process's description of itself."""

    name: str
    operations: tuple[str, ...]
    observe: bool
    steps: bool
    deliveries: bool
    reconnects: bool = False


def request(id: int, do: str, fields: Mapping[str, object]) -> bytes:
    """One line to the process."""
    return json.dumps({"do": do, "id": id, **fields}, separators=(",", ":")).encode() + b"\n"


def quoted(text: object) -> str:
    """Foreign text, on one line and cut short."""
    said = text if isinstance(text, str) else repr(text)
    said = "".join(ch if ch.isprintable() else " " for ch in said)
    return said if len(said) <= LONGEST_TEXT else f"{said[:LONGEST_TEXT]}..."


def read(line: bytes) -> AnswerMessage | Delivered:
    """One line from the process. Raises Garbled."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise Garbled(f"{_shown(line)} is not JSON; standard output is for the protocol alone, all else goes to standard error") from None
    if not isinstance(data, dict):
        raise Garbled(f"{_shown(line)} is not a JSON object")
    if "delivered" in data:
        number, to = data["delivered"], data.get("to")
        if type(number) is not int or not _is_id(to):
            raise Garbled(f'{_shown(line)} should be {{"delivered": ID, "to": CONNECTION}}')
        return Delivered(number, to)
    number, error = data.get("id"), data.get("error")
    if type(number) is not int or ("result" in data) == ("error" in data):
        raise Garbled(f'{_shown(line)} should be {{"id": ID, "result": ...}} or {{"id": ID, "error": TEXT}}')
    if "error" in data and not isinstance(error, str):
        raise Garbled(f"{_shown(line)}: an error is a text")
    return AnswerMessage(number, data.get("result"), error)


def hello(result: object, offered: Callable[[Sequence[str]], tuple[str, ...]]) -> Hello:
    """The answer to hello. `offered`: the model's word for the operations of these names. Raises Garbled."""
    if not isinstance(result, dict):
        raise Garbled(f"hello answers an object, not {quoted(result)}")
    version = result.get("protocol")
    if type(version) is not int:
        raise Garbled('hello must say which version of the protocol it speaks: "protocol": 1')
    if version != PROTOCOL:
        raise Garbled(f"it speaks version {version} of the protocol; this harness speaks version {PROTOCOL}")
    name, operations = result.get("name"), result.get("operations")
    if not isinstance(name, str) or not name:
        raise Garbled('hello must give a name: "name": TEXT')
    if not isinstance(operations, list) or not all(isinstance(o, str) for o in operations):
        raise Garbled('hello must list what it offers: "operations": ["connect", ...]')
    flags = [_flag(result, key) for key in ("observe", "steps", "deliveries", "reconnects")]
    return Hello(quoted(name), offered(operations), *flags)


def relation(result: object) -> Relation | None:
    """The answer to observe; None if the process is in the middle of a change. Raises Garbled."""
    if result is None:
        return None
    shape = 'observe answers null or {"live": [CONNECTION, ...] or null, "subscribers": [[TOPIC, CONNECTION], ...]}'
    if not isinstance(result, dict) or "subscribers" not in result:
        raise Garbled(f"{shape}, not {quoted(result)}")
    live, subscriptions = result.get("live"), result.get("subscriptions")
    if live is not None and (not isinstance(live, list) or not all(map(_is_id, live))):
        raise Garbled(f"{shape}; live is {quoted(live)}")
    return Relation(
        None if live is None else frozenset(live),
        _pairs("subscribers", "[TOPIC, CONNECTION]", result["subscribers"]),
        None if subscriptions is None else frozenset((t, c) for c, t in _pairs("subscriptions", "[CONNECTION, TOPIC]", subscriptions)),
    )


def steps(result: object) -> list[str]:
    """The answer to poll and step: the names of the steps that may run next. Raises Garbled."""
    if not isinstance(result, list) or not all(isinstance(name, str) and name for name in result):
        raise Garbled(f"poll and step answer the list of the names of the steps that may run next, not {quoted(result)}")
    if len(set(result)) < len(result):
        raise Garbled(f"two steps have one name in {quoted(result)}; give each its own")
    if any(name.startswith("+") for name in result):
        raise Garbled(f"a step's name begins with + in {quoted(result)}; these names are taken for calls that arrive")
    return result


def _flag(result: dict[Any, Any], key: str) -> bool:
    value = result.get(key, False)
    if not isinstance(value, bool):
        raise Garbled(f'hello: "{key}" is true or false, not {quoted(value)}')
    return value


def _pairs(key: str, shape: str, data: object) -> frozenset[Pair]:
    if not isinstance(data, list) or not all(isinstance(p, list) and len(p) == 2 and all(map(_is_id, p)) for p in data):
        raise Garbled(f"observe: {key} is a list of pairs {shape}, not {quoted(data)}")
    return frozenset((one, other) for one, other in data)


def _shown(line: bytes) -> str:
    return f"the line '{quoted(line.decode(errors='replace'))}'"


def _is_id(value: object) -> TypeGuard[Id]:
    return type(value) in (int, str)

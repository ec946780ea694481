"""The JSON Schema of every record, made from the types that the writers are checked against (`reports.records` and its neighbours).

The package has it as a file, for tools in other languages: `reports/formats/record.schema.json`. A test compares the two.
"""

import json
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from subwarden.reports.records.exec import ExecGateRecord, ProtocolRecord
from subwarden.reports.records.exploration import ExplorationRecord
from subwarden.reports.records.gate import GateRecord, PlayRecord
from subwarden.reports.records.history import HistoryRecord
from subwarden.reports.records.hunt import HuntRecord
from subwarden.reports.records.proof import ProofRecord, TourRecord
from subwarden.reports.records.replay import ReplayRecord
from subwarden.reports.records.score import ScoreRecord

RECORDS = (
    GateRecord,
    HuntRecord,
    ReplayRecord,
    PlayRecord,
    TourRecord,
    ExplorationRecord,
    ExecGateRecord,
    ProtocolRecord,
    ProofRecord,
    HistoryRecord,
    ScoreRecord,
)
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def schema() -> dict[str, Any]:
    """The schema. Keys that it does not name are allowed: later versions may add some."""
    known: dict[str, Any] = {}
    any_of = [_schema(record, known) for record in RECORDS]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "a record of subwarden", "anyOf": any_of, "$defs": known}


def text() -> str:
    """The schema as the package's file has it."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


def _schema(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    made: dict[str, Any] = {}  # of Any
    if is_typeddict(kind):
        made = _reference(kind, known)
    elif kind in PLAIN:
        made = {"type": PLAIN[kind]}
    elif origin is NotRequired:
        made = _schema(arguments[0], known)
    elif origin is list:
        made = {"type": "array", "items": _schema(arguments[0], known)}
    elif origin is dict:
        made = {"type": "object", "additionalProperties": _schema(arguments[1], known)}
    elif origin is Literal:
        made = {"enum": list(arguments)}
    elif origin in (Union, UnionType):
        made = {"anyOf": [_schema(each, known) for each in arguments]}
    else:
        assert kind is Any, kind
    return made


def _reference(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in known:
        known[name] = {}  # first, as a record may be in itself
        hints = get_type_hints(kind, include_extras=True)
        known[name] = {
            "type": "object",
            "properties": {key: _schema(hint, known) for key, hint in hints.items()},
            "required": sorted(kind.__required_keys__),
        }
    return {"$ref": f"#/$defs/{name}"}

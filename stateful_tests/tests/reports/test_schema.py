"""The JSON Schema in the package is the one of the types, and every kind of record is what it says."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import subwarden
from subwarden.reports.formats.schema import RECORDS, schema, text
from subwarden.stateful_tests.tests.paths import GOLDEN
from subwarden.stateful_tests.tests.reports.records import PHANTOM, RAW, gate_of, long_run, replayed

FILE = Path(subwarden.__file__).parent / "reports" / "formats" / "record.schema.json"


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft202012Validator(schema())


def test_the_package_s_file_is_the_schema_of_the_types() -> None:
    if os.environ.get("SUBWARDEN_REFRESH"):
        FILE.write_text(text(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text(), "a type of a record has changed; SUBWARDEN_REFRESH=1 writes the schema anew"


def test_records_are_what_the_schema_says(validator: Any) -> None:
    proofs = [json.loads((GOLDEN / f"prove_{name}.json").read_text()) for name in ("holds", "violated", "stuck")]
    for record in (replayed(PHANTOM), replayed(RAW), gate_of(), gate_of(replayed(RAW)), long_run(20), *proofs):
        assert [error.message for error in validator.iter_errors(json.loads(json.dumps(record)))] == []


def test_the_schema_is_one(validator: Any) -> None:
    validator.check_schema(schema())


def test_a_record_that_lacks_a_key_or_has_a_wrong_one_is_none(validator: Any) -> None:
    record: Any = gate_of(replayed(RAW))
    for key in ("verdict", "checks", "findings"):
        assert not validator.is_valid({name: value for name, value in record.items() if name != key})
    assert not validator.is_valid({**record, "verdict": "maybe"})
    assert not validator.is_valid({**record, "schema": "subwarden/gate/99"})
    damaged = json.loads(json.dumps(record))
    damaged["findings"][0]["trace"]["moments"][0]["state"]["shown"] = "text"
    assert not validator.is_valid(damaged)


def test_every_record_is_in_the_schema() -> None:
    assert {each["$ref"].rpartition("/")[2] for each in schema()["anyOf"]} == {record.__name__ for record in RECORDS}

"""Replays: a run as a string that can be pasted into a shell, or as a file, with all that it takes to play it again.

The string is a version mark and compressed JSON, not text for people: nobody has to parse prose. It names its
subject and its cause, so that a replay made for another subject or by another version is told apart from one that does not fail.
"""

import base64
import binascii
import json
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from subwarden.checking.finding import Finding
from subwarden.files.bounded import text_of
from subwarden.impl.subjects import canonical
from subwarden.scheduling.order import Order
from subwarden.scheduling.string_hash import LARGEST as LARGEST_SEED
from subwarden.stateful_tests.runs.files import digest_of
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL

MARK = "sw1-"
ANY_MARK = re.compile(r"sw\d+-")  # of any version
LARGEST = 10_000_000  # characters of JSON; a replay has some hundred
MOST_STEPS, MOST_OPERATIONS = 100_000, 1_000  # of a run; one that a gate has made small has a dozen
AGAIN = "make a new one with `subwarden gate --subject NAME`"
GIVE = f"give a file that `subwarden gate` wrote, or a string that starts with {MARK}"


class BadReplay(Exception):
    """A replay that cannot be used; the message gives the reason and how to mend it."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One run of one subject. `cause` is the slug of the cause that it shows."""

    subject: str
    order: Order
    program: Any
    names: tuple[str, ...]
    cause: str
    level: str = MANAGER_LEVEL.name
    hash_seed: int | None = field(default=0, compare=False)  # of the recording process; neither 0 nor None (unknown) is written down
    digest: str = field(default="", compare=False)  # of the subject's file (`runs.trust`)

    def encode(self) -> dict[str, object]:
        """As plain data."""
        data: dict[str, object] = {
            "level": LEVELS[self.level].code,
            "subject": self.subject,
            "order": self.order.value,
            "program": self.program.encode(),
            "schedule": list(self.names),
            "cause": self.cause,
        }
        more = {"hash_seed": self.hash_seed or 0, "digest": self.digest}
        return {**data, **{key: value for key, value in more.items() if value}}

    def string(self) -> str:
        """As one word."""
        data = json.dumps(self.encode(), separators=(",", ":"), sort_keys=True).encode()
        return MARK + base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def of_finding(subject: str, finding: Finding[Any]) -> Replay:
    """The replay of a finding on `subject`."""
    run = finding.program, finding.names, finding.cause.slug(), finding.level, finding.hash_seed
    return Replay(subject, finding.order, *run, digest_of(subject))


def decode(data: object, source: str) -> Replay:
    """The replay that `Replay.encode` wrote as `data`; `source` says where it came from. Raises BadReplay."""
    try:
        if not isinstance(data, dict):
            raise ValueError("it is not a JSON object")
        for key in ("level", "subject", "order", "program", "schedule", "cause"):
            if key not in data:
                raise ValueError(f"it has no {key!r}")
        level = next((level for level in LEVELS.values() if level.code == data["level"]), None)
        if level is None:
            raise ValueError(f"its level {data['level']!r} is unknown to this version")
        if data["order"] not in [order.value for order in Order]:
            raise ValueError(f"its order {data['order']!r} is none of {', '.join(o.value for o in Order)}")
        if not isinstance(data["schedule"], list) or not all(isinstance(name, str) for name in data["schedule"]):
            raise ValueError("its schedule is not a list of names")
        if not isinstance(data["subject"], str) or not isinstance(data["cause"], str):
            raise ValueError("its subject and its cause must be strings")
        hash_seed = data.get("hash_seed", 0)
        if type(hash_seed) is not int or not 0 <= hash_seed <= LARGEST_SEED:
            raise ValueError(f"its hash_seed is a whole number up to {LARGEST_SEED}, not {hash_seed!r}")
        digest = data.get("digest", "")
        if not isinstance(digest, str):
            raise ValueError("its digest must be a string")
        program = level.decode(data["program"])
        if len(data["schedule"]) > MOST_STEPS or program.operations() > MOST_OPERATIONS:
            raise ValueError(f"it has more than {MOST_STEPS:,} steps or {MOST_OPERATIONS:,} operations")
        schedule = tuple(data["schedule"])
        return Replay(canonical(data["subject"]), Order(data["order"]), program, schedule, data["cause"], level.name, hash_seed, digest)
    except ValueError as error:
        raise BadReplay(f"{source} is not a replay: {error}; {AGAIN}") from None


def read(text: str) -> Replay:
    """A replay from a string, or from a file that holds one (a string, or JSON as a finding or a corpus file has it). Raises BadReplay."""
    if ANY_MARK.match(text):
        return _from_string(text, "the replay string")
    path = Path(text)
    said = text if len(text) <= 100 else f"{text[:97]}..."
    if not text.strip():
        raise BadReplay(f"the replay is empty; {GIVE}")
    try:
        content = text_of(path, LARGEST).strip()
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise BadReplay(f"cannot read {said}: {what}; {GIVE}") from None
    except ValueError:  # bytes that are not text, or a null in the name
        raise BadReplay(f"{said} is not text; {GIVE}") from None
    if ANY_MARK.match(content):
        return _from_string(content, text)
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise BadReplay(f"{text} is neither JSON nor a replay string; {GIVE}") from None
    if isinstance(data, dict) and isinstance(data.get("replay"), str):
        return _from_string(data["replay"], text)
    return decode(data, text)


def _from_string(text: str, source: str) -> Replay:
    if not text.startswith(MARK) and ANY_MARK.match(text):
        raise BadReplay(f"{source} is of another version; this version reads strings that start with {MARK}; {AGAIN}")
    body = text.removeprefix(MARK).strip()
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        unpacking = zlib.decompressobj()
        unpacked = unpacking.decompress(packed, LARGEST)
        if not unpacking.eof or unpacking.unused_data:  # a part is missing, or something else was pasted behind it
            raise ValueError
        data = json.loads(unpacked)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise BadReplay(f"{source} is damaged (cut or changed); copy the whole line again") from None
    return decode(data, source)

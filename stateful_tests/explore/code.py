"""A run of a scenario as a short string: its deviations from fifo, by place. It says which code it was made for, by a check digit.

`sx1-` and a few bytes: the rules of the run, a check of the schedule's names, and for each choice other than 0 the distance from the one
before and the pick. A run with five deviations takes at most 40 characters. The scenario itself is not in it. The seed of the string hash
is, where it is not 0; or that nobody knows it: Python draws one for a process that somebody else has started, such as pytest.
"""

import base64
import binascii
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from subwarden.scheduling import string_hash
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.runs.replay import ANY_MARK, BadReplay
from subwarden.stateful_tests.subjects.scenario.play import Rules

MARK = "sx1-"
CHECK = 3  # bytes


CHANGED = "its code, or a library, has changed since"
HASHED, UNPINNED = 16, 32  # flags: the seed of the string hash follows; nobody knows it
KILLS, PACED = 64, 128  # flags: the run ends the process that runs it; the scenario sets the pace


class Coded(NamedTuple):
    """A run: its rules, its choices without the last zeros, the check of its schedule, the seed of the string hash (None: not known).

    `kills`: it ends the process that runs it.
    """

    rules: Rules
    choices: list[int]
    check: bytes
    hash_seed: int | None = 0
    kills: bool = False


def coded_run(rules: Rules, choices: list[int], schedule: Sequence[str]) -> Coded:
    """A run of this process."""
    return Coded(rules, choices, check_of(schedule), string_hash.current())


def check_of(schedule: Sequence[str]) -> bytes:
    """A check of everything that happens in a run, by name."""
    text = "\n".join(schedule)
    return blake2b(text.encode(errors="surrogatepass"), digest_size=CHECK).digest()  # a task's name may be any text


def changed_since(coded: Coded) -> str:
    """Why the run may take other steps here than when it was made."""
    if coded.hash_seed is None:
        return f"{CHANGED}; or its sets of strings come in another order, as the string hash was not pinned then"
    if coded.hash_seed != string_hash.current():
        return f"the string hash is another here; set PYTHONHASHSEED={coded.hash_seed} before Python starts"
    return CHANGED


def encode(coded: Coded) -> str:
    """As one word."""
    rules = coded.rules
    flags = (rules.order is Order.ANY) | rules.slow_steps << 1 | rules.faults << 2 | rules.cancel << 3
    flags |= UNPINNED if coded.hash_seed is None else HASHED if coded.hash_seed else 0
    flags |= KILLS * coded.kills | PACED * rules.paced
    data = bytearray([flags]) + coded.check + (_number(coded.hash_seed) if coded.hash_seed else b"")
    last = 0
    for at, pick in enumerate(coded.choices):
        if pick:
            data += _number(at - last) + _number(pick)
            last = at
    return MARK + base64.urlsafe_b64encode(bytes(data)).decode().rstrip("=")


def decode(text: str) -> Coded:
    """The run that `encode` wrote. Raises BadReplay."""
    text = text.strip()
    if not text.startswith(MARK):
        kind = "is of another version or of another kind" if ANY_MARK.match(text) or text.startswith("sx") else "is no replay of a scenario"
        raise BadReplay(f"{text[:20]!r} {kind}; a scenario's replay starts with {MARK}, and `subwarden explore FILE.py:NAME` prints it")
    try:
        body = text.removeprefix(MARK)
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        if len(data) <= CHECK or (data[0] & HASHED and data[0] & UNPINNED):
            raise ValueError
        choices: list[int] = []
        hash_seed = None if data[0] & UNPINNED else 0
        rest = list(data[1 + CHECK :])
        at = 0
        if data[0] & HASHED:
            hash_seed = _take(rest)
            if not 0 < hash_seed <= string_hash.LARGEST:
                raise ValueError
        while rest:
            at += _take(rest)
            pick = _take(rest)
            if at > 1_000_000:
                raise ValueError
            choices += [0] * (at - len(choices)) + [pick]
    except (binascii.Error, ValueError, IndexError):
        raise BadReplay(f"the replay {text[:40]!r} is damaged (cut or changed); copy the whole word again") from None
    flags = data[0]
    rules = Rules(Order.ANY if flags & 1 else Order.FIFO, bool(flags & 2), bool(flags & 4), bool(flags & 8), bool(flags & PACED))
    return Coded(rules, choices, data[1 : 1 + CHECK], hash_seed, bool(flags & KILLS))


def _number(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    data = bytearray()
    while number > 127:
        data.append(128 | number & 127)
        number >>= 7
    return bytes([*data, number])


def _take(data: list[int]) -> int:
    number = shift = 0
    while True:
        byte = data.pop(0)
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number

"""A share of the tests: CI runs the slow ones in shares, one with each change."""

from collections.abc import Sequence
from zlib import crc32

import pytest


def in_share(names: Sequence[str], share: str) -> list[bool]:
    """Whether each test is in a share such as `2/8`. It depends on its name alone, so other tests may come and go."""
    number, _, shares = share.partition("/")
    if not (number.isdecimal() and shares.isdecimal() and 1 <= int(number) <= int(shares)):
        raise pytest.UsageError(f"SUBWARDEN_SHARE={share}: give K/N, with K from 1 to N")
    return [crc32(name.encode()) % int(shares) == int(number) - 1 for name in names]

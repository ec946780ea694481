"""How much memory a process may take: sizes in words, and the share of one of several."""

import argparse

import pytest

from subwarden.cli.options import size
from subwarden.scheduling.isolation.memory import Memory, machine, said, used


def test_a_process_may_take_its_share() -> None:
    memory = Memory()
    memory.allow(3 << 30, 3)
    assert memory.limit() == 1 << 30
    memory.allow(None)
    there = machine()
    assert there is not None
    assert memory.limit() == there // 2
    assert 1 << 20 < used() < there


@pytest.mark.parametrize(("text", "wanted"), [("500M", 500 << 20), ("4G", 4 << 30), ("1.5gib", 3 << 29), ("200000000", 200_000_000)])
def test_a_size_is_a_number_with_or_without_a_unit(text: str, wanted: int) -> None:
    assert size(text) == wanted


@pytest.mark.parametrize("text", ["", "M", "4T", "-1G", "1M"])
def test_another_text_or_less_than_the_harness_takes_is_none(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no amount of memory of 100M at least"):
        size(text)


def test_a_size_in_words() -> None:
    assert (said(750 << 20), said(1 << 30), said(1 << 10)) == ("750 MiB", "1 GiB", "1 KiB")
    assert (said(1023 << 20), said(99_999 << 30)) == ("1,023 MiB", "99,999 GiB")

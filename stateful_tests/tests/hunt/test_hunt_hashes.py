"""The workers of a hunt hash strings differently on purpose: the order of a set is a choice that production makes, too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.tests.paths import ROOT

SUBJECT = """
WRONG = {wrong}  # the order of a set under which it is wrong
ORDER = [name for name in set("rooms users topics".split())]

class Adapter:
    def __init__(self):
        self.live, self.pairs = set(), set()

    async def connect(self, client):
        self.live.add(client)

    async def subscribe(self, client, topic):
        if client in self.live or ORDER == WRONG:
            self.pairs.add((client, topic))
            return True
        return False

    def observe(self):
        return set(self.pairs)
"""


def command(folder: Path, *words: str) -> tuple[int, str]:
    """One command, in an environment that says nothing of hashes."""
    environment = {name: value for name, value in os.environ.items() if name != string_hash.VARIABLE}
    environment["PYTHONPATH"] = str(ROOT / ".types")
    done = subprocess.run(
        [sys.executable, "-m", "subwarden", *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_hunt_finds_what_only_another_hash_shows_and_confirms_shrinks_and_replays_it_under_that(tmp_path: Path) -> None:
    orders = {seed: _order_under(seed) for seed in range(3)}
    seed = next(seed for seed in (1, 2) if orders[seed] != orders[0])
    (tmp_path / "mine.py").write_text(SUBJECT.format(wrong=orders[seed]), encoding="utf-8")
    hunting = ("hunt", "--subject", "mine.py:Adapter", "--rounds", "1", "--order", "fifo", "--dir", "hunt", "--json", "record.json")
    code, said = command(tmp_path, *hunting, "--jobs", str(seed))  # workers 0 to seed - 1
    assert code != 1, said
    code, said = command(tmp_path, *hunting, "--jobs", str(seed + 1))
    assert code == 1, said
    record = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    (finding,) = record["findings"]
    assert finding["shrunk"] and len(finding["operations"]) == 1, finding
    code, said = command(tmp_path, "replay", finding["replay"])
    assert code == 1, said
    code, said = command(tmp_path, "hunt", "--resume", "hunt", "--rounds", "1", "--jobs", "1")
    assert (code, "no longer fails" in said) == (1, False), said


def _order_under(seed: int) -> list[str]:
    code = "print(*set('rooms users topics'.split()))"
    environment = {**os.environ, string_hash.VARIABLE: str(seed)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout.split()

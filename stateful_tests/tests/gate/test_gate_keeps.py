"""A gate whose subject cannot be judged any more keeps what it has found until then."""

import json
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES, Profile

UNFIT = '''
from pathlib import Path


class Adapter:
    """Nobody leaves a topic. From some moment on nothing can be played any more."""

    reconnects = True

    def __init__(self):
        self.live, self.pairs = set(), set()

    async def connect(self, client):
        if AFTER:
            raise SystemExit(7)
        self.live.add(client)

    async def subscribe(self, client, topic):
        if client not in self.live:
            return False
        self.pairs.add((client, topic))
        return True

    async def unsubscribe(self, client, topic):
        was = (client, topic) in self.pairs
        LEAVES
        return was

    def observe(self):
        return set(self.pairs)
'''
UNFIT_SAID = "subject unfit.py:Adapter: its code raised SystemExit(7) at unfit.py:15; it must return, or raise an Exception"
SAVED = 'list(Path(".subwarden/corpus").glob("*.json"))'


def test_the_findings_are_told_and_the_reason_is_a_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PROFILES, "ci", Profile("ci", examples=12, schedules=20, steps=9, derandomized=True))
    Path("unfit.py").write_text(UNFIT.replace("AFTER", SAVED).replace("LEAVES", "pass"))
    assert main(["gate", "--subject", "unfit.py:Adapter", "--jobs", "1", "--json", "run.json"]) == 1
    record = json.loads(Path("run.json").read_text())
    assert [finding["property"] for finding in record["findings"]] == ["P8"]
    assert record["doubts"] == [UNFIT_SAID]

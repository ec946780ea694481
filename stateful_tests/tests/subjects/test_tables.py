"""An `observe()` may return what managers keep: for each topic its clients, for each client its topics, or several such maps by name."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.checking.core.connection_states import UNNAMED
from subwarden.cli.main import main
from subwarden.model.core.step import Connect, Disconnect, Subscribe
from subwarden.stateful_tests.subjects.core.maps import maps_of
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.core_level import play

CLIENTS, TOPICS = ("c1", "c2"), ("t1", "t2")
BOTH = frozenset({("c1", "t1"), ("c2", "t1")})
PROGRAM = CoreProgram(((Connect("c1"), Subscribe("c1", "t1"), Disconnect("c1")),))
HUB = """
import asyncio
from collections import defaultdict


class Hub:
    def __init__(self):
        self.live, self.gone, self.rooms, self.of = set(), set(), defaultdict(set), {{}}

    def connect(self, client):
        if client not in self.gone:
            self.live.add(client)

    async def subscribe(self, client, topic):
        if client not in self.live:
            return False
        {before}
        self.rooms[topic].add(client)
        self.of.setdefault(client, []).append(topic)
        return True

    def disconnect(self, client):
        self.live.discard(client)
        self.gone.add(client)
        for topic in self.of.pop(client, ()):
            {removed}

    def observe(self):
        return {shown}
"""


@pytest.mark.parametrize(
    ("shown", "maps"),
    [
        ({"t1": {"c1", "c2"}, "t2": set()}, {UNNAMED: BOTH}),
        (defaultdict(set, {"t1": {"c1", "c2"}}), {UNNAMED: BOTH}),
        ({"c1": ["t1"], "c2": ("t1",)}, {UNNAMED: BOTH}),
        ({"t1": Counter(c1=2, c2=1)}, {UNNAMED: BOTH}),
        ({"t1": {"c1": [], "c2": ["a message"]}}, {UNNAMED: BOTH}),
        ({}, {UNNAMED: frozenset()}),
        ({"rooms": {"t1": {"c1", "c2"}}, "of": {"c1": {"t1"}}}, {"rooms": BOTH, "of": frozenset({("c1", "t1")})}),
        ({"rooms": {}, "pairs": [["c1", "t1"], ("c2", "t1")]}, {"rooms": frozenset(), "pairs": BOTH}),
    ],
)
def test_tables_are_read_whichever_way_round_they_are(shown: Any, maps: Any) -> None:
    assert maps_of(shown, CLIENTS, TOPICS) == maps


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"t1": 3}, r"observe\(\) has 3 for 't1'; it must have a set of names"),
        ({"t1": "c1"}, r"observe\(\) has 'c1' for 't1'; it must have a set of names"),
        ({"rooms": {"t1": None}}, r"observe\(\)\['rooms'\] has None for 't1'"),
        ({"lobby": {"c1"}}, r"observe\(\)\['lobby'\] has 'c1', which is no \(client, topic\) pair"),
        (3, r"observe\(\) must be \(client, topic\) pairs, or a dict with a set for each client or topic, not 3"),
    ],
)
def test_what_is_no_table_is_refused(shown: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        maps_of(shown, CLIENTS, TOPICS)


class Rooms:
    """Shows the very dict that it changes, with values of a type of `kind`."""

    kind: Any = set

    def __init__(self) -> None:
        self.rooms: dict[str, Any] = {}

    def connect(self, client: str) -> None:
        """Nothing to do."""

    def subscribe(self, client: str, topic: str) -> bool:
        members = [*self.rooms.get(topic, ()), client]
        self.rooms[topic] = self.kind(members)
        return True

    def disconnect(self, client: str) -> None:
        """Forgets it, too late."""

    def observe(self) -> Any:
        return self.rooms


@pytest.mark.parametrize("kind", [set, frozenset, list, tuple, dict.fromkeys, Counter])
def test_a_change_in_a_table_of_any_type_is_seen(kind: Any) -> None:
    class Forgetful(Rooms):
        pass

    Forgetful.kind = staticmethod(kind)
    assert set(play(Forgetful, PROGRAM).violations) == {causes.OUTLIVES}

    class Mended(Forgetful):
        def disconnect(self, client: str) -> None:
            for topic, members in self.rooms.items():
                self.rooms[topic] = kind([each for each in members if each != client])

    assert not play(Mended, PROGRAM).violations


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shown", "property_", "before", "removed"),
    [
        ("self.rooms", "P2", "await asyncio.sleep(0)", "self.rooms[topic].discard(client)"),
        ("self.of", "P2", "await asyncio.sleep(0)", "self.rooms[topic].discard(client)"),
        ("{'rooms': self.rooms, 'of': self.of}", "P1", "pass", "pass"),
    ],
)
def test_a_hub_that_shows_its_tables_is_judged_and_its_script_reads_them(
    shown: str, property_: str, before: str, removed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hub.py").write_text(HUB.format(shown=shown, before=before, removed=removed), encoding="utf-8")
    assert main(["gate", "--subject", "hub.py:Hub", "--jobs", "1", "--budget", "20", "--json", "gate.json"]) == 1
    findings = json.loads(Path("gate.json").read_text(encoding="utf-8"))["findings"]
    found = next(each for each in findings if each["property"] == property_ and each["order"] == "fifo")
    assert found["script_confirmed"], found["script_doubt"]

    Path("script.py").write_text(found["script"], encoding="utf-8")
    assert ran().returncode == 1, ran().stderr
    Path("hub.py").write_text(HUB.format(shown=shown, before="pass", removed="self.rooms[topic].discard(client)"), encoding="utf-8")
    assert ran().returncode == 0, ran().stderr


def ran() -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False)

"""A manager that is a global of its module, and keeps what it knows in its class, is judged as one that is made for each run."""

from pathlib import Path

import pytest

from subwarden.cli.main import main

HUB = """
import asyncio

class Hub:
    members = {}
    live = set()

    async def join(self, client, topic):
        await asyncio.sleep(0)
        if client not in self.live:
            return False
        if client in self.members.setdefault(topic, set()):
            return True
        CHECKS
        self.members[topic].add(client)
        return True

    async def quit(self, client, topic):
        left = client in self.members.get(topic, ())
        self.members.get(topic, set()).discard(client)
        return left

hub = Hub()
"""
ADAPTER = """
from hub_of_a_module import hub

class Adapter:
    reconnects = True

    def __init__(self):
        assert not hub.live and not hub.members

    def connect(self, client):
        hub.live.add(client)

    def disconnect(self, client):
        hub.live.discard(client)
        for members in hub.members.values():
            members.discard(client)

    async def subscribe(self, client, topic):
        return await hub.join(client, topic)

    async def unsubscribe(self, client, topic):
        return await hub.quit(client, topic)

    def observe(self):
        return [(client, topic) for topic, members in hub.members.items() for client in members]
"""


@pytest.mark.parametrize(("checks", "code"), [("pass", 0), ("await asyncio.sleep(0)", 1)], ids=["correct", "leaves a gap"])
def test_what_runs_leave_in_a_global_manager_is_put_back(
    checks: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hub_of_a_module.py").write_text(HUB.replace("CHECKS", checks))
    Path("adapter.py").write_text(ADAPTER)
    ended = main(["gate", "--subject", "adapter.py:Adapter", "--budget", "20s", "--jobs", "1"])
    said = capsys.readouterr().out
    assert "doubt" not in said
    assert ended == code, said

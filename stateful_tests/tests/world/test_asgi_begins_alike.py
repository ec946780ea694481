"""Which application `subwarden.asgi` drives: one that keeps something in globals, itself or by its name, begins alike in each run."""

from pathlib import Path
from typing import Any

import pytest

import subwarden
from subwarden.cli.main import main

APP = """
async def app(scope, receive, send):
    assert scope["type"] == "websocket"  # it does not know a lifespan
    await receive()
    clients.append(scope["path"])
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": str(len(clients))})
    await receive()
"""

# --- an application that keeps something

KEEPS = f"""
import subwarden

clients = []
{APP}
async def scenario():
    async with subwarden.asgi(app) as client:
        ann = await client.websocket("/ws/ann")
        assert await ann.receive() == "1"
        raise KeyError  # so that nobody takes ann off the list
"""


def test_an_application_itself_begins_alike_in_each_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As its module keeps its clients in a global, so that one run's would be there in the next."""
    (tmp_path / "keeps.py").write_text(KEEPS)
    assert main(["explore", f"{tmp_path}/keeps.py:scenario"]) == 1
    said = capsys.readouterr().out
    assert "KeyError" in said and "AssertionError" not in said and "doubt" not in said


# --- an application by its name


def named(folder: Path, text: str) -> None:
    (folder / "hub_of_somebody.py").write_text(text)


def test_an_application_by_its_name_begins_anew_in_each_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its modules keep in globals is no state that outlives a run."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "kept_of_somebody.py").write_text("clients = []\n")
    named(tmp_path, f"from kept_of_somebody import clients\n{APP}")

    async def scenario() -> None:
        async with subwarden.asgi("hub_of_somebody:app") as client:
            ann = await client.websocket("/ws/ann")
            assert ann.name == "ann"
            assert await ann.receive() == "1"

    found = subwarden.explore(scenario, schedules=200)
    assert found.verdict == "holds", str(found)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "'nothing' names no application; write \"module:attribute\""),
        ("no_such_module_at_all:app", "name a module that can be imported from here"),
        ("json:app", "module json has no 'app'"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, said: str) -> None:
    async def scenario() -> None:
        subwarden.asgi(name)

    found = subwarden.explore(scenario, schedules=200)
    assert found.verdict == "violated"
    assert said in str(found)


def test_an_application_that_fails_is_named_with_the_place() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise KeyError("room")

    async def scenario() -> None:
        await subwarden.asgi(app).websocket("/ws/ann")

    said = str(subwarden.explore(scenario, schedules=200))
    assert "Disconnected: disconnected with code 1006 (the application raised KeyError: 'room')" in said
    assert "after KeyError: 'room', raised at" in said

"""The table of a server's run speaks of the user's code: not of the package that calls it, nor of the adapter that drives it."""

import json
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.tests.paths import EXAMPLES

LEAVES = str(EXAMPLES / "world" / "leaves.txt")
BREAKS = """
import subwarden


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            if message["text"].startswith("m"):
                raise LookupError("no room of that name")


Hub = subwarden.AsgiHub(app, path="/ws", subscribe=lambda topic: topic, publish=lambda topic, message: message)
"""


@pytest.mark.slow
def test_rows_name_the_handler_and_neither_its_package_nor_the_adapter(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "played.json"
    assert main(["play", LEAVES, "--subject", f"{EXAMPLES / 'world/fastapi_rooms.py'}:Forgets", "--json", str(file)]) == 1
    said = capsys.readouterr().out
    assert not [word for word in ("starlette/", "world/hubs", "world/asgi", "turns[", "internal: ") if word in said], said
    rows = json.loads(file.read_text(encoding="utf-8"))["findings"][0]["steps"]
    served = [row["at"] for row in rows if row["task"].startswith("app for c") and row["at"]]
    assert served
    assert all(at.rpartition(":")[0].endswith("examples/world/fastapi_rooms.py") for at in served), served


def test_a_task_that_ends_with_an_exception_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "breaks.py").write_text(BREAKS, encoding="utf-8")
    (tmp_path / "program.txt").write_text("A  publish(t1)\n", encoding="utf-8")
    assert main(["play", str(tmp_path / "program.txt"), "--subject", f"{tmp_path / 'breaks.py'}:Hub"]) == 1
    assert "ends with LookupError: no room of that name" in " ".join(capsys.readouterr().out.split())

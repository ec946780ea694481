"""The one line with which the command refuses bad input, and saved runs that were changed."""

import json
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.runs.saved import COMMITTED

SAVED = COMMITTED / "source-P2-a-closed-connection-is-live-again.json"


def one_line(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on standard error that `arguments` lead to, with exit code 3 and nothing on standard output."""
    try:
        code: int | str | None = main(arguments)
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert code == 3, (out, err)
    assert out == ""
    assert err.count("\n") == 1, err
    assert err.startswith("subwarden")
    assert "Traceback" not in err
    assert "internal error" not in err
    return err


def changed(**keys: object) -> str:
    """The name of a file with a saved run in which `keys` are something else."""
    path = Path("changed.json")
    path.write_text(json.dumps({**json.loads(SAVED.read_text()), **keys}))
    return str(path)

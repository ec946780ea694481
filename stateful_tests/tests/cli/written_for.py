"""What `subwarden new FILE --for CLASS` writes and says, in the current folder, and a gate of it."""

import json
from pathlib import Path

import pytest

from subwarden.cli.main import main


def written(file: str, name: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What was printed, in one line, and the adapter."""
    assert main(["new", "mine.py", "--for", f"{file}:{name}"]) == 0
    text = Path("mine.py").read_text(encoding="utf-8")
    compile(text, "mine.py", "exec")
    assert max(map(len, text.splitlines())) <= 140
    return " ".join(capsys.readouterr().out.split()), text


def gate(seconds: int) -> tuple[int, set[str]]:
    """The exit code of a gate of the adapter, and the properties of its findings."""
    code = main(["gate", "--subject", "mine.py:Adapter", "--jobs", "1", "--budget", str(seconds), "--json", "gate.json"])
    return code, {each["property"] for each in json.loads(Path("gate.json").read_text(encoding="utf-8"))["findings"]}

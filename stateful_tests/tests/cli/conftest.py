"""A folder with files that a user may give by mistake."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from subwarden.stateful_tests.tests.cli.bad_subjects import SUBJECTS


@pytest.fixture
def bad_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(SUBJECTS)
    (tmp_path / "broken.py").write_text("def (\n")
    (tmp_path / "binary.py").write_bytes(b"\x00\xff\x00")
    (tmp_path / "folder.py").mkdir()
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:  # each test loads its own
        if name in ("mine", "broken", "binary"):
            del sys.modules[name]

"""How reports name a place in code."""

import os
from pathlib import Path

import pytest

from subwarden.checking.place import path_of, place


def test_a_file_is_named_from_the_current_folder_of_this_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "here" / "hub.py"
    file.parent.mkdir()
    monkeypatch.chdir(tmp_path)
    assert place(str(file), 64) == "here/hub.py:64"
    monkeypatch.chdir(file.parent)
    assert place(str(file), 64) == "hub.py:64"
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    assert path_of(str(file)) == "../here/hub.py"


def test_without_a_current_folder_a_file_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    try:
        assert path_of(f"{tmp_path}{os.sep}hub.py") == f"{tmp_path}{os.sep}hub.py"
    finally:
        os.chdir(tmp_path)


def test_packages_and_the_library_are_named_alike_everywhere() -> None:
    assert path_of(pytest.__file__) == "pytest/__init__.py"
    assert path_of(os.__file__) == "os.py"
    assert path_of("<string>") == "<string>"

"""The manual is in the package, errors name pages of it, and shells complete commands."""

import argparse
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len

from subwarden.cli.main import VERBS, main
from subwarden.cli.manual.help import pages, reflowed
from subwarden.stateful_tests.tests.cli.refusals import one_line
from subwarden.stateful_tests.tests.paths import DOCS, ROOT


def test_every_page_is_listed_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(listed) == sorted(path.stem for path in DOCS.rglob("*.md"))
    for asked in ("histories", "docs/histories.md", "Histories"):
        assert main(["help", asked]) == 0
        assert capsys.readouterr().out == (DOCS / "histories.md").read_text(encoding="utf-8")


def test_a_page_that_is_not_there_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "do you mean histories?" in one_line(capsys, "help", "historys")
    assert "`subwarden help` lists them" in one_line(capsys, "help", "\x1b[2J")


def test_the_pages_that_the_code_names_are_there() -> None:
    code = [path for path in ROOT.rglob("*.py") if not {"tests", ".venv", "build", ".types"} & set(path.relative_to(ROOT).parts)]
    named = {name for path in code for name in re.findall(r"`subwarden help ([a-z-]+)`", path.read_text(encoding="utf-8"))}
    assert len(named) >= 3
    assert named <= pages().keys()


def test_completion_knows_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    for shell in ("bash", "zsh", "fish"):
        assert main(["completion", shell]) == 0
        script = capsys.readouterr().out
        assert all(verb in script for verb in VERBS)
        assert "max-memory" in script


def test_options_that_take_a_file_are_completed_with_files(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given: list[Any] = []

    def complete(parser: Any, shell: str) -> str:
        given.append(parser)
        return shell

    monkeypatch.setitem(sys.modules, "shtab", SimpleNamespace(FILE="files", complete=complete))
    assert main(["completion", "bash"]) == 0
    assert capsys.readouterr().out == "bash\n"
    (verbs,) = [action for action in given[0]._actions if isinstance(action, argparse._SubParsersAction)]
    gate = verbs.choices["gate"]
    assert {"json", "html"} <= {action.dest for action in gate._actions if getattr(action, "complete", None) == "files"}


def test_completion_without_shtab_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert "`pip install shtab`" in one_line(capsys, "completion", "bash")


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("arguments", [["help"], ["subjects"], ["new", "an_adapter_with_a_name.py"], *(["help", page] for page in pages())])
def test_a_terminal_has_no_line_that_is_too_long(
    arguments: list[str], width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """But for code, tables and headings of pages, and what is to be pasted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(arguments) == 0
    lines, code = [], False
    for line in capsys.readouterr().out.splitlines():
        code ^= line.startswith("```")
        lines += [] if code or line.startswith(("|", "#", "subwarden gate --subject")) else [line.rstrip()]
    assert len(lines) > 1
    assert not [line for line in lines if cell_len(line) > width and " " in line.strip()]


def test_a_page_that_is_broken_anew_keeps_every_word() -> None:
    for path in pages().values():
        text = path.read_text(encoding="utf-8")
        assert "".join(reflowed(text, 60).split()) == "".join(text.split()), path  # a word that is too long is broken

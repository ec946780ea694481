"""[tool.subwarden] in the nearest pyproject.toml sets defaults; the command line goes before it, and a mistake is one line."""

import argparse
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.cli.options import BadDefaults, set_defaults


def parsed(folder: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", choices=("ci", "dev"), default="ci")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--subject", required=True)
    set_defaults(parser, folder)
    return parser.parse_args(words)


def written(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.subwarden]\n{text}\n", encoding="utf-8")
    return folder


def test_the_nearest_file_sets_what_the_command_line_does_not(tmp_path: Path) -> None:
    below = written(tmp_path, 'profile = "dev"\njobs = 3\nsubject = "hub.py:Adapter"\nseed = 7') / "below"
    below.mkdir()
    assert vars(parsed(below)) == {"profile": "dev", "jobs": 3, "subject": "hub.py:Adapter"}
    assert vars(parsed(below, "--jobs", "2", "--subject", "x")) == {"profile": "dev", "jobs": 2, "subject": "x"}


@pytest.mark.parametrize("text", ["jobz = 1", "jobs = true", 'profile = "fast"', "jobs = [1]", "jobs = "])
def test_a_mistake_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadDefaults, match="pyproject"):
        parsed(written(tmp_path, text))


def test_a_mistake_is_one_line_and_exit_code_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(written(tmp_path, "jobz = 1"))
    assert main(["gate"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("subwarden gate: ")
    assert said.count("\n") == 1

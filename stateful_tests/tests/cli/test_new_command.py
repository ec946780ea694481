"""`subwarden new`: what it writes is judged at once by the command that it prints, and it never overwrites."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The arguments of the command that it prints."""
    program, *arguments = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert program == "subwarden"
    return arguments


@pytest.mark.slow
def test_the_skeleton_holds_and_says_what_it_was_judged_by(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine.py"]) == 0
    assert main([*printed(capsys), "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"subject mine.py:Adapter, profile dev: holds \(no findings in [\d,]+ schedules, seed \d+\)", out)
    assert "not judged: teardown: it has no such method" in out


def test_a_mistake_in_the_skeleton_s_manager_is_found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """By so many programs, and not by what a busy machine does in so many seconds."""
    monkeypatch.setitem(PROFILES, "dev", replace(PROFILES["dev"], examples=20, schedules=15))
    assert main(["new", "mine.py"]) == 0
    arguments = printed(capsys)
    text = Path("mine.py").read_text(encoding="utf-8")
    broken = text.replace("            if client not in self.connected:\n                return False\n", "")
    assert broken != text
    Path("mine.py").write_text(broken, encoding="utf-8")
    assert main([*arguments, "--jobs", "1"]) == 1
    assert "P2 no phantom subscriber: a connection that is not live is subscribed" in capsys.readouterr().out


def test_it_overwrites_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text("mine", encoding="utf-8")
    assert main(["new", "mine.py"]) == 3
    assert capsys.readouterr().err == "subwarden new: mine.py exists already and is not changed; give another name\n"
    assert Path("mine.py").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("file", "said"), [("mine.txt", "is not a Python file; give a name that ends with .py"), ("no/mine.py", "No such file or directory")]
)
def test_a_file_that_it_cannot_write(file: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", file]) == 3
    assert said in capsys.readouterr().err

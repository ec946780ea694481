"""The action and the page on CI: their shell runs, with inputs that try to be commands, and their command lines are understood."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.tests.paths import ROOT

ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "reports" / "ci.md").read_text(encoding="utf-8")
SCRIPT = re.compile(r"^ +run: \|\n((?: {8}.*\n|\n)+)", re.MULTILINE)


def script(name: str) -> str:
    """The step's shell script that has `name` in it."""
    (found,) = (re.sub(r"^ {8}", "", text, flags=re.MULTILINE) for text in SCRIPT.findall(ACTION) if name in text)
    return found


def run(folder: Path, **inputs: str) -> "subprocess.CompletedProcess[str]":
    """Run the action's check as a runner does."""
    defaults = {"COMMAND": "gate", "BUDGET": "", "ARGUMENTS": "", "SUBJECT": "split-lock"}
    runner = {"RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script("subwarden.html")],
        env={**os.environ, **defaults, **inputs, **runner, "PATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.slow
def test_the_action_annotates_findings_and_leaves_the_page(tmp_path: Path) -> None:
    done = run(tmp_path, ARGUMENTS="--level manager -x", BUDGET="20")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=")
    assert "subwarden" in (tmp_path / "subwarden.html").read_text(encoding="utf-8")
    assert (tmp_path / "subwarden.json").exists()
    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("## ")
    assert (tmp_path / "output").read_text() == f"report={tmp_path}/subwarden.html\n"
    assert list((tmp_path / ".subwarden" / "corpus").glob("*.json"))


@pytest.mark.parametrize(
    "inputs", [{"COMMAND": "new; touch taken"}, {"SUBJECT": "$(touch taken)"}, {"ARGUMENTS": "$(touch taken) `touch taken`"}]
)
def test_no_input_is_read_as_a_command(inputs: dict[str, str], tmp_path: Path) -> None:
    done = run(tmp_path, **inputs)
    assert done.returncode == 3, done.stderr
    assert not (tmp_path / "taken").exists()


def test_inputs_reach_the_shell_as_variables_only() -> None:
    scripts = SCRIPT.findall(ACTION)
    assert len(scripts) == 2
    assert not any("${{" in text for text in scripts)


def test_the_command_lines_of_the_page_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    lines = re.findall(r"subwarden (gate|hunt) ([^'`\n>]*)", PAGE)
    assert len(lines) >= 4
    for verb, rest in lines:
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert not ended.value.code
        shown = capsys.readouterr().out
        assert all(option in shown for option in re.findall(r"--[a-z-]+", rest)), rest

"""The composite action, step by step, as a runner does it: a fresh clone, a new Python, an environment with nothing else in it. The other
command lines of the page on CI are run in the same place.
"""

import json
import os
import re
import shutil
import subprocess
import venv
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from subwarden.stateful_tests.tests.paths import ROOT

ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
STEP = re.compile(r"^    - (.*?)(?=^    - |\Z)", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"^ +run: \|\n((?: {8}.*\n|\n)+)", re.MULTILINE)
USES = re.compile(r"^(?: +)?uses: ([\w/-]+)@v\d+", re.MULTILINE)
GIVEN = re.compile(r"^ +(\w+): \$\{\{ inputs\.([\w-]+) \}\}$", re.MULTILINE)
DEFAULT = re.compile(r"^  ([\w-]+):\n    description: .*\n(?:    required: true\n|    default: \"?(.*?)\"?\n)", re.MULTILINE)
PAGE = (ROOT / "docs" / "reports" / "ci.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"(subwarden gate [^'`\n]*)")
PROJECT = '[project]\nname = "their-project"\nversion = "1"\n[tool.setuptools]\npy-modules = ["hub"]\n'


class Step(NamedTuple):
    """A step: a script, or the action that it `uses`. `given`: the environment variables and the inputs that they have; `always`: it runs
    after a step that failed, too.
    """

    script: str | None
    uses: str
    given: dict[str, str]
    always: bool


def steps() -> list[Step]:
    """The steps, in their order."""
    found = []
    for text in STEP.findall(ACTION.partition("  steps:\n")[2]):
        script, uses = RUN.search(text), USES.search(text)
        words = None if script is None else re.sub(r"^ {8}", "", script[1], flags=re.MULTILINE)
        found.append(Step(words, "" if uses is None else uses[1], dict(GIVEN.findall(text)), text.startswith("if: always()")))
    return found


class Runner:
    """A job on a machine that has git, bash and a Python, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.project, self.temporary = folder / "project", folder / "temporary"
        action, python = folder / "action", folder / "python"
        for path in (self.project, self.temporary, folder / "home"):
            path.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(action)], check=True)
        venv.create(python, with_pip=True)  # as actions/setup-python gives one
        self._installed = False
        self._cache = folder / "cache"
        self._environment = {
            "PATH": f"{python / 'bin'}:/usr/bin:/bin",
            "HOME": str(folder / "home"),
            "GITHUB_ACTION_PATH": str(action),
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(self.temporary / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary"),
        }

    def shell(self, script: str) -> "subprocess.CompletedProcess[str]":
        """Run a script in the project, as a step."""
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(words, env=self._environment, cwd=self.project, capture_output=True, text=True, timeout=600, check=False)

    def job(self, **inputs: str) -> "subprocess.CompletedProcess[str]":
        """Run all steps, with nothing left of the job before but what the cache has; the script that failed, or the last one. The
        installation is run in the first job only.
        """
        values = dict(DEFAULT.findall(ACTION)) | inputs
        assert set(inputs) <= set(dict(DEFAULT.findall(ACTION)))
        kept, done = self.project / ".subwarden", None
        shutil.rmtree(kept, ignore_errors=True)
        for step in steps():
            if done is not None and done.returncode and not step.always:
                continue
            if step.uses == "actions/cache/restore" and self._cache.exists():
                shutil.copytree(self._cache, kept)
            elif step.uses == "actions/cache/save" and kept.exists():
                shutil.copytree(kept, self._cache, dirs_exist_ok=True)
            elif step.script is not None and not ("install" in step.given.values() and self._installed):
                done = self._run(step, values)
        self._installed = True
        assert done is not None
        return done

    def _run(self, step: Step, values: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        file = self.temporary / "step.sh"
        file.write_text(step.script or "")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)],
            env={**self._environment, **{name: values[given] for name, given in step.given.items()}},
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


def commands() -> dict[str, list[str]]:
    """The command lines of the page, by its headings."""
    parts = re.split(r"^## (.*)\n", PAGE, flags=re.MULTILINE)
    return {name: COMMAND.findall(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_part_of_the_page_has_a_command_line() -> None:
    assert {name: len(lines) for name, lines in commands().items()} == {
        "GitHub Actions": 1,
        "GitLab": 1,
        "Jenkins": 1,
        "Code scanning": 1,
        "pre-commit": 1,
    }


def test_all_steps_are_read() -> None:
    scripts = [sorted(step.given.values()) for step in steps() if step.script is not None]
    assert scripts == [["install"], ["arguments", "budget", "command", "subject"]]
    assert [(step.uses, step.always) for step in steps() if step.uses] == [
        ("actions/setup-python", False),
        ("actions/cache/restore", False),
        ("actions/cache/save", True),
        ("actions/upload-artifact", True),
    ]
    assert {"subject", "command", "install", "python-version"} <= set(dict(DEFAULT.findall(ACTION)))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists() or os.name != "posix", reason="there is nothing to clone")
def test_the_action_works_where_nothing_is_installed(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    (runner.project / "pyproject.toml").write_text(PROJECT)
    (runner.project / "hub.py").write_text((ROOT / "examples" / "rooms.py").read_text())
    for number in range(2):
        done = runner.job(subject="hub.py:Adapter", budget="20", arguments="-x --jobs 2")
        assert done.returncode == 1, done.stdout + done.stderr
        assert re.fullmatch(r"::error file=hub\.py,line=30,title=P2 no phantom subscriber%3A .*\n", done.stdout), done.stdout
        record = json.loads((runner.temporary / "subwarden.json").read_text())
        assert record["checks"][0]["schedules"] == number, "the second job tries first what the first one kept"
        assert (runner.temporary / "subwarden.html").stat().st_size > 10_000
    done = runner.job(subject="hub.py:Adapter", command="hunt", budget="5")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error file=hub.py,line=30" in done.stdout
    assert "subwarden: hunt" in (runner.temporary / "summary").read_text()
    done = runner.job(subject="hub.py:Nothing")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    other_services(runner)


def other_services(runner: Runner) -> None:
    """Run what the page says for them; a subject that fails at once, so that it does not take long."""
    (runner.project / "src").mkdir()
    (runner.project / "src" / "hub.py").write_text((ROOT / "examples" / "rooms.py").read_text().replace("class Adapter", "class Hub"))
    made = {}
    for name, (line,) in commands().items():
        for file in ("subwarden.xml", "subwarden.html", "subwarden.sarif"):
            (runner.project / file).unlink(missing_ok=True)
        done = runner.shell(line.replace("subwarden gate ", "subwarden gate -x --jobs 1 ", 1).strip())
        assert done.returncode == 1, (name, done.stdout, done.stderr)
        made[name] = {path.name: path.read_text(encoding="utf-8") for path in runner.project.glob("subwarden.*")}
        if name == "GitHub Actions":
            assert done.stdout.startswith("::error file=src/hub.py,line=")
        elif name == "pre-commit":
            assert "violated (1 finding in" in done.stdout
    for name in ("GitLab", "Jenkins"):
        suite = ElementTree.fromstring(made[name]["subwarden.xml"])
        assert [case.get("name", "").partition(" ")[0] for case in suite.iter("testcase") if case.find("failure") is not None] == ["P2"]
        assert made[name]["subwarden.html"].startswith("<!DOCTYPE html>")
    (found,) = json.loads(made["Code scanning"]["subwarden.sarif"])["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "src/hub.py"

"""The composite action, step by step, as a runner does it: a fresh clone, a new Python, an environment with nothing else in it."""

import json
import os
import re
import shutil
import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

from subwarden.stateful_tests.tests.paths import ROOT

ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
STEP = re.compile(r"^    - (.*?)(?=^    - |\Z)", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"^ +run: \|\n((?: {8}.*\n|\n)+)", re.MULTILINE)
GIVEN = re.compile(r"^ +(\w+): \$\{\{ inputs\.([\w-]+) \}\}$", re.MULTILINE)
DEFAULT = re.compile(r"^  ([\w-]+):\n    description: .*\n(?:    required: true\n|    default: \"?(.*?)\"?\n)", re.MULTILINE)
PROJECT = '[project]\nname = "their-project"\nversion = "1"\n[tool.setuptools]\npy-modules = ["hub"]\n'


class Step(NamedTuple):
    """A step with a script. `given`: the environment variables and the inputs that they have."""

    script: str
    given: dict[str, str]


def steps() -> list[Step]:
    """The steps that run a script, in their order."""
    found = []
    for text in STEP.findall(ACTION.partition("  steps:\n")[2]):
        script = RUN.search(text)
        if script is not None:
            found.append(Step(re.sub(r"^ {8}", "", script[1], flags=re.MULTILINE), dict(GIVEN.findall(text))))
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
        self._jobs = 0
        self._environment = {
            "PATH": f"{python / 'bin'}:/usr/bin:/bin",
            "HOME": str(folder / "home"),
            "GITHUB_ACTION_PATH": str(action),
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(self.temporary / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary"),
        }

    def job(self, **inputs: str) -> "subprocess.CompletedProcess[str]":
        """Run all steps, the installation only in the first job; the last one, or the first that fails."""
        values = dict(DEFAULT.findall(ACTION)) | inputs
        assert set(inputs) <= set(dict(DEFAULT.findall(ACTION)))
        for step in steps()[self._jobs :]:
            file = self.temporary / "step.sh"
            file.write_text(step.script)
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)],
                env={**self._environment, **{name: values[given] for name, given in step.given.items()}},
                cwd=self.project,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            if done.returncode:
                break
        self._jobs = 1
        return done


def test_all_steps_are_read() -> None:
    assert [sorted(step.given.values()) for step in steps()] == [["install"], ["arguments", "budget", "command", "subject"]]
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

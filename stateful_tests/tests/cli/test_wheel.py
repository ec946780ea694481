"""What is built is whole: a wheel of this folder, installed elsewhere, works in a folder that knows nothing of the project.

Its dependencies are those of the environment that the tests run in; all that is ours comes from the wheel.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from subwarden.stateful_tests.runs.saved import COMMITTED
from subwarden.stateful_tests.tests.cli.test_pytest_plugin import BROKEN, CALL, QUICK, SOUND
from subwarden.stateful_tests.tests.paths import ROOT

PACKAGES = ("model", "impl", "scheduling", "checking", "stateful_tests", "reports", "cli")
NOT_SHIPPED = ("stateful_tests/tests/", "stateful_tests/tests/data/", "stateful_tests/specimens/core_defects/")  # the tests of ourselves


def ours() -> set[str]:
    """The files of the packages, but for those that are made by running them."""
    found = {path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()}
    kept = {path.as_posix() for path in found if "__pycache__" not in path.parts}
    return {"stateful_tests/fixture/plugin.py", *(name for name in kept if not name.startswith(NOT_SHIPPED))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the folder, and nothing that was left there is built."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "stateful_tests/fixture/plugin.py"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(source)], check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts' folder of a new environment in which the wheel is the only thing installed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--no-deps", "--no-compile", str(wheel)], check=True, capture_output=True)
    return scripts


def run(installed: Path, folder: Path, *words: str) -> tuple[int, str]:
    """What a command of that environment says in `folder`. The dependencies are found, and no editable install beside them is."""
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_paths()["purelib"]}
    environment.pop("CI", None)
    command = [str(installed / words[0]), *words[1:]]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_all_our_files_are_in_the_wheel_and_no_test_of_ourselves(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as made:
        files = {name for name in made.namelist() if ".dist-info/" not in name}
    assert files == ours()


def test_it_works_in_a_folder_that_knows_nothing_of_the_project(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SOUND.replace("self.live.add(client)", "raise LookupError"), encoding="utf-8")
    look = "from subwarden.stateful_tests import corpus; print(corpus.__file__, len([*corpus.saved_runs(committed_only=True)]))"
    code, said = run(installed, tmp_path, "python", "-c", look)
    where, count = said.split()
    assert (code, int(count)) == (0, len(list(COMMITTED.glob("*.json")))), said
    assert Path(where).is_relative_to(installed.parent)
    gate = ("gate", "--subject", "mine.py:Mine", "--profile", "dev", "--budget", "1", "--jobs", "1")
    code, said = run(installed, tmp_path, "subwarden", *gate)
    assert code == 1, said
    assert "P8 last word wins: connect raises LookupError" in said
    assert "it was run, and fails on the stock event loop" in said
    code, said = run(installed, tmp_path, "subwarden", "new", "yours.py")
    assert code == 0, said
    seed = min(path for path in COMMITTED.glob("source-P2-*.json"))
    code, said = run(installed, tmp_path, "subwarden", "replay", str(seed), "--trace", "run.tla", "--script", "shows.py")
    assert code == 1, said
    assert "fails on the stock event loop" in " ".join(said.split())


def test_its_pytest_plugin_is_there_without_being_asked_for(installed: Path, tmp_path: Path) -> None:
    files = {"conftest.py": QUICK, "mine.py": SOUND, "broken.py": BROKEN, "test_one.py": CALL.format("")}
    files["test_two.py"] = files["test_one.py"].replace("mine import", "broken import")
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    code, said = run(installed, tmp_path, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert code == 1, said
    assert "1 failed, 1 passed" in said
    assert "subject broken.py:Mine, profile dev: violated" in said

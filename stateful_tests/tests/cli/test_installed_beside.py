"""Installed beside an application that has its own `model/` and `cli/`, editable or not, neither breaks the other, also when one goes."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from subwarden.stateful_tests.tests.paths import ROOT

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "application"
version = "1"
scripts = { application = "cli:main" }
[tool.setuptools]
packages = ["model", "cli"]
"""
CLI = """
import model

def main():
    print(model.NAME)
"""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH", "PYTHONHOME")}


def run(*command: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=200, check=False)
    return done.returncode, done.stdout.strip() or done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("editable", [False, True])
def test_neither_breaks_the_other(editable: bool, tmp_path: Path) -> None:
    ours, theirs, here, place = (tmp_path / name for name in ("ours", "theirs", "here", "environment"))
    here.mkdir()
    shutil.copytree(ROOT, ours, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info", "tests", "corpus"))
    for file, text in {"pyproject.toml": PROJECT, "model/__init__.py": "NAME = 'mine'\n", "cli/__init__.py": CLI}.items():
        (theirs / file).parent.mkdir(parents=True, exist_ok=True)
        (theirs / file).write_text(text, encoding="utf-8")
    venv.create(place, with_pip=False)
    python, scripts = place / "bin" / "python", place / "bin"
    (site,) = place.glob("lib/*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check")

    def install(source: Path) -> None:
        words = ("install", "--no-deps", "--no-build-isolation", "--no-index", *(["--editable"] if editable else []), str(source))
        code, said = run(*pip, *words, folder=here)
        assert code == 0, said

    def works(command: str, *words: str) -> str:
        code, said = run(str(scripts / command), *words, folder=here)
        assert code == 0, said
        return said

    def both() -> None:
        assert works("application") == "mine"
        assert "split-lock" in works("subwarden", "subjects")
        assert works("python", "-c", "import model, subwarden.model; print(model.NAME, model is subwarden.model)") == "mine False"

    install(theirs)
    install(ours)
    both()
    for name in ("subwarden", "application"):
        code, said = run(*pip, "uninstall", "--yes", name, folder=here)
        assert code == 0, said
        assert not (scripts / name).exists()
        if name == "subwarden":
            assert works("application") == "mine"
            install(ours)
            both()
        else:
            assert "split-lock" in works("subwarden", "subjects")
    assert (theirs / "model" / "__init__.py").exists()
    assert (ours / "model" / "__init__.py").exists()

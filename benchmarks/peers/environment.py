"""The environment of the comparison: a virtual environment in `.venv-peers`, with the newest Python that the peers support.

All contenders run there, ours too, so that all are compared on the same Python. A peer that cannot be installed is left out, with the
reason.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-peers"
NEEDED = (3, 12)  # by simloop, simloom and seedloop; frontrun is content with less
PEERS = {
    "simloop": "simloop==0.2.2",
    "simloom": "simloom==0.5.0",
    "frontrun": "frontrun==0.7.0",
    "detangle": "detangle==0.1.0",
    "seedloop": "seedloop==0.4.1",
}  # as last looked at
PATIENCE = 300  # seconds for one call of pip


class Environment(NamedTuple):
    """`python` runs the contenders; `missing` gives the reason for each peer that is not installed."""

    python: Path
    missing: dict[str, str]


def _version(python: Path | str) -> tuple[int, ...] | None:
    asked = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, timeout=30, check=True)
        return tuple(map(int, done.stdout.split()))
    except (OSError, ValueError, subprocess.SubprocessError):  # a shim that points nowhere, or no Python at all
        return None


def _newest() -> tuple[tuple[int, ...], str]:
    """The newest Python here up to 3.13, where the peers' wheels end: the running one, those on the path, those of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names = [sys.executable, *filter(None, (shutil.which(f"python3.{minor}") for minor in (12, 13)))]
    names += [str(folder / "bin" / "python") for folder in sorted(pyenv.glob("3.1[23].*"))]
    found = {name: _version(name) for name in names}
    return max((version, name) for name, version in found.items() if version is not None and version <= (3, 13))


def _pip(python: Path, *packages: str) -> str | None:
    """Install the packages. Returns the reason of a failure, or None."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", *packages]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"pip took longer than {PATIENCE} s"
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return None if done.returncode == 0 else (errors or done.stderr.splitlines() or ["pip failed"])[-1]


def package_folder() -> Path:
    """The folder in which a contender's process finds the checkout as the package `subwarden`, whatever the checkout's name."""
    link = ROOT / ".types" / "subwarden"  # as `make types` makes it
    link.parent.mkdir(exist_ok=True)
    if not link.exists():
        link.symlink_to("..")
    return link.parent


def prepare() -> Environment:
    """Make the environment, or use the one that exists. If it cannot be made, ours run on the running Python, without peers."""
    version, interpreter = _newest()
    folder = FOLDER / ".".join(map(str, version))
    python = folder / "bin" / "python"
    done = folder / "ours-installed"
    if not done.exists():
        subprocess.run([interpreter, "-m", "venv", "--clear", str(folder)], check=True)
        own = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
        failed = _pip(python, *own)
        if failed is not None:
            return Environment(Path(sys.executable), dict.fromkeys(PEERS, failed))
        done.touch()
    missing = {}
    for name, package in PEERS.items():
        if list((folder / "lib").glob(f"python*/site-packages/{name}/__init__.py")):
            continue
        if version < NEEDED and name not in ("frontrun", "detangle"):
            missing[name] = f"it needs Python {'.'.join(map(str, NEEDED))}, and the newest here is {'.'.join(map(str, version))}"
        elif (failed := _pip(python, package)) is not None:
            missing[name] = failed
    return Environment(python, missing)

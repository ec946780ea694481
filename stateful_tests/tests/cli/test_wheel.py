"""The wheel holds the package and nothing else, and works installed in a folder that knows nothing of the project.

The environment takes its dependencies from the one that runs the tests; everything of ours comes from the wheel.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from subwarden.stateful_tests.runs.saved import COMMITTED
from subwarden.stateful_tests.tests.fixture.test_pytest_plugin import BROKEN, CALL, QUICK, SOUND
from subwarden.stateful_tests.tests.paths import ROOT

NOT_SHIPPED = ("benchmarks", "build", "docs", "examples", "stateful_tests/specimens", "stateful_tests/tests")
RAISES = SOUND.replace("self.live.add(client)", "raise LookupError")
DATA = ("docs/*.md", "docs/*/*.md", "model/tla/*", "reports/formats/*.json", "reports/html/assets/*", "stateful_tests/corpus/*.json")
ROOMS = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))


def packages() -> dict[str, Path]:
    """The folders of the tree that are packages and are shipped, by their names."""
    folders = [
        path.parent.relative_to(ROOT) for path in ROOT.rglob("__init__.py") if not any(p[0] == "." for p in path.relative_to(ROOT).parts)
    ]
    shipped = [folder for folder in folders if not any(folder.is_relative_to(other) for other in NOT_SHIPPED)]
    return {".".join(("subwarden", *folder.parts)): folder for folder in shipped}


def ours() -> set[str]:
    """The files that the wheel must hold: the modules of each package, and the data that is read while it runs."""
    modules = {path.relative_to(ROOT) for folder in packages().values() for path in (ROOT / folder).glob("*.py")}
    data = [Path("py.typed"), *(path for pattern in DATA for path in ROOT.glob(pattern))]
    return {f"subwarden/{(ROOT / path).relative_to(ROOT).as_posix()}" for path in (*modules, *data)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the build leaves nothing in the project's folder and finds nothing that was left there."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(source)], check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts' folder of a new environment: the wheel, and a path to its dependencies."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--no-deps", "--no-compile", str(wheel)], check=True, capture_output=True)
    (site,) = (path.parent for path in folder.rglob("subwarden/py.typed"))
    # a .pth file adds the folder after the wheel's, and the .pth files of that folder, an editable install's among them, are not read
    (site.parent / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return scripts


def run(installed: Path, folder: Path, *words: str) -> tuple[int, str]:
    """The exit code and the output of a command of that environment, run in `folder`."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTHONPATH", "MYPYPATH")}
    command = [str(installed / words[0]), *words[1:]]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def test_the_wheel_holds_the_package_and_no_tests_specimens_benchmarks_or_examples(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as made:
        files = {name for name in made.namelist() if ".dist-info/" not in name}
        tops = {name.split("/")[0] for name in made.namelist()}
    assert files == ours()
    assert {top.partition("-")[0] for top in tops} == {"subwarden"}
    assert len(tops) == 2, "the package, and what pip keeps about it"


def test_pyproject_lists_the_packages_of_the_tree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["packages"] == sorted(packages())


@pytest.mark.slow
def test_it_works_in_a_folder_that_knows_nothing_of_the_project(installed: Path, tmp_path: Path) -> None:
    write(tmp_path, {"mine.py": RAISES})
    look = "from subwarden.stateful_tests.runs import saved; print(saved.__file__, len([*saved.saved_runs(committed_only=True)]))"
    code, said = run(installed, tmp_path, "python", "-c", look)
    where, count = said.split()
    assert (code, int(count)) == (0, len(list(COMMITTED.glob("*.json")))), said
    assert Path(where).is_relative_to(installed.parent)
    gate = ("gate", "--subject", "mine.py:Mine", "--profile", "dev", "--budget", "30", "-x", "--jobs", "1")
    code, said = run(installed, tmp_path, "subwarden", *gate)
    assert code == 1, said
    assert "P8 last word wins: connect raises LookupError" in said
    assert "fails on the stock event loop" in said
    code, said = run(installed, tmp_path, "subwarden", "new", "yours.py")
    assert code == 0, said
    source = min(path for path in COMMITTED.glob("source-P2-*.json"))
    code, said = run(installed, tmp_path, "subwarden", "replay", str(source), "--trace", "run.tla", "--script", "shows.py")
    assert code == 1, said
    assert "fails on the stock event loop" in " ".join(said.split())


@pytest.mark.slow
def test_its_pytest_plugin_is_there_without_being_asked_for(installed: Path, tmp_path: Path) -> None:
    files = {"conftest.py": QUICK, "mine.py": SOUND, "broken.py": BROKEN, "test_one.py": CALL.format("")}
    files["test_two.py"] = files["test_one.py"].replace("mine import", "broken import")
    write(tmp_path, files)
    code, said = run(installed, tmp_path, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert code == 1, said
    assert "1 failed, 1 passed" in said
    assert "subject broken.py:Mine, profile dev: violated" in said


ADAPTER = """
from pathlib import Path

{imports}
from impl.rooms import {rooms}

class Mine({rooms}):
    pass

for room in ({names}):
    assert Path(room.__file__).is_relative_to(Path(__file__).parent), room.__file__
"""
TWO_NAMES = """
import model
import subwarden.model

def test_both():
    assert model.NAME == "mine"
    assert model is not subwarden.model
"""


@pytest.mark.slow
def test_a_project_with_packages_named_as_ours_works_beside_it(installed: Path, tmp_path: Path) -> None:
    """Such as `model/`, `cli/`, `reports/` and `impl/`: on the command line, in its worker processes, and in pytest."""
    assert {"model", "cli", "reports", "impl", "stateful_tests", "scheduling", "checking"} <= set(ROOMS)
    imports, names = "\n".join(f"import {room}" for room in ROOMS), ", ".join(ROOMS)
    files = {f"{room}/__init__.py": 'NAME = "mine"\n' for room in ROOMS}
    files["impl/rooms.py"] = SOUND.replace("class Mine", "class Sound") + RAISES.replace("class Mine", "class Broken")
    files["conftest.py"], files["test_names.py"] = QUICK, TWO_NAMES
    for name in ("sound", "broken"):
        files[f"{name}.py"] = ADAPTER.format(imports=imports, names=names, rooms=name.capitalize())
        files[f"test_{name}.py"] = CALL.format("").replace("mine import", f"{name} import")
    write(tmp_path, files)
    code, said = run(installed, tmp_path, "subwarden", "gate", "--subject", "broken.py:Mine", "--budget", "30", "-x", "--jobs", "2")
    assert code == 1, said
    assert "P8 last word wins: connect raises LookupError" in said
    assert "fails on the stock event loop" in said
    code, said = run(installed, tmp_path, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert code == 1, said
    assert "1 failed, 2 passed" in said
    assert "subject broken.py:Mine, profile dev: violated" in said


def test_importing_it_loads_nothing_heavy_until_it_is_used(installed: Path, tmp_path: Path) -> None:
    look = "import sys; before = set(sys.modules); import subwarden; {}; print(*(set(sys.modules) - before))"
    code, said = run(installed, tmp_path, "python", "-c", look.format("subwarden.__all__"))
    loaded = set(said.split())
    assert code == 0, said
    assert {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names} == {"subwarden"}
    assert not loaded & {"asyncio", "inspect", "importlib.metadata", "multiprocessing"}, "nor what is slow to load in the library"
    code, said = run(installed, tmp_path, "python", "-c", look.format("subwarden.holds"))
    assert code == 0, said
    assert {"asyncio", "hypothesis"} <= set(said.split()), "or this test would notice nothing"


TYPED = """
import subwarden


class Adapter:
    def __init__(self, env: subwarden.Env) -> None:
        self.env = env
        self.pairs: set[tuple[int, int]] = set()

    async def connect(self, client: int) -> None: ...

    async def subscribe(self, client: int, topic: int) -> bool:
        await self.env.park("the store", may_fail=OSError)
        self.pairs.add((client, topic))
        return not self.env.closed(client)

    def observe(self) -> set[tuple[int, int]]:
        return self.pairs


def check() -> str:
    report: subwarden.Report = subwarden.holds(Adapter, budget=1.5)
    return report.verdict
"""


@pytest.mark.slow
def test_mypy_knows_the_types_of_the_public_names(installed: Path, tmp_path: Path) -> None:
    wrong = TYPED.replace('"the store"', "3").replace("self.env.closed", "self.env.close").replace("budget=1.5", "budgets=1.5")
    write(tmp_path, {"right.py": TYPED, "wrong.py": wrong})
    command = ("python", "-m", "mypy", "--strict", "--no-error-summary", "--config-file", os.devnull, "--hide-error-context")
    code, said = run(installed, tmp_path, *command, "right.py", "wrong.py")
    assert code == 1, said
    assert [line.split(": error: ")[0] for line in said.splitlines() if ": error: " in line] == [
        "wrong.py:13",
        "wrong.py:15",
        "wrong.py:22",
    ], said

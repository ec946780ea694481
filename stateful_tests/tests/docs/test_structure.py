"""The structure of the project: small folders, short files, pages that name files that exist, and no module for tests alone."""

import ast
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from subwarden.stateful_tests.tests.paths import CORPUS, ROOT, TESTS
from subwarden.stateful_tests.tests.share import in_share

MOST_FILES, MOST_LINES = 15, 300
NOT_OURS = ("__pycache__", "build")
NOT_SHIPPED = ("benchmarks", "examples", "stateful_tests/specimens", "stateful_tests/tests")
ENTRIES = ("subwarden", "subwarden.__main__", "subwarden.stateful_tests.fixture.plugin")  # the public API, the command, the fixture


def folders(under: Path = ROOT) -> Iterator[Path]:
    yield under
    for path in under.iterdir():
        if path.is_dir() and path.name not in NOT_OURS and not path.name.startswith(".") and path.suffix != ".egg-info":
            yield from folders(path)


def modules() -> dict[str, Path]:
    """The modules of the wheel by name."""
    found = {}
    for path in (path for folder in folders() for path in folder.glob("*.py")):
        inside = path.relative_to(ROOT)
        if not any(inside.is_relative_to(other) for other in NOT_SHIPPED):
            parts = inside.with_suffix("").parts
            found[".".join(("subwarden", *parts)).removesuffix(".__init__")] = path
    return found


def named(path: Path) -> Iterator[str]:
    """The modules that a file imports, by a statement or by name, or in code that it writes, and the files beside it that it reads."""
    package = ".".join(("subwarden", *path.relative_to(ROOT).parts[:-1]))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{name.name}" for name in names)
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.Constant(value=str(text)):
                yield text
                yield from re.findall(r"^(?:from|import) (subwarden[\w.]*)", text, re.MULTILINE)
                if text.endswith(".py"):
                    yield f"{package}.{text.removesuffix('.py')}"


def reached(known: dict[str, Path]) -> set[str]:
    """The modules that are imported, directly or by others, from the public API, the command or the fixture."""
    found, queue = set[str](), deque(ENTRIES)
    while queue:
        name = queue.popleft()
        if name in known and name not in found:
            found.add(name)
            queue += [*named(known[name]), name.rpartition(".")[0]]  # the package of a module is imported with it
    return found


def test_no_folder_has_many_files() -> None:
    counted = {folder: sum(path.is_file() for path in folder.iterdir()) for folder in folders() if folder != CORPUS}
    many = {str(folder.relative_to(ROOT)): count for folder, count in counted.items() if count > MOST_FILES}
    assert not {folder: count for folder, count in many.items() if not (ROOT / folder).is_relative_to(TESTS)}


def test_a_long_file_says_why() -> None:
    """In a line of its docstring that begins with "Long because"."""
    unexplained = {}
    for path in (path for folder in folders() for path in folder.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        lines = source.count("\n")
        if lines > MOST_LINES and "\nLong because " not in (ast.get_docstring(ast.parse(source)) or ""):
            unexplained[str(path.relative_to(ROOT))] = lines
    assert not unexplained


def test_every_module_serves_the_command_the_public_api_or_the_fixture() -> None:
    """A module that only tests or benchmarks import is no part of the product."""
    known = modules()
    assert len(known) > 200, "or the modules were not found"
    assert not known.keys() - reached(known)


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
OF_THE_PAST = ("CHANGELOG.md",)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in OF_THE_PAST], ids=lambda page: page.name)
def test_the_files_that_a_page_names_are_there(page: Path) -> None:
    """`room/...`, written as code, is a file or a folder of the project, or a pattern that some match."""
    codes = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    rooms = "|".join(re.escape(folder.name) for folder in ROOT.iterdir() if folder in set(folders()))
    names = {name for code in codes for name in re.findall(rf"(?<![\w/.-])(?:{rooms})/[\w./*-]*", code)}
    assert not {name for name in names if not any(ROOT.glob(name.rstrip("/.")))}


def test_each_slow_test_is_in_one_share_of_eight() -> None:
    names = [f"stateful_tests/tests/test_it.py::test_{number}" for number in range(400)]
    shares = [in_share(names, f"{number}/8") for number in range(1, 9)]
    assert all(sum(chosen) == 1 for chosen in zip(*shares, strict=True))
    assert all(sum(share) > 20 for share in shares)
    assert all(in_share(names, "1/1"))
    with pytest.raises(pytest.UsageError, match="K from 1 to N"):
        in_share(names, "9/8")

"""Names in the documents exist: each file that a page names, each local link, and the functions and classes of pages that cite code."""

import re
from pathlib import Path

import pytest

from subwarden.stateful_tests.tests.paths import DOCS, ROOT

ROOMS = ("impl", "model", "checking", "proving", "scheduling", "stateful_tests", "reports", "cli", "benchmarks", "examples", "docs")
SOURCES = ("impl", "model", "checking", "scheduling", "stateful_tests")
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (*DOCS.glob("*.md"), *ROOT.glob("*.md")))
FENCE = re.compile(r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)


def prose(page: str) -> str:
    """The text of a page without its blocks of code."""
    return FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))


def names_on(page: str) -> set[str]:
    """Names that a page writes as code and that look like names in the sources: `a_b`, `Ab.c_d`, `_e`."""
    codes = re.findall(r"`([A-Za-z_.]+)(?:\(\))?`", prose(page))
    return {part for code in codes if not code.endswith(".py") for part in code.split(".") if "_" in part or part != part.lower()}


@pytest.mark.parametrize("page", ["docs/design.md", "docs/properties.md", "docs/tour.md"])
def test_functions_and_classes_on_the_page_exist(page: str) -> None:
    """A rule that cites a function is useless once the function has another name."""
    sources = [path for room in SOURCES for path in (ROOT / room).rglob("*.py")]
    known = set(re.findall(r"\w+", "\n".join(path.read_text(encoding="utf-8") for path in sources if path != Path(__file__))))
    names = names_on(page)
    assert len(names) >= 10
    assert names <= known, f"{page} names what is not there: {', '.join(sorted(names - known))}"


@pytest.mark.parametrize("page", PAGES)
def test_files_on_the_page_exist(page: str) -> None:
    """Paths that begin with one of our folders; a folder's name ends with a slash."""
    paths = re.findall(rf"`((?:{'|'.join(ROOMS)})/[\w./-]*)(?::\w+)?`", prose(page))
    missing = sorted({path for path in paths if not (ROOT / path).exists()})
    assert not missing, f"{page} names files that do not exist: {', '.join(missing)}"


@pytest.mark.parametrize("page", PAGES)
def test_local_links_lead_somewhere(page: str) -> None:
    """To a file, and to a heading in it."""
    for target, _, heading in re.findall(r"\]\((?!https?:)([^)#]*)(#([^)]*))?\)", prose(page)):
        path = ((ROOT / page).parent / target) if target else ROOT / page
        assert path.exists(), f"{page}: {target}"
        if heading:
            assert heading in anchors(path), f"{page}: {target}#{heading}"


def anchors(path: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_tour_names_files_of_every_room() -> None:
    """Or the tests above would be empty for it."""
    page = prose("docs/tour.md")
    assert all(f"`{room}/" in page for room in ROOMS[:8])
    assert len(re.findall(r"`[\w/]+\.py`", page)) >= 30


def test_there_are_at_most_fifteen_pages() -> None:
    """A reader must be able to look through them."""
    assert len(list(DOCS.glob("*.md"))) <= 15

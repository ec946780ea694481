"""Where things of the project are, for tests that read them. Only a checkout has them all."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
CORPUS = ROOT / "stateful_tests" / "corpus"
TESTS = ROOT / "stateful_tests" / "tests"
DATA = TESTS / "data"
GOLDEN = TESTS / "golden"


def module_of(file: str) -> str:
    """The name by which a process of its own imports a test's file: pytest calls it by the checkout's folder."""
    return ".".join(("subwarden", *Path(file).resolve().relative_to(ROOT).with_suffix("").parts))

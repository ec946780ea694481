"""Where things of the project are, for tests that read them. Only a checkout has them all."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
CORPUS = ROOT / "stateful_tests" / "corpus"
TESTS = ROOT / "stateful_tests" / "tests"
DATA = TESTS / "data"
GOLDEN = TESTS / "golden"

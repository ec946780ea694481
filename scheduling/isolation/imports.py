"""What the code in a file imports, wherever in it."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path


def imports(file: str, package: str) -> Iterator[str]:
    """The modules, or names in them, that the code in `file` imports. `package`: to which it belongs. Raises OSError, SyntaxError."""
    for node in ast.walk(ast.parse(Path(file).read_bytes())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            try:
                base = importlib.util.resolve_name(base, package)
            except ImportError:  # it leads out of the package, and would fail
                continue
            yield base
            yield from (f"{base}.{each.name}" for each in node.names)

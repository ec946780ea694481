"""Loads a module with a fault in it, or with marks that say which of its statements run. No file is touched, and no bytecode is written.

A module is known by its file's name and the digest of its text, so that it is the same one wherever its file has been unpacked.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.machinery import SourceFileLoader
from importlib.util import decode_source
from pathlib import Path
from types import CodeType

from subwarden.scheduling.uncontrolled import is_library
from subwarden.stateful_tests.score.faults import compiled
from subwarden.stateful_tests.score.source import Edit, Place, Source

MARK = "__subwarden_ran__"
_RAN: set[tuple[str, int]] = set()  # the statements with marks that have run in this process: digests and lines


@dataclass(frozen=True, slots=True)
class Module:
    """A module by the name and the digest of its file."""

    name: str
    digest: str

    @classmethod
    def at(cls, path: Path) -> "Module":
        return cls(path.name, sha256(path.read_bytes()).hexdigest())


@dataclass(frozen=True, slots=True)
class Plant:
    """A module with an edit; with marks where that is None."""

    module: Module
    edit: Edit | None


@contextmanager
def planted(plants: Sequence[Plant]) -> Iterator[None]:
    """Modules that are imported inside have these edits and marks. All that a subject has imported inside is forgotten at the end."""
    by_name = {plant.module.name: [each for each in plants if each.module.name == plant.module.name] for plant in plants}
    plain = SourceFileLoader.get_code
    before = set(sys.modules)

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = Path(self.get_filename(fullname))
        of = Module.at(path) if path.name in by_name else None
        for plant in by_name.get(path.name, ()):
            if plant.module == of:
                text = decode_source(path.read_bytes())
                return marked(text, of.digest, str(path)) if plant.edit is None else compiled(text, plant.edit, str(path))
        return plain(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]  # `importlib` asks it of every source file
    try:
        yield
    finally:
        del SourceFileLoader.get_code
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if isinstance(file, str) and not is_library(file):
                del sys.modules[name]


def marked(text: str, digest: str, file: str) -> CodeType:
    """The code of a module in which every statement of a function says that it runs, before it does."""
    source = Source(text)
    blocks: dict[int, list[Place]] = {}
    for place in source.places:
        blocks.setdefault(id(place.block), []).append(place)
    for places in blocks.values():
        block = places[0].block
        for place in reversed(places):
            mark = ast.Expr(ast.Call(ast.Name(MARK, ast.Load()), [ast.Constant(digest), ast.Constant(place.statement.lineno)], []))
            block.insert(place.index, ast.fix_missing_locations(ast.copy_location(mark, place.statement)))
    body = source.tree.body
    first = int(ast.get_docstring(source.tree) is not None)
    while first < len(body) and isinstance(body[first], ast.ImportFrom) and body[first].module == "__future__":  # type: ignore[attr-defined]  # just asked
        first += 1
    where = ast.parse(f"from {__name__} import ran as {MARK}").body[0]
    body.insert(first, where)
    return compile(source.tree, file, "exec", dont_inherit=True)


def ran(digest: str, line: int) -> None:
    """Called by a mark."""
    _RAN.add((digest, line))


def ran_lines() -> dict[str, list[int]]:
    """The lines of the statements that have run, by digest."""
    return {digest: sorted(line for each, line in _RAN if each == digest) for digest in sorted({each for each, _ in _RAN})}

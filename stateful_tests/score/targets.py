"""The modules of a user's in which faults are planted: those that the check imports from their own folders, or else its own file.

The check itself (the adapter or the scenario, with its fakes) stays as it is: it is what the faults are to try.
"""

import ast
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from importlib.util import decode_source
from pathlib import Path

from subwarden.checking.place import path_of
from subwarden.stateful_tests.runs.files import file_of
from subwarden.stateful_tests.runs.imported import imported
from subwarden.stateful_tests.score.faults import faults_of
from subwarden.stateful_tests.score.operators.fault import Fault
from subwarden.stateful_tests.score.planting import Module
from subwarden.stateful_tests.subjects.watched_load import BadSubject

OF_ADAPTERS = ("observe", "delivered", "broker")  # methods that only the harness calls


@dataclass(frozen=True, slots=True)
class Target:
    """A module with its faults. `others`: how many were left out, by what is the matter with them."""

    path: Path
    text: str
    module: Module
    faults: list[Fault]
    others: Counter[str] = field(default_factory=Counter)

    @property
    def said(self) -> str:
        """How reports name it."""
        return path_of(str(self.path))


def is_scenario(subject: str) -> bool:
    """Whether `subject` is an `async def`. Raises BadSubject where there is no such file."""
    name = subject.rpartition(":")[2]
    return any(isinstance(node, ast.AsyncFunctionDef) and node.name == name for node in _tree(_own_file(subject)).body)


def targets_of(subject: str, named: Sequence[str], before: Collection[str]) -> list[Target]:
    """The modules with faults; `named`: those that the user gives. `subject` has been loaded, others were `before`. Raises BadSubject."""
    own = _own_file(subject)
    if named:
        made = [_target(_named(subject, name), own, subject) for name in named]
        empty = [each.said for each in made if not each.faults]
        if empty:
            raise BadSubject(f"subject {subject}: no fault can be planted in {', '.join(empty)}; give another module by --mutate")
        return list({each.path: each for each in made}.values())
    files = sorted(path for path in imported(own, [str(own.parent), str(Path.cwd())], before) if path != own)
    made = [each for each in (_target(file, own, subject) for file in files if _parses(file)) if each.faults]
    made = made or [each for each in [_target(own, own, subject)] if each.faults]
    if not made:
        raise BadSubject(f"subject {subject}: it imports nothing from its folder that a fault can be planted in; name a module by --mutate")
    return made


def _own_file(subject: str) -> Path:
    where, _, attribute = subject.rpartition(":")
    file = file_of(subject)
    if file is None:
        mend = f"there is no file {where}" if where.endswith(".py") else "it names no file"
        raise BadSubject(f"subject {subject}: {mend}; give the check of code of yours, path/to/file.py:NAME")
    if not attribute:
        raise BadSubject(f"subject {subject}: it names nothing in {where}; write {where}:NAME")
    return file


def _named(subject: str, name: str) -> Path:
    file = file_of(f"{name}:module")
    if file is None:
        raise BadSubject(f"subject {subject}: --mutate {name} is no file and no module here; give path/to/file.py or package.module")
    return file


def _target(path: Path, own: Path, subject: str) -> Target:
    text = _text(path)
    apart = _apart(ast.parse(text), subject.rpartition(":")[2]) if path == own else set()
    try:
        faults, others = faults_of(text, apart)
    except RecursionError:
        raise BadSubject(f"{path_of(str(path))}: it is nested too deeply to plant faults in it; name other modules by --mutate") from None
    return Target(path, text, Module.at(path), faults, others)


def _apart(tree: ast.Module, name: str) -> set[str]:
    """The definitions of the check's own file that are its own: the adapter, its bases, other adapters; the scenarios."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    apart = {name}
    for node in tree.body:
        match node:
            case ast.AsyncFunctionDef(args=ast.arguments(args=[])):
                apart.add(node.name)
            case ast.ClassDef(body=body) if any(isinstance(each, ast.FunctionDef) and each.name in OF_ADAPTERS for each in body):
                apart.add(node.name)
    while True:
        bases = {base.id for each in apart & classes.keys() for base in classes[each].bases if isinstance(base, ast.Name)}
        heirs = {each for each, of in classes.items() for base in of.bases if isinstance(base, ast.Name) and base.id in apart}
        if bases | heirs <= apart:
            return apart
        apart |= bases | heirs


def _text(path: Path) -> str:
    try:
        text = decode_source(path.read_bytes())
        ast.parse(text)
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        at = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        raise BadSubject(f"{path_of(str(path))}{at} is no Python that can be read: {said}; fix that first") from None
    return text


def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path))


def _parses(path: Path) -> bool:
    """A file that is only found, and may never be imported, need not."""
    try:
        _text(path)
    except BadSubject:
        return False
    return True

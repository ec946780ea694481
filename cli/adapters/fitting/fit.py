"""Finds the source of a class by its name, and writes the adapter for it."""

import ast
import os
from importlib.util import find_spec
from pathlib import Path

from subwarden.cli.adapters.fitting.calls import Fitted
from subwarden.cli.adapters.fitting.reading import BadClass, read_class
from subwarden.cli.adapters.fitting.writing import adapter_for
from subwarden.cli.options import CannotWrite


def fit(named: str, adapter: Path) -> Fitted:
    """An adapter, to be written as the file `adapter`, for the class that `named` names. Raises CannotWrite."""
    where, _, name = named.rpartition(":")
    if not where or not name.isidentifier():
        raise CannotWrite(f"--for {named} names no class; give path/to/file.py:NAME or package.module:NAME")
    file, module = _file_of(where, adapter) if where.endswith(".py") else _module_of(where)
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotWrite(f"--for {named}: {file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        read = read_class(source, name, str(file))
        _insist_on_package(source, file, module)
        return adapter_for(read, module)
    except BadClass as error:
        raise CannotWrite(f"--for {named}: {error}") from None


def _insist_on_package(source: str, file: Path, module: str) -> None:
    """Raise CannotWrite if the file imports from its own package, and would be imported without that."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    relative = max(imports, key=lambda each: each.level, default=None)
    if relative is None or relative.level <= module.count("."):
        return
    whole = file.resolve()
    root = whole.parents[min(relative.level, len(whole.parents) - 1)]
    while (root / "__init__.py").exists() and root != root.parent:
        root = root.parent
    raise CannotWrite(
        f"{file} imports from its own package ({ast.unparse(relative)}); go to the folder that holds the package, "
        f"{os.path.relpath(root)}, and name it from there: --for {whole.relative_to(root)}:..."
    )


def _file_of(where: str, adapter: Path) -> tuple[Path, str]:
    """The file, and the name by which the adapter imports it: from the adapter's own folder, or from the current one."""
    file = Path(where)
    if not file.exists():
        raise CannotWrite(f"--for {where}: there is no file {where}")
    for folder in (adapter.parent, Path()):
        inside = Path(os.path.relpath(file, folder)).with_suffix("")
        if inside.parts[0] != ".." and all(part.isidentifier() for part in inside.parts):
            return file, ".".join(inside.parts)
    raise CannotWrite(f"{adapter} could not import {where}; write it into the same folder, or name the class as package.module:NAME")


def _module_of(module: str) -> tuple[Path, str]:
    try:
        spec = find_spec(module)
    except (ImportError, ValueError) as error:
        raise CannotWrite(f"--for {module}: {error}") from None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise CannotWrite(f"--for {module}: there is no module {module} with a source")
    return Path(spec.origin), module

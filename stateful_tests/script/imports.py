"""The imports by which a script of plain asyncio reaches a subject, from the subject's name on the command line."""

from pathlib import Path
from typing import Any

from subwarden.impl.subjects import SUBJECTS


def imports(subject: str) -> dict[str, Any]:
    """Modules of the standard library, lines before the imports, the imports themselves, and the name to call for a fresh `subject`."""
    if subject in SUBJECTS:
        factory: Any = SUBJECTS[subject].factory
        return {"modules": [], "setup": [], "imports": [f"from {factory.__module__} import {factory.__name__}"], "make": factory.__name__}
    where, _, attribute = subject.rpartition(":")
    if not where.endswith(".py"):
        return {"modules": [], "setup": ['sys.path.insert(0, "")'], "imports": [f"from {where} import {attribute}"], "make": attribute}
    path = Path(where)
    if path.stem.isidentifier():
        setup = [f"sys.path.insert(0, {str(path.parent)!r})"]
        return {"modules": [], "setup": setup, "imports": [f"from {path.stem} import {attribute}"], "make": attribute}
    return {"modules": ["runpy"], "setup": [], "imports": [f"{attribute} = runpy.run_path({where!r})[{attribute!r}]"], "make": attribute}

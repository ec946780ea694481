"""Runs the script of a fifo finding on the stock event loop, in a process of its own, before anybody claims that it fails there."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from subwarden.impl.subjects import SUBJECTS
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.level import FailingRun

LIMIT = 20.0  # seconds of wall clock; the script of a step that blocks gives up after 5


class NoScript(Exception):
    """A script cannot show this finding; the message says why."""


NOTHING: dict[str, Any] = {"plain": None, "script": None, "script_confirmed": None, "script_doubt": None}


def confirmed(
    told: dict[str, Any], run: FailingRun, make: Callable[[], dict[str, Any]], write: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """What a finding's record, of which `told` is the rest, has of the script that `write` makes of it and of what `make` gives, which
    may raise NoScript.

    `script` is its text and `plain` what it is made from (None where there is none); `script_confirmed`: whether it failed on the stock
    loop, in the words of the finding (None in the order `any`, which promises nothing there); `script_doubt`: why it did not, or why it is
    missing.
    """
    if run.order is not Order.FIFO:
        return NOTHING
    try:
        plain = make()
    except NoScript as reason:
        return {**NOTHING, "script_confirmed": False, "script_doubt": str(reason)}
    script = write({**told, "plain": plain})
    wrong = doubt(script, f"{told['property']} {told['title']}: {told['mechanism']}")
    return {"plain": plain, "script": script, "script_confirmed": wrong is None, "script_doubt": wrong}


@cache  # a hunt tells the same finding more than once
def doubt(script: str, expected: str) -> str | None:
    """Run `script`; None if it fails as it should (exit code 1, and one line, which begins with `expected`), else what it did instead."""
    path = os.pathsep.join([os.getcwd(), *sys.path[1:]])  # what the subject was imported from
    try:
        done = subprocess.run(
            [sys.executable, "-"],
            input=script,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            env={**os.environ, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        return f"the script did not end within {LIMIT:.0f} s"
    lines = done.stderr.splitlines()
    if done.returncode == 0:
        return "the script does not fail on the stock event loop"
    if done.returncode != 1 or len(lines) != 1 or not lines[0].startswith(expected.replace('"', "'")):
        return f"the script ends with exit code {done.returncode}: {lines[-1] if lines else 'no word'}"
    return None


def imports(subject: str) -> dict[str, Any]:
    """How a script gets at `subject`: modules of the standard library, lines before the imports, imports, and the name to call."""
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

"""The kinds of claims that the writers of scripts know, read from their code, so that a test notices one that no test shows."""

import ast
import inspect
from collections.abc import Callable
from typing import Any


def kinds_of(function: Callable[..., Any]) -> set[object]:
    """The kinds that a `match` tells apart."""
    patterns = [each.pattern for each in ast.walk(ast.parse(inspect.getsource(function))) if isinstance(each, ast.match_case)]
    values = [each.value for pattern in patterns for each in ast.walk(pattern) if isinstance(each, ast.MatchValue)]
    return {value.value for value in values if isinstance(value, ast.Constant)}

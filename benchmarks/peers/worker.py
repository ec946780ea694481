"""Runs one contender in its own process, so that no tool pays for another's imports. Questions and answers are lines of JSON.

    python -m subwarden.benchmarks.peers.worker FD MODULE NAME

FD receives the answers: standard output belongs to the tool.
"""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from time import perf_counter, process_time
from typing import Any

from subwarden.benchmarks.peers.contender import Contender


def _rate(contender: Contender, workload: str, seconds: float) -> dict[str, float]:
    """Schedules in about `seconds` of CPU time."""
    units, began = 0, process_time()
    while (spent := process_time() - began) < seconds:
        units += contender.schedules(workload, contender.chunk)
    return {"units": units, "seconds": spent}


def _find(contender: Contender, workload: str, seed: int, limit: int) -> dict[str, float | None]:
    assert contender.find is not None
    began = perf_counter()
    return {"schedules": contender.find(workload, seed, limit), "seconds": perf_counter() - began}


def _shrink(contender: Contender, workload: str, seed: int, limit: int) -> dict[str, float | None]:
    if contender.shrink is None:
        raise LookupError("it makes no run smaller")
    began = perf_counter()
    return {"deviations": contender.shrink(workload, seed, limit), "seconds": perf_counter() - began}


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def serve(fd: str, module: str, name: str) -> None:
    """Serve until there are no more questions."""
    out = os.fdopen(int(fd), "w")
    asked: dict[str, Callable[..., Any]] = {"rate": _rate, "find": _find, "shrink": _shrink}
    try:
        contender: Contender = import_module(f"subwarden.benchmarks.peers.{module}").CONTENDERS[name]
    except Exception as error:
        out.write(json.dumps({"error": _said(error)}) + "\n")
        raise
    with contender.around():
        for line in sys.stdin:
            what, *arguments = json.loads(line)
            try:
                answer = asked[what](contender, *arguments)
            except Exception as error:  # the tool is missing or cannot do this: report it, and let the others go on
                answer = {"error": _said(error)}
            out.write(json.dumps(answer) + "\n")
            out.flush()


if __name__ == "__main__":
    serve(*sys.argv[1:])

"""The same worker inside a pytest test, the intended use of simloop and simloom: each of their runs pays for all loaded modules."""

import os

from subwarden.benchmarks.peers.worker import serve


def test_serve() -> None:
    """No test of the project: `python -m subwarden.benchmarks peers` starts it by name."""
    serve(*os.environ["BENCHMARK_WORKER"].split(";"))

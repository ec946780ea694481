"""The same worker inside a pytest test, as simloop and simloom are meant to be used: each run of theirs pays for all that is loaded."""

import os

from subwarden.benchmarks.peers.worker import serve


def test_serve() -> None:
    """Not a test of ours: `python -m subwarden.benchmarks peers` starts it by name."""
    serve(*os.environ["BENCHMARK_WORKER"].split(";"))

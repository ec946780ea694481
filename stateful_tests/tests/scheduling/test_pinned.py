"""A call in a process with another string hash: its result, its exception and its death reach the caller, and it never outlives it."""

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from subwarden.scheduling import pinned, string_hash
from subwarden.stateful_tests.tests.paths import ROOT

DEAD = (
    "import os, sys; from subwarden.scheduling import pinned; open(sys.argv[1], 'w').write(str(os.getpid()));"
    "pinned.call(5, __import__('time').sleep, 60)"
)


def test_a_call_runs_under_the_seed_that_it_asks_for() -> None:
    first, again, other = (pinned.call(seed, hash, "room") for seed in (3, 3, 4))
    assert first == again != other
    assert pinned.call(3, string_hash.current) == 3


def twice() -> tuple[bool, bool]:
    """Whether calls under the seed of this process, and under another, run in this process."""
    seed = string_hash.current()
    assert seed is not None
    return pinned.call(seed, os.getpid) == os.getpid(), pinned.call(seed + 1, os.getpid) == os.getpid()


def test_a_call_under_the_seed_of_this_process_needs_no_other() -> None:
    here = import_module("subwarden.stateful_tests.tests.scheduling.test_pinned")  # pytest calls it by the checkout's folder
    for seed in (0, 8):
        assert pinned.call(seed, here.twice) == (True, False)


def test_a_variable_that_was_set_after_the_start_pins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(string_hash.VARIABLE, "77")
    assert string_hash.current() != 77


def test_an_exception_is_raised_here_and_a_death_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        pinned.call(1, divmod, 1, 0)
    with pytest.raises(pinned.Died, match="ended with exit code 7"):
        pinned.call(1, os._exit, 7)
    with pytest.raises(pinned.Died, match="was killed by signal 6"):
        pinned.call(1, os.abort)


def test_the_process_ends_with_its_caller_also_when_that_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    caller = subprocess.Popen([sys.executable, "-c", DEAD, str(note)], cwd=ROOT)
    try:
        children: list[str] = []
        until = time.monotonic() + 30
        while not children and time.monotonic() < until:
            time.sleep(0.1)
            children = subprocess.run(["pgrep", "-P", str(caller.pid)], capture_output=True, text=True, check=False).stdout.split()
        assert children
        time.sleep(0.5)
        caller.send_signal(signal.SIGKILL)
        caller.wait()
        while Path(f"/proc/{children[0]}").exists() and time.monotonic() < until:
            time.sleep(0.1)
        assert not Path(f"/proc/{children[0]}").exists()
    finally:
        caller.kill()
        caller.wait()

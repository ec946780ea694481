"""A command as a process of its own, which ends with its test."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import IO

PATIENCE = 120.0  # seconds until a test gives up; nothing is measured
SUBWARDEN = (sys.executable, "-m", "subwarden")
FOR_EVER = """    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""  # the rest of a function that takes no exception for an answer: only the end of its process ends it

Process = subprocess.Popen[str]
Stream = int | IO[str]


def wait_for(what: Callable[[], object], patience: float = PATIENCE, every: float = 0.05) -> None:
    until = monotonic() + patience
    while not what():
        assert monotonic() < until
        sleep(every)


@contextmanager
def started(
    *command: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    out: Stream = subprocess.PIPE,
    err: Stream = subprocess.PIPE,
) -> Iterator[Process]:
    """`command` in a process group of its own, as in a terminal; the group is killed at the end."""
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=out, stderr=err, text=True, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def workers(process: Process) -> list[int]:
    """The workers of a command of ours: it runs in a copy of its process, which started them (`processes.watcher`)."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "ppid=,pid=,args="], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split(maxsplit=2) for line in listed]
    commands = {str(process.pid), *(pid for parent, pid, *_ in rows if parent == str(process.pid))}
    return [int(pid) for parent, pid, *words in rows if parent in commands and "spawn_main" in " ".join(words)]

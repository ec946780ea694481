"""A Dask scheduler and its workers as processes of this machine, and a hunt that they carry."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from shutil import copytree

import subwarden
from subwarden.stateful_tests.cluster import identity
from subwarden.stateful_tests.tests.processes import PATIENCE, SUBWARDEN, Process, started, wait_for


class Cluster:
    """One scheduler, and the workers that a test starts. Each worker is one process with one thread, in `folder`."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.folder = folder
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        self.workers: list[Process] = []

    def worker(self, path: Path | None = None) -> Process:
        """Start a worker, which imports from `path` first."""
        name = f"worker{len(self.workers)}"
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name, "--local-directory", str(self.folder / name))
        self.workers.append(self._start("worker", self.address, *options, path=path))
        return self.workers[-1]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def ready(self, workers: int) -> "Cluster":
        """Wait for so many workers, this one included."""
        wait_for(lambda: self.log("scheduler").count("Register worker") >= workers)
        return self

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, which: str, *arguments: str, path: Path | None = None) -> Process:
        name = arguments[arguments.index("--name") + 1] if "--name" in arguments else which
        before = [str(path)] if path is not None else []
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*before, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", f"distributed.cli.dask_{which}", *arguments]
        with (self.folder / f"{name}.log").open("w") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, text=True, env=environment, cwd=self.folder, start_new_session=True)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    folder.mkdir(exist_ok=True)
    made = Cluster(folder)
    try:
        for _ in range(workers):
            made.worker()
        yield made.ready(workers)
    finally:
        made.close()


def hunting(subject: str, folder: Path, *arguments: str, cwd: Path | None = None) -> AbstractContextManager[Process]:
    """A hunt of `subject` in `folder`, started in `cwd`."""
    return started(*SUBWARDEN, "hunt", "--subject", subject, "--order", "fifo", "--dir", str(folder), *arguments, cwd=cwd)


def hunted(subject: str, folder: Path, *arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """The exit code, the report and the progress of a hunt."""
    with hunting(subject, folder, *arguments, cwd=cwd) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, " ".join(out.split()), " ".join(err.split())


def another_version(folder: Path) -> Path:
    """A copy of the package that has one line more; the folder to import it from."""
    other, ours = folder / "other" / "subwarden", Path(identity.__file__).parents[2]
    for room in (*identity.ROOMS, "proving", "reports"):
        copytree(ours / room, other / room, ignore=lambda _, names: [name for name in names if name in (*identity.APART, "__pycache__")])
    (other / "__init__.py").write_bytes(Path(subwarden.__file__).read_bytes())
    with (other / "model" / "words.py").open("a", encoding="utf-8") as file:
        file.write("\n# another version\n")
    return other.parent

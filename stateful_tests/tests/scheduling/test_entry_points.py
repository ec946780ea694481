"""Threads, processes, sockets and signals past the loop are refused in a run, by name and place, and nowhere else."""

import asyncio
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from os import _exit, kill

import pytest

from subwarden.scheduling.isolation.entry_points import ENDS, STARTS, TWINS, loading, refused
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.world.loop import WorldLoop

FORKS = [os.fork]  # bound before the runs, where nobody looks


def in_a_run(call: Callable[[], object]) -> ControlledLoop:
    """Make `call` in a task that swallows whatever it raises; the loop of the run."""
    loop = ControlledLoop()

    async def careless() -> None:
        with suppress(Exception):
            call()

    with refused(), loop.entered():
        loop.create_task(careless())
        run(loop, Order.FIFO, fixed([]), lambda: False)
    return loop


def send() -> None:
    """Send a datagram."""
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as one:
        one.sendto(b"", ("127.0.0.1", 9))


def owner_of(path: str) -> tuple[object, str]:
    """Where an entry point is looked up, and by which name."""
    module = next(name for name in sorted(sys.modules, key=len, reverse=True) if path.startswith(f"{name}."))
    owner: object = sys.modules[module]
    *names, last = path.removeprefix(f"{module}.").split(".")
    for name in names:
        owner = getattr(owner, name)
    return owner, last


def _call(owner: object, name: str) -> object:
    """Look it up and call it, in a run: before, it is another."""
    return getattr(owner, name)()


PRESENT = [path for path in (*ENDS, *STARTS) if path.partition(".")[0] in sys.modules and hasattr(*owner_of(path))]


@pytest.mark.parametrize("path", PRESENT)
def test_every_entry_point_is_refused_in_a_run_and_put_back_afterwards(path: str) -> None:
    owner, name = owner_of(path)
    before, own = getattr(owner, name), name in vars(owner)
    loop = in_a_run(partial(_call, owner, name))
    assert len(loop.uncontrolled) == 1
    assert loop.uncontrolled[0] in path.replace(".__init__", "").replace("process.BaseProcess", "Process")
    assert getattr(owner, name) is before
    assert (name in vars(owner)) is own


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: subprocess.run(["true"], check=True), "subprocess.Popen"),
        (lambda: os.popen("true"), "subprocess.Popen"),
        (lambda: os.execvp("true", ["true"]), "os.execv"),
        (lambda: ThreadPoolExecutor().submit(int), "threading.Thread.start"),
        (lambda: threading.Timer(0, int).start(), "threading.Thread.start"),
        (lambda: multiprocessing.Process(target=int).start(), "multiprocessing.Process.start"),
        (lambda: multiprocessing.get_context("spawn").Process(target=int).start(), "multiprocessing.Process.start"),
        (lambda: socket.create_connection(("127.0.0.1", 9)), "socket.create_connection"),
        (send, "socket.socket.sendto"),
        (lambda: signal.alarm(1), "signal.alarm"),
        (lambda: os._exit(0), "os._exit"),
    ],
)
def test_functions_built_on_them_are_refused_with_the_place(call: Callable[[], object], name: str) -> None:
    loop = in_a_run(call)
    assert loop.uncontrolled == [name]
    assert loop.refusal is not None
    assert f"{name} " in str(loop.refusal())
    assert "test_entry_points.py:" in str(loop.refusal())


def test_what_an_own_module_has_bound_by_name_is_refused_and_put_back_afterwards() -> None:
    """Else `_exit` would end the process with a code that says that all is well."""
    for bound, path in ((_exit, "os._exit"), (kill, "os.kill")):
        name = path.rpartition(".")[2]
        loop = in_a_run(partial(_call, sys.modules[__name__], name))
        assert loop.uncontrolled == [path]
        assert globals()[name] is bound is getattr(os, name)


def test_a_fork_that_was_bound_before_is_seen_and_its_child_does_nothing() -> None:
    children = []
    loop = in_a_run(lambda: children.append(FORKS[0]()))
    assert loop.uncontrolled == ["os.fork"]
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 1


def test_a_handler_of_signals_is_ignored_only_for_a_package_and_with_a_simulated_outside() -> None:
    """A package such as a server of the subject's: no signal comes in a run, so its handler is not missed."""
    before = signal.getsignal(signal.SIGUSR1)
    calls = {"signal": signal, "handler": signal.SIG_IGN}
    package = compile("signal.signal(signal.SIGUSR1, handler)", f"{os.sep}lib{os.sep}site-packages{os.sep}server.py", "exec")
    cases: tuple[tuple[Callable[[], ControlledLoop], Callable[[], object], list[str]], ...] = (
        (WorldLoop, lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN), ["signal.signal"]),
        (ControlledLoop, lambda: exec(package, calls), ["signal.signal"]),
        (WorldLoop, lambda: exec(package, calls), []),
    )
    for kind, call, refused_names in cases:
        loop = kind()
        with refused(), loop.entered(), suppress(BaseException):
            call()
        loop.abandon()
        assert loop.uncontrolled == refused_names
        assert signal.getsignal(signal.SIGUSR1) is before


def test_outside_of_a_run_everything_passes() -> None:
    told: list[str] = []
    handler = signal.getsignal(signal.SIGUSR1)
    with refused():
        thread = threading.Thread(target=told.append, args=("ran",))
        thread.start()
        thread.join()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        signal.signal(signal.SIGUSR1, handler)
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
        asyncio.run(asyncio.to_thread(told.append, "ran too"))
    assert told == ["ran", "ran too"]


def test_another_thread_may_do_what_it_likes_during_a_run() -> None:
    """Such as pytest-timeout's, or a server's of the user's own test."""
    told: list[str] = []
    go, done = threading.Event(), threading.Event()

    def other() -> None:
        go.wait()
        thread = threading.Thread(target=told.append, args=("ran",))
        thread.start()
        thread.join()
        done.set()

    def lets_it() -> None:
        go.set()
        done.wait(30)

    threading.Thread(target=other).start()
    loop = in_a_run(lets_it)
    assert (told, loop.uncontrolled) == (["ran"], [])


def test_a_subject_that_is_loaded_may_not_end_the_process_and_may_start_a_thread() -> None:
    loop = ControlledLoop()
    with loading(loop):
        with pytest.raises(UncontrolledSource, match=r"os\._exit ends the process"):
            os._exit(0)
        threading.Thread(target=int).start()
    assert loop.uncontrolled == ["os._exit"]


def test_both_modules_that_have_a_function_are_covered() -> None:
    for module, twin in TWINS.items():
        for path in PRESENT:
            owner, name = owner_of(path)
            if owner is sys.modules[module] and hasattr(sys.modules[twin], name):
                loop = in_a_run(partial(_call, sys.modules[twin], name))
                assert len(loop.uncontrolled) == 1, (twin, name)

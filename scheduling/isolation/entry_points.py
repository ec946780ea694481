"""Threads, processes, sockets and signals that a subject starts past its loop, by functions of the standard library.

They bring an order of their own, as the loop's methods in `scheduling.uncontrolled` do, and are refused in the same way: by name, with the
place, and remembered, so that a subject which swallows the exception is still found out. Functions that end or replace the process are
refused while a subject is imported, too: nothing could be told afterwards. So are those that double it: both would tell.

The entry points are replaced while subjects run, and let everything pass that is not called in a controlled loop. So are the names that the
user's own modules have bound before, as by `from os import _exit`. An audit hook would see more, but each `id()` of the inner loop would
pay for it. What a package has bound, or a container or a class holds, is not seen; a fork is, by the hooks of `os.register_at_fork`.
"""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from types import ModuleType
from typing import Any

from subwarden.scheduling.isolation.modules import globals_in, loaded
from subwarden.scheduling.loop import ENTERED, ControlledLoop
from subwarden.scheduling.uncontrolled import SELECT

ENDS = "os._exit os.abort os.execv os.execve".split()
STARTS = (
    "os.system os.fork os.forkpty os.posix_spawn os.posix_spawnp subprocess.Popen.__init__ _posixsubprocess.fork_exec "
    "threading.Thread.start _thread.start_new_thread _thread.start_joinable_thread multiprocessing.process.BaseProcess.start "
    "socket.socket.connect socket.socket.connect_ex socket.socket.bind socket.socket.sendto socket.create_connection "
    "socket.getaddrinfo socket.gethostbyname socket.gethostbyaddr socket.socket.listen socket.socket.accept "
    "socket.socket.send socket.socket.sendall socket.socket.sendmsg socket.socket.sendfile socket.socket.recv socket.socket.recv_into "
    "socket.socket.recvfrom socket.socket.recvfrom_into socket.socket.recvmsg socket.socket.recvmsg_into "
    "uvloop.new_event_loop uvloop.run uvloop.install asyncio.set_event_loop_policy asyncio.events.set_event_loop_policy "
    "selectors.DefaultSelector.select "
    "os.kill os.killpg signal.raise_signal signal.signal signal.alarm signal.setitimer signal.pthread_sigmask signal.set_wakeup_fd"
).split()
DOUBLES = "os.fork os.forkpty multiprocessing.process.BaseProcess.start".split()  # the child would go on as we do
PACKAGES = ("site-packages", "dist-packages")
TWINS = {"os": "posix", "signal": "_signal"}  # the modules in C that have the same functions, to bind them from
TOLD = {"subprocess.Popen.__init__": "subprocess.Popen", "multiprocessing.process.BaseProcess.start": "multiprocessing.Process.start"}


class _State:
    """Of this process. `depth`: contexts may be nested; `loading`: the loop of the subject that is being loaded, one at a time; `loader`:
    the thread that loads it.
    """

    depth = 0
    loading: ControlledLoop | None = None
    loader = 0


_state = _State()


@contextmanager
def refused() -> Iterator[None]:
    """Around runs: what is called by a subject in a run is refused."""
    before = [] if _state.depth else _replace()
    _state.depth += 1
    try:
        yield
    finally:
        _state.depth -= 1
        for owner, name, had, original in reversed(before):
            if had:
                setattr(owner, name, original)
            else:
                delattr(owner, name)


@contextmanager
def loading(loop: ControlledLoop) -> Iterator[None]:
    """Around the import of a subject and its first use, whose refusals `loop` remembers: it must not end the process."""
    before, _state.loading, _state.loader = _state.loading, loop, get_ident()
    try:
        with refused():
            yield
    finally:
        _state.loading = before


def loading_loop() -> ControlledLoop | None:
    """The loop of the subject that is being loaded, if one is."""
    return _state.loading


def _replace() -> list[tuple[Any, str, bool, Any]]:
    """Replace the entry points; returns the former ones: owner, name, whether it was the owner's own, value."""
    done: list[tuple[Any, str, bool, Any]] = []
    refusals: dict[int, Callable[..., Any]] = {}
    for path in (*ENDS, *STARTS):
        module, *names = path.split(".")
        if module == "multiprocessing":
            module, names = "multiprocessing.process", names[1:]
        for each in (module, TWINS.get(module, "")):
            owner: Any = sys.modules.get(each)  # nobody calls what nobody has imported; what a run imports, it finds as it is
            for name in names[:-1]:
                owner = getattr(owner, name, None)
            original = getattr(owner, names[-1], None)
            if owner is not None and original is not None:
                done.append((owner, names[-1], names[-1] in vars(owner), original))
                refusal = _refusal(TOLD.get(path, path), original, path in ENDS, path in DOUBLES)
                setattr(owner, names[-1], refusal)
                if isinstance(owner, ModuleType) and not isinstance(original, type):
                    refusals[id(original)] = refusal
    return [*done, *_replace_bound(refusals)]


def _replace_bound(refusals: dict[int, Callable[..., Any]]) -> Iterator[tuple[Any, str, bool, Any]]:
    """The same for what own modules have bound by name; `refusals`: by the identity of what they refuse."""
    for module in loaded().own:
        for name, value in [(name, value) for name, value in globals_in(module).items() if id(value) in refusals]:
            setattr(module, name, refusals[id(value)])
            yield module, name, True, value


def _refusal(name: str, original: Callable[..., Any], ends: bool, doubles: bool) -> Callable[..., Any]:
    @functools.wraps(original)
    def refuse(*args: Any, **kwargs: Any) -> Any:
        loop = ENTERED.get(get_ident())
        if loop is None and (ends or (doubles and get_ident() == _state.loader)):
            loop = _state.loading
        if loop is None:
            return original(*args, **kwargs)
        if name == "threading.Thread.start" and loop.adopt_thread(*args[:1]):
            return None
        if name == SELECT and _waits_not(*args[1:], **kwargs):
            return original(*args, **kwargs)
        if name == "signal.signal" and loop.arrivals is not None and _package_calls():
            return sys.modules["signal"].getsignal(*args[:1])  # a server that would end at a signal: none comes in a run
        raise loop.refuse(name, ends=ends)

    return refuse


def _waits_not(timeout: float | None = None) -> bool:
    return timeout is not None and timeout <= 0


def _package_calls() -> bool:
    """Whether an installed package calls the refused function, and not the subject itself."""
    caller = sys._getframe(2).f_code.co_filename  # past `refuse`
    return any(part in PACKAGES for part in caller.split(os.sep))


def _forking() -> ControlledLoop | None:
    """The loop of the subject whose code forks, if that is why this thread does."""
    return ENTERED.get(get_ident()) or (_state.loading if get_ident() == _state.loader else None)


def _forks() -> None:
    loop = _forking()
    if loop is not None:
        loop.refuse("os.fork")


def _forked() -> None:
    if _forking() is not None:  # a subject's, which could not be stopped from forking
        _exit(1)


_exit = os._exit  # before anything is replaced
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_forks, after_in_child=_forked)

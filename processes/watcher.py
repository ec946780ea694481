"""Watches over a command from outside: code of a subject may end the process that runs it, past all of Python and with any exit code, by
`_exit` of C or a crash. Such a command has not come to its end, and must not look as if it had.

The command runs in a copy of its process, which says that it ends before it does. Needs `sigwaitinfo`, which macOS has not: there a command
runs as it is.
"""

import ctypes
import os
import signal
from collections.abc import Callable
from typing import NoReturn

VARIABLE = "SUBWARDEN_WATCHED"  # the pipe to the watcher, and its process: both outlive a command that replaces itself
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
FROM_TERMINAL = 0x80  # SI_KERNEL: the whole group has had it
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_exit, _fork, _write = os._exit, os.fork, os.write  # bound before `scheduling.isolation` refuses them while a subject is loaded
_pipe = -1


def watched(unfinished: Callable[[int], bool]) -> None:
    """From now on this is a copy, and the process that was started watches over it.

    `unfinished(status)`, which is called in the watcher, tells of a copy that has ended without a word, with this `waitpid` status; whether
    to begin once more.
    """
    global _pipe  # noqa: PLW0603  # there is one for the process
    if not hasattr(signal, "sigwaitinfo"):
        return
    pipe, _, watcher = os.environ.get(VARIABLE, "").partition(" ")
    if pipe.isdecimal() and watcher == str(os.getppid()):
        _pipe = int(pipe)
        return
    again, blocked = True, signal.pthread_sigmask(signal.SIG_BLOCK, (*PASSED_ON, signal.SIGCHLD))
    while again:
        reading, writing = os.pipe()
        parent, child = os.getpid(), _fork()
        if not child:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            os.close(reading)
            os.set_inheritable(writing, True)
            os.environ[VARIABLE] = f"{writing} {parent}"
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
            _pipe = writing
            return
        os.close(writing)
        status = _ended(child)
        if os.read(reading, 1) or _by_others(status):
            _leave(status)
        again = unfinished(status)
    _exit(3)


def finishes() -> None:
    """This process ends now, and its exit code is that of the command."""
    if _pipe >= 0:
        _write(_pipe, b"!")


def _ended(child: int) -> int:
    """Pass signals on until the copy has ended; its status."""
    while True:
        told = signal.sigwaitinfo((*PASSED_ON, signal.SIGCHLD))
        if told.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status
        elif told.si_code != FROM_TERMINAL:
            os.kill(child, told.si_signo)


def _by_others(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) in (*PASSED_ON, signal.SIGKILL, signal.SIGPIPE)


def _leave(status: int) -> NoReturn:
    """End as the copy has ended."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    _exit(os.WEXITSTATUS(status))

"""A child process and its three streams: lines in, lines out, a time limit on everything, and nothing left behind.

One thread and non-blocking pipes: a process that does not read, does not write, floods a stream or never ends a line delays its caller by
the limit at most. This file does not know the meaning of the lines.
"""

import os
import selectors
import shlex
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from time import monotonic

from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.stateful_tests.exec.messages import quoted
from subwarden.stateful_tests.subjects.watched_load import BadSubject

PREFIX = "exec:"
LONGEST_LINE = 1_000_000  # bytes
CHUNK = 65_536
TAIL = 4_096  # bytes of standard error that are kept, to say why a process died
GOING = 1.0  # seconds that a process has to end after it has closed its output


class BadProcess(BadSubject):
    """A process that cannot be judged; the message says why, and how to mend it."""


class CannotStart(BadProcess):
    """There is no such command, or it cannot be executed."""


class Silent(Exception):
    """No line within the time limit."""


class Ended(Exception):
    """The process has closed its standard output; the message says how it ended."""


class Process:
    """A running command in a process group of its own. Close it: `close` leaves none of the group behind."""

    def __init__(self, command: str) -> None:
        self.command = command
        self._popen = _start(command)
        MEMORY.bound(self._popen.pid)
        self._guard = _guard(self._popen.pid)
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        assert self._popen.stderr is not None
        self._in, self._out, self._err = self._popen.stdin.fileno(), self._popen.stdout.fileno(), self._popen.stderr.fileno()
        self._selector = selectors.DefaultSelector()
        for stream in (self._in, self._out, self._err):
            os.set_blocking(stream, False)
        for stream in (self._out, self._err):
            self._selector.register(stream, selectors.EVENT_READ)
        self._unsent = b""
        self._partial = b""
        self._lines: list[bytes] = []
        self._tail = b""
        self._eof = False

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._popen.pid

    def send(self, data: bytes) -> None:
        """Write `data`, now or while `lines` waits."""
        waiting = bool(self._unsent)
        self._unsent += data
        self._write()
        if self._unsent and not waiting:
            self._selector.register(self._in, selectors.EVENT_WRITE)

    def lines(self, deadline: float) -> list[bytes]:
        """The lines that have come, at least one. Raises Silent at `deadline` (of `time.monotonic`), Ended, BadProcess."""
        while not self._lines:
            if self._eof:
                raise Ended(self._how_it_ended())
            left = deadline - monotonic()
            if left <= 0:
                raise Silent
            for key, _ in self._selector.select(left):
                if key.fd == self._out:
                    self._read()
                elif key.fd == self._err:
                    self._drain()
                else:
                    self._write()
                    if not self._unsent:
                        self._selector.unregister(self._in)
        found, self._lines = self._lines, []
        return found

    def end_input(self) -> None:
        """Close its standard input: nothing more will be asked."""
        assert self._popen.stdin is not None
        if self._unsent:
            self._selector.unregister(self._in)
            self._unsent = b""
        self._popen.stdin.close()

    def wait(self, seconds: float) -> int | None:
        """Its exit code (negative: the signal that killed it), None if it still runs after `seconds`."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def complaint(self) -> str:
        """The last line that it wrote to standard error, in words that can follow a sentence; empty if there is none."""
        with suppress(OSError, ValueError):
            self._drain()
        said = [line.strip() for line in self._tail.decode(errors="replace").splitlines() if line.strip()]
        return f"; the last line of its standard error: {quoted(said[-1])}" if said else ""

    def close(self) -> None:
        """Kill the process and everything left in its group, and close the streams."""
        if self._guard is not None:  # first: the number of a group that has gone may be another's
            self._guard.kill()
            self._guard.communicate()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.kill()
        self._popen.wait()
        self._selector.close()
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            assert stream is not None
            with suppress(OSError):
                stream.close()

    def _write(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._in, self._unsent) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it will be seen to have ended when its output ends
            self._unsent = b""

    def _read(self) -> None:
        data = os.read(self._out, CHUNK)
        if not data:
            self._eof = True
            self._selector.unregister(self._out)
            return
        first, *more = data.split(b"\n")
        self._partial += first
        if more:
            self._lines += [self._partial, *more[:-1]]
            self._partial = more[-1]
        longest = max(len(self._partial), *(len(line) for line in self._lines), 0)
        if longest > LONGEST_LINE:
            raise BadProcess(f"it wrote a line of more than {LONGEST_LINE:,} bytes; a message is one short line that ends with a newline")

    def _drain(self) -> None:
        data = os.read(self._err, CHUNK)
        if data:
            self._tail = (self._tail + data)[-TAIL:]
        elif self._err in self._selector.get_map():
            self._selector.unregister(self._err)

    def _how_it_ended(self) -> str:
        code = self.wait(GOING)
        if code is None:
            return f"it closed its standard output, and still runs{self.complaint()}"
        if code < 0:
            return f"it was killed by {signal.Signals(-code).name}{self.complaint()}"
        return f"it ended with exit code {code}{self.complaint()}"


def _guard(group: int) -> "subprocess.Popen[bytes] | None":
    """A shell that kills `group` when this process ends without closing it, however that happens: then its standard input ends."""
    try:
        return subprocess.Popen(
            ["/bin/sh", "-c", 'read _; kill -9 "-$1"', "sh", str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:  # there is no shell
        return None


def _start(command: str) -> "subprocess.Popen[bytes]":
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CannotStart(f"its command cannot be read ({error}); quote it as in a shell: exec:'./program --option'") from None
    if not words:
        raise CannotStart("it names no command; write exec:./program, or exec:'python3 program.py'")
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
    except FileNotFoundError:
        if Path(words[0]).exists():
            raise CannotStart(
                f"{words[0]} names an interpreter in its first line that does not exist; install it, or fix the line"
            ) from None
        raise CannotStart(f"there is no program {words[0]}; give a path from here (./program), or a name on the PATH") from None
    except PermissionError:
        raise CannotStart(f"{words[0]} cannot be executed; chmod +x it, or name its interpreter: exec:'python3 {words[0]}'") from None
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise CannotStart(f"{words[0]} cannot be started ({said}); a script's first line names its interpreter: #!/bin/sh") from None

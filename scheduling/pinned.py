"""A call in a process of its own that runs under a given seed of the string hash, where this process cannot: Python fixes the hash at the
start of a process (`scheduling.string_hash`).

The process gets this one's search path, folder and environment. It ends with this process, however that ends, and leaves nothing behind.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, ParamSpec, TypeVar

from subwarden.scheduling import string_hash

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
_exit = os._exit  # bound before `scheduling.isolation` refuses it while a subject is loaded


class Died(Exception):
    """The process ended before it had answered; the message says how."""


def call(seed: int, function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
    """The result of `function`, called in a process whose string hash has `seed`; here, if this process has it.

    `function`, its arguments and its result must be picklable, and it must be found by its module's name. What it raises is raised here.
    Raises Died.
    """
    if string_hash.current() == seed:
        return function(*arguments, **named)
    request = pickle.dumps((function, arguments, named))
    reading, writing = os.pipe()
    code = f"import sys; sys.path[:] = {sys.path!r}; from subwarden.scheduling.pinned import _serve; _serve({writing})"
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing passes them on
    environment = {**os.environ, string_hash.VARIABLE: str(seed)}
    process = subprocess.Popen([sys.executable, *flags, "-c", code], stdin=subprocess.PIPE, pass_fds=(writing,), env=environment, bufsize=0)
    os.close(writing)
    assert process.stdin is not None
    try:
        with os.fdopen(reading, "rb") as answers:
            try:
                process.stdin.write(len(request).to_bytes(8, "big") + request)
            except BrokenPipeError:  # how it died is told below
                answer = b""
            else:
                answer = answers.read()
        if not answer:
            ended = process.wait()
            raise Died(f"was killed by signal {-ended}" if ended < 0 else f"ended with exit code {ended}")
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
    raised, value = pickle.loads(answer)
    if raised:
        raise value
    result: Result = value
    return result


def _serve(writing: int) -> None:
    """The process: one request from standard input, one answer to `writing`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides how to end
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    function, arguments, named = pickle.loads(_read(requests, int.from_bytes(_read(requests, 8), "big")))
    threading.Thread(target=_ends_with_its_caller, args=(requests,), daemon=True).start()
    try:
        answer: tuple[bool, Any] = False, function(*arguments, **named)
    except Exception as error:
        answer = True, error
    with os.fdopen(writing, "wb") as answers:
        pickle.dump(answer, answers)


def _read(stream: BinaryIO, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _ends_with_its_caller(requests: BinaryIO) -> None:
    requests.read(1)
    _exit(1)

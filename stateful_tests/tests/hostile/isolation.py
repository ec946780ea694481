"""Subjects that start threads, processes and sockets or set signals past the loop: each is refused by name, wherever their code runs.
At import they may, but for what ends or doubles the process.
"""

from subwarden.stateful_tests.tests.hostile.adapters import PLAY
from subwarden.stateful_tests.tests.hostile.rows import Row

CALLS = {  # by the name with which it is refused
    "threading.Thread.start": "import threading; threading.Thread(target=int).start()",
    "_thread.start_": "import _thread; _thread.start_new_thread(int, ())",
    "_thread.start_new_thread": "bound_start(int, ())",
    "subprocess.Popen": "import subprocess; subprocess.run(['true'])",
    "os.system": "import os; os.system('true')",
    "os.posix_spawn": "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "socket.create_connection": "import socket; socket.create_connection(('127.0.0.1', 9))",
    "signal.signal": "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
    "signal.setitimer": "import signal; signal.setitimer(signal.ITIMER_REAL, 9)",
    "os.fork": "import os; os.fork()",
    "multiprocessing.Process.start": "import multiprocessing as m; m.Process(target=int).start()",
    "multiprocessing.Process": "import concurrent.futures as c; c.ProcessPoolExecutor(1).submit(int)",
    "os._exit": "import os; os._exit(0)",
}
WAITS = {"loop.subprocess_exec": "import asyncio; await asyncio.create_subprocess_exec('true')"}
WAITS["loop.run_in_executor"] = "import asyncio; await asyncio.get_running_loop().run_in_executor(3, len, '')"
WAITS["loop.add_reader"] = "import asyncio; asyncio.get_running_loop().add_reader(0, int)"
NEVER = ("os.fork", "multiprocessing.Process.start", "multiprocessing.Process", "os._exit")  # at import, neither
SYNC, ASYNC = ("factory", "observe"), ("operation", "close", "scenario")
SUBJECT = """
from _thread import start_new_thread as bound_start

{import}


class Mine:
    def __init__(self, env):
        self.pairs = set()
        {factory}

    async def connect(self, client):
        {operation}

    async def subscribe(self, client, topic):
        self.pairs.add((client, topic))
        return True

    def observe(self):
        {observe}
        return self.pairs

    async def close(self):
        {close}


async def it():
    {scenario}
"""
EXPLORE = ("explore", "mine.py:it", "--schedules", "3")


def subject(place: str, call: str) -> str:
    places = dict.fromkeys(("import", *SYNC, *ASYNC), "pass")
    return SUBJECT.format(**{**places, place: call})


def rows() -> list[Row]:
    given = [(place, name, call) for name, call in CALLS.items() for place in (*SYNC, *ASYNC)]
    given += [(place, name, call) for name, call in WAITS.items() for place in ASYNC]
    given += [("import", name, CALLS[name]) for name in NEVER]
    return [
        Row(
            f"isolation, {place}",
            EXPLORE if place == "scenario" else PLAY,
            {"mine.py": subject(place, call), "p.txt": "A connect(c1)\n"},
            said=name,
        )
        for place, name, call in given
    ]

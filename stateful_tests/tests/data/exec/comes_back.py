#!/usr/bin/env python3
"""As examples/exec/steady.py, and a connection that has closed may connect again under its name, which hello says unless `--silent`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "exec"))
import steady


class Manager(steady.Manager):
    def disconnect(self, connection):
        yield from super().disconnect(connection)
        self.closed.discard(connection)


class Server(steady.Server):
    def answer(self, do, request):
        answer = super().answer(do, request)
        return {**answer, "reconnects": "--silent" not in sys.argv[1:]} if do == "hello" else answer


if __name__ == "__main__":
    Server(Manager, "comes back").serve()

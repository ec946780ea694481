#!/usr/bin/env python3
"""A lock in a process that lists its steps, for the model beside it: who finds it held waits, and may wait for ever.

With `--hasty` an acquire looks, asks, and takes the lock without looking again. With `--alone` it schedules itself: it answers a release,
and then the acquire that waited longest, and a reset forgets those that wait.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "exec"))
import steady

HASTY = "--hasty" in sys.argv[1:]


class Model:
    operations = {"acquire": ("client",), "release": ("client",)}  # noqa: RUF012  # as a user writes it
    initial = None  # who holds it

    def step(self, state, name, arguments):
        (client,) = arguments
        if name == "release":
            return (True, None) if state == client else (False, state)
        return [(client, client)] if state is None else []

    def shown(self, state):
        return {"held": state}


class Lock:
    def __init__(self):
        self.holder = None

    def acquire(self, client):
        yield "waits"
        if HASTY:
            yield "asks"
        self.holder = client
        return client

    def release(self, client):
        yield "lets go"
        mine, self.holder = self.holder == client, None if self.holder == client else self.holder
        return mine

    def show(self):
        return {"held": self.holder}


class Server(steady.Server):
    """A step of an acquire that has to wait may not run."""

    def steps(self):
        return [name for name in self.running if self.manager.holder is None or not name.endswith(": waits")]


def alone():
    holder, waiting = None, []
    for request in map(json.loads, sys.stdin):
        number, do, op = request["id"], request["do"], request.get("op", [])
        if do == "perform" and op[0] == "acquire" and holder is not None:
            waiting.append((number, op[1]))
            continue
        answers = [(number, None)]
        if do == "hello":
            answers = [(number, {"protocol": 1, "name": "locks", "operations": ["acquire", "release"], "observe": True})]
        elif do == "observe":
            answers = [(number, {"held": holder})]
        elif do == "reset":
            holder, waiting = None, []
        elif do == "perform" and op[0] == "acquire":
            holder = op[1]
            answers = [(number, holder)]
        elif do == "perform":
            answers = [(number, holder == op[1])]
            if holder == op[1]:
                holder = None
                if waiting:
                    answers.append(waiting.pop(0))
                    holder = answers[1][1]
        for answered, result in answers:
            steady.say({"id": answered, "result": result})
        if do == "bye":
            return


if __name__ == "__main__" and "--alone" in sys.argv[1:]:
    alone()
elif __name__ == "__main__":
    steady.OPERATIONS = {"acquire": 1, "release": 1}
    Server(Lock, "locks").serve()

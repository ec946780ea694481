#!/usr/bin/env python3
"""A box office that runs every call in its own thread (docs/exec-protocol.md). Its operations are those of the model in examples/seats.py.

It imports nothing of subwarden. With `--overbooks` it stores a seat before it takes it: two clients may find it free.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

SEATS = 1


class Shows:
    """The seated and the waiting clients of each show."""

    def __init__(self, overbooks):
        self.overbooks = overbooks
        self.lock = threading.Lock()
        self.seated, self.waiting = {}, {}

    def of(self, show):
        return self.seated.setdefault(show, []), self.waiting.setdefault(show, [])

    def join(self, client, show):
        with self.lock:
            seated, waiting = self.of(show)
            if client in seated or client in waiting:
                return "again"
            if len(seated) == SEATS:
                waiting.append(client)
                return "waits"
            if not self.overbooks:
                seated.append(client)
                return "seated"
        time.sleep(0.0005)  # stores it, without the lock
        with self.lock:
            seated.append(client)
            return "seated"

    def leave(self, client, show):
        with self.lock:
            seated, waiting = self.of(show)
            for clients in (seated, waiting):
                if client in clients:
                    clients.remove(client)
                    if waiting and len(seated) < SEATS:
                        seated.append(waiting.pop(0))
                    return True
            return False

    def show(self):
        with self.lock:
            return {show: self.of(show) for show in self.seated if self.seated[show] or self.waiting[show]}


OPERATIONS = ["join", "leave"]
writing = threading.Lock()


def say(number, **answer):
    with writing:
        print(json.dumps({"id": number, **answer}), flush=True)


def perform(shows, number, name, client, show):
    say(number, result=getattr(shows, name)(client, show))


def serve(overbooks):
    shows = Shows(overbooks)
    with ThreadPoolExecutor(8) as pool:
        for line in sys.stdin:
            try:
                request = json.loads(line)
                number, do, op = request["id"], request["do"], request.get("op", [None])
            except (ValueError, TypeError, KeyError) as error:
                print(f"not a request: {error}", file=sys.stderr)
                continue
            if do == "hello":
                say(number, result={"protocol": 1, "name": "box office", "operations": OPERATIONS, "observe": True})
            elif do == "perform" and op[0] in OPERATIONS and len(op) == 3:
                pool.submit(perform, shows, number, *op)
            elif do == "observe":
                say(number, result=shows.show())
            elif do == "reset":
                shows = Shows(overbooks)
                say(number, result=None)
            elif do == "bye":
                say(number, result=None)
                return
            else:
                say(number, error=f"unknown message, operation or number of arguments: {request}")


if __name__ == "__main__":
    serve("--overbooks" in sys.argv[1:])

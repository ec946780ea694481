#!/usr/bin/env python3
"""A subscription manager that runs every call in its own thread and schedules itself (docs/exec-protocol.md).

It imports nothing of subwarden. With `--hasty` it has a race: subscribe checks that the connection is live, asks a policy, and then
links without checking again. Without `--hasty` it holds its lock from the check to the link.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor


class Manager:
    """Who is live, and who listens to what; `tell(connection)` is called for each delivery."""

    def __init__(self, hasty):
        self.hasty = hasty
        self.lock = threading.Lock()
        self.live, self.closed, self.links = set(), set(), set()

    def connect(self, tell, connection):
        with self.lock:
            if connection not in self.closed:
                self.live.add(connection)

    def subscribe(self, tell, connection, topic):
        if self.hasty:
            live = connection in self.live
            time.sleep(0.0005)  # asks the policy, without the lock
            with self.lock:
                if live:
                    self.links.add((topic, connection))
            return live
        with self.lock:
            if connection not in self.live:
                return False
            self.links.add((topic, connection))
            return True

    def unsubscribe(self, tell, connection, topic):
        with self.lock:
            linked = (topic, connection) in self.links
            self.links.discard((topic, connection))
            return linked

    def publish(self, tell, topic):
        with self.lock:  # also while it delivers: an event must not reach anybody after the answer to their disconnect
            reached = [connection for t, connection in self.links if t == topic]
            for connection in reached:
                tell(connection)
            return reached

    def disconnect(self, tell, connection):
        with self.lock:
            self.live.discard(connection)
            self.closed.add(connection)
            self.links = {(t, c) for t, c in self.links if c != connection}

    def teardown(self, tell, topic):
        with self.lock:
            self.links = {(t, c) for t, c in self.links if t != topic}

    def show(self):
        with self.lock:
            return {"live": list(self.live), "subscribers": [list(pair) for pair in self.links]}


OPERATIONS = {"connect": 1, "subscribe": 2, "unsubscribe": 2, "publish": 1, "disconnect": 1, "teardown": 1}
writing = threading.Lock()


def say(message):
    with writing:
        print(json.dumps(message), flush=True)


def perform(manager, number, name, arguments):
    def tell(connection):
        say({"delivered": number, "to": connection})

    try:
        say({"id": number, "result": getattr(manager, name)(tell, *arguments)})
    except Exception as error:
        say({"id": number, "error": f"{type(error).__name__}: {error}"})


def serve(hasty):
    manager = Manager(hasty)
    name = "hasty threads" if hasty else "threads"
    hello = {"protocol": 1, "name": name, "operations": list(OPERATIONS), "observe": True, "steps": False, "deliveries": True}
    with ThreadPoolExecutor(8) as pool:
        for line in sys.stdin:
            try:
                request = json.loads(line)
            except ValueError as error:
                print(f"not JSON: {error}", file=sys.stderr)
                continue
            number, do, op = request.get("id"), request.get("do"), request.get("op", [None])
            if do == "perform" and OPERATIONS.get(op[0]) == len(op) - 1:
                pool.submit(perform, manager, number, op[0], op[1:])
            elif do == "hello":
                say({"id": number, "result": hello})
            elif do == "observe":
                say({"id": number, "result": manager.show()})
            elif do == "reset":  # nothing is under way then: a process that schedules itself is reset at rest
                manager = Manager(hasty)
                say({"id": number, "result": None})
            elif do == "bye":
                say({"id": number, "result": None})
                return
            else:
                say({"id": number, "error": f"unknown message, operation or number of arguments: {request}"})


if __name__ == "__main__":
    serve("--hasty" in sys.argv[1:])

"""A process that misbehaves as its first argument says: a subject for tests. It does the rest as examples/exec/steady.py does.

Its number, and that of a child of its own, are appended to the file that its second argument names, so that tests can see that both end.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples" / "exec"))
import steady  # type: ignore[import-not-found]  # where it lies is known only now

mode = sys.argv[1]
child = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def note(number: int) -> None:
    """Tell the test of a process."""
    with Path(sys.argv[2]).open("a") as numbers:
        numbers.write(f"{number}\n")


note(child.pid)
note(os.getpid())


def forever() -> None:
    while True:
        time.sleep(1000)


def flood(stream: Any, line: str) -> None:
    while True:
        stream.write(line)


class Manager(steady.Manager):  # type: ignore[misc]  # found at run time
    """Steady, but for what the mode changes."""

    def subscribe(self, connection: Any, topic: Any) -> Any:
        was_live = connection in self.live
        yield "asks the policy"
        if mode == "phantom that nobody sees" and was_live:
            self.link(connection, topic)
            return True
        if mode in ("dies in a step", "another name each time"):
            print("out of luck", file=sys.stderr, flush=True)
            os._exit(7)
        if mode == "crashes in a step":
            os.kill(os.getpid(), signal.SIGSEGV)
        if mode == "is slow in a step":
            time.sleep(0.8)
        if mode == "hangs in a step":
            forever()
        if mode == "raises":
            raise KeyError(topic)
        if connection not in self.live:
            return False
        Server.subscribes += 1
        if mode == "forgets the fifth" and Server.subscribes == 5:
            return True
        self.link(connection, topic)
        if mode == "one map only":
            self.by_connection[connection].discard(topic)
        if mode == "answers another shape":
            return "yes"
        return True

    def publish(self, topic: Any) -> Any:
        yield "stores the event"
        reached = list(self.by_topic.get(topic, ()))
        if mode == "delivers late":
            yield "sends"
            for connection in reached:
                steady.say({"delivered": server.current, "to": connection})
        return reached

    def connect(self, connection: Any) -> Any:
        yield "greets"
        if mode in ("revives", "alone, revives") or connection not in self.closed:
            self.live.add(connection)

    def teardown(self, topic: Any) -> Any:
        if mode == "waits for ever" and self.by_topic.get(topic):
            while True:
                yield "waits"
        yield from super().teardown(topic)


class Server(steady.Server):  # type: ignore[misc]  # found at run time
    """Steady, but for what the mode changes."""

    starts = subscribes = current = 0

    def reset(self) -> None:
        Server.starts += 1
        if Server.starts == 3:  # the search is under way: two resets after the first, which comes with the server
            note(os.getpid())
        if mode == "dies at reset" and Server.starts > 3:
            os._exit(3)
        if mode == "keeps its state" and Server.starts > 1:
            return
        super().reset()

    def step(self, name: str) -> Any:
        if name in self.running:
            self.current = self.running[name][0]
        return super().step(name)

    def steps(self) -> Any:
        listed = super().steps()
        if mode == "names two steps alike":
            return listed[:1] * len(listed)
        if mode == "lists one step every third time" and Server.starts % 3 == 0:
            return listed[:1]
        if mode == "lists no list":
            return dict.fromkeys(listed)
        if mode == "lists by chance":
            return sorted(listed, key=lambda name: os.urandom(4))
        if mode == "hides a step" and len(listed) == 1:
            return []
        return listed

    def perform(self, number: int, task: str, op: list[Any]) -> None:
        if mode == "answers at once":
            steady.say({"id": number, "result": None})
        if mode == "answers twice" and op[0] == "connect":
            steady.say({"id": number - 1, "result": None})
        super().perform(number, task, op)

    def answer(self, do: str, request: Any) -> Any:
        if mode == "ignores unknown messages" and do == "frobnicate":
            return None
        said = super().answer(do, request)
        if do == "hello":
            said |= {"deliveries": mode == "delivers late"} | CLAIMS.get(mode, {})
        if do == "hello" and mode == "another name each time":
            said["name"] = str(os.getpid())
        if do == "observe" and mode == "claims to be observed":
            raise ValueError("nothing to see")
        if do == "observe" and mode == "never shows":
            return None
        if do == "observe" and mode == "shows no pairs":
            return {"live": [], "subscribers": ["t1"]}
        if do == "observe" and mode == "delivers to nobody knows whom":
            steady.say({"delivered": 1, "to": "c1"})
        if do == "bye" and mode == "does not leave":
            steady.say({"id": request["id"], "result": None})
            forever()
        if do == "bye" and mode == "leaves with 5":
            steady.say({"id": request["id"], "result": None})
            sys.exit(5)
        return said


class Alone(Server):
    """Schedules itself: each call is run to its end at once, or as the mode says."""

    def perform(self, number: int, task: str, op: list[Any]) -> None:
        if op[0] == "teardown":
            if mode == "alone, never answers":
                return
            if mode == "alone, answers late":
                time.sleep(0.8)
            if mode == "alone, dies":
                os._exit(9)
        super().perform(number, task, op)
        while self.running:
            self.step(next(iter(self.running)))
        if mode == "alone, answers twice" and op[0] == "publish":
            steady.say({"id": number, "result": []})

    def answer(self, do: str, request: Any) -> Any:
        if do in ("poll", "step"):
            raise ValueError("it has no steps")
        said = super().answer(do, request)
        if do == "hello":
            said["steps"] = mode == "alone, claims steps"
        if do == "observe" and mode == "alone, shows nothing":
            return None
        if do == "observe" and mode == "alone, shows others live":
            said["live"] = ["c9"] if said["live"] else []
        return said


CLAIMS: dict[str, dict[str, Any]] = {
    "speaks version 2": {"protocol": 2},
    "has no name": {"name": None},
    "offers juggling": {"operations": ["connect", "subscribe", "juggle"]},
    "offers nothing": {"operations": []},
    "maybe observes": {"observe": "maybe"},
    "claims what it lacks": {"operations": ["connect", "subscribe", "disconnect", "publish", "teardown", "unsubscribe"]},
    "phantom that nobody sees": {"observe": False},
}
server = (Alone if mode.startswith("alone") else Server)(Manager, "rogue")

if mode == "claims what it lacks":
    del steady.OPERATIONS["teardown"]
if mode == "dies at once":
    print("no configuration", file=sys.stderr)
    sys.exit(4)
if mode == "says nothing":
    forever()
if mode == "closes its output":
    os.close(1)
    forever()
if mode == "talks":
    print("server ready", flush=True)
if mode == "writes a long line":
    print(json.dumps("x" * 2_000_000), flush=True)
if mode == "never ends a line":
    flood(sys.stdout, "x" * 4096)
if mode == "answers what nobody asked":
    flood(sys.stdout, '{"id": 99, "result": null}\n')
if mode == "drips":
    while True:
        print("x", end="", flush=True)
        time.sleep(0.01)
if mode == "answers with no id":
    steady.say({"result": None})
if mode == "writes bytes":
    sys.stdout.buffer.write(b"\xff\xfe\x00\x01\n")
    sys.stdout.buffer.flush()
if mode == "complains for ever":
    threading.Thread(target=flood, args=(sys.stderr, "warning: all is well\n" * 100), daemon=True).start()
if mode == "ignores the end of input":
    try:
        server.serve()
    finally:
        forever()
server.serve()

#!/usr/bin/env python3
"""A correct subscription manager in its own process, whose steps are chosen from outside (docs/exec-protocol.md).

It imports nothing of subwarden. Each operation is a generator: at a `yield` it waits, other operations may run, and it names the wait.
"""

import json
import sys


class Manager:
    """The live connections, and the subscriptions in two maps that change in one step."""

    def __init__(self):
        self.live, self.closed = set(), set()
        self.by_topic, self.by_connection = {}, {}

    def link(self, connection, topic):
        self.by_topic.setdefault(topic, set()).add(connection)
        self.by_connection.setdefault(connection, set()).add(topic)

    def unlink(self, connection, topic):
        self.by_topic.get(topic, set()).discard(connection)
        self.by_connection.get(connection, set()).discard(topic)

    def connect(self, connection):
        yield "greets"
        if connection not in self.closed:
            self.live.add(connection)

    def subscribe(self, connection, topic):
        yield "asks the policy"
        if connection not in self.live:  # looked at in the step that links, or a disconnect could come between
            return False
        self.link(connection, topic)
        return True

    def unsubscribe(self, connection, topic):
        yield "logs"
        linked = connection in self.by_topic.get(topic, ())
        self.unlink(connection, topic)
        return linked

    def publish(self, topic):
        yield "stores the event"
        return list(self.by_topic.get(topic, ()))

    def disconnect(self, connection):
        self.live.discard(connection)
        self.closed.add(connection)
        for topic in list(self.by_connection.get(connection, ())):
            self.unlink(connection, topic)
        yield "flushes"

    def teardown(self, topic):
        for connection in list(self.by_topic.get(topic, ())):
            self.unlink(connection, topic)
        yield "flushes"

    def show(self):
        return {
            "live": list(self.live),
            "subscribers": [[topic, c] for topic, connections in self.by_topic.items() for c in connections],
            "subscriptions": [[c, topic] for c, topics in self.by_connection.items() for topic in topics],
        }


OPERATIONS = {"connect": 1, "subscribe": 2, "unsubscribe": 2, "publish": 1, "disconnect": 1, "teardown": 1}


class Server:
    """Answers requests, and runs one step on request."""

    def __init__(self, factory, name):
        self.factory, self.name = factory, name
        self.reset()

    def reset(self):
        self.manager = self.factory()
        self.running = {}  # the name of the next step -> (the call's id, its generator)

    def steps(self):
        return list(self.running)

    def perform(self, number, task, op):
        name, *arguments = op
        if OPERATIONS.get(name) != len(arguments):
            raise ValueError(f"unknown operation, or a wrong number of arguments: {op}")
        self.running[f"{task}: {name}"] = number, getattr(self.manager, name)(*arguments)

    def step(self, name):
        number, generator = self.running.pop(name)
        try:
            waits_for = next(generator)
        except StopIteration as done:
            say({"id": number, "result": done.value})
        except Exception as error:  # the call has failed, the step has not
            say({"id": number, "error": f"{type(error).__name__}: {error}"})
        else:
            self.running[f"{name.partition(':')[0]}: {waits_for}"] = number, generator
        return self.steps()

    def answer(self, do, request):
        if do == "hello":
            flags = {"observe": True, "steps": True, "deliveries": False}
            return {"protocol": 1, "name": self.name, "operations": list(OPERATIONS), **flags}
        if do == "observe":
            return self.manager.show()
        if do == "poll":
            return self.steps()
        if do == "step":
            return self.step(request["step"])
        if do == "reset":
            return self.reset()
        if do == "bye":
            return None
        raise ValueError(f"unknown message: {do}")

    def serve(self):
        for line in sys.stdin:
            try:
                request = json.loads(line)
                number, do = request["id"], request["do"]
            except (ValueError, TypeError, KeyError) as error:
                print(f"not a request: {error}", file=sys.stderr)
                continue
            try:
                if do == "perform":
                    self.perform(number, request["task"], request["op"])
                else:
                    say({"id": number, "result": self.answer(do, request)})
            except Exception as error:  # answer with the error, and serve the next request
                say({"id": number, "error": f"{type(error).__name__}: {error}"})
            if do == "bye":
                return


def say(message):
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    Server(Manager, "steady").serve()

#!/usr/bin/env python3
"""As examples/exec/steady.py, and a publish tells each delivery and does not know in the end whom it reached: it answers null.

With `--loses` the last of several subscribers gets nothing.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "exec"))
import steady

LOSES = "--loses" in sys.argv[1:]


class Server(steady.Server):
    def perform(self, number, task, op):
        super().perform(number, task, op)
        if op[0] == "publish":
            self.running[f"{task}: publish"] = number, self.publish(number, op[1])

    def publish(self, number, topic):
        yield "stores the event"
        reached = sorted(self.manager.by_topic.get(topic, ()))
        for connection in reached[:-1] if LOSES and len(reached) > 1 else reached:
            steady.say({"delivered": number, "to": connection})

    def answer(self, do, request):
        answer = super().answer(do, request)
        return {**answer, "deliveries": True} if do == "hello" else answer


if __name__ == "__main__":
    Server(steady.Manager, "tells").serve()

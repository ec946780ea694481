"""Offers connect and subscribe alone, as the protocol allows."""

import json
import sys

live, pairs = set(), set()
for line in sys.stdin:
    try:
        request = json.loads(line)
        what, number = request["do"], request["id"]
    except (ValueError, TypeError, KeyError):
        continue
    answer = {"id": number}
    if what == "hello":
        answer["result"] = {"protocol": 1, "name": "small", "operations": ["connect", "subscribe"], "observe": False}
    elif what == "perform" and request["op"][0] == "connect" and len(request["op"]) == 2:
        live.add(request["op"][1])
        answer["result"] = None
    elif what == "perform" and request["op"][0] == "subscribe" and len(request["op"]) == 3:
        answer["result"] = request["op"][1] in live
    elif what == "reset":
        live.clear()
        answer["result"] = None
    elif what == "bye":
        answer["result"] = None
    else:
        answer["error"] = "not offered"
    print(json.dumps(answer), flush=True)
    if what == "bye":
        break

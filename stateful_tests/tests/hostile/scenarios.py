"""Scenarios for `explore`: what is no scenario, and scenarios that raise, return and leave what they should not."""

from subwarden.stateful_tests.tests.hostile.rows import Row
from subwarden.stateful_tests.tests.hostile.shapes import RAISES

NONE = {
    "number": "it = 3",
    "function": "def it(): pass",
    "class": "class it: pass",
    "generator": "def it(): yield",
    "async generator": "async def it(): yield",
    "arguments": "async def it(a): pass",
    "keyword": "async def it(*, a): pass",
    "method": "class C:\n    async def m(self): pass\nit = C.m",
    "coroutine": "async def f(): pass\nit = f()",
    "import raises": "1 / 0",
    "import exits": "raise SystemExit(0)",
    "import ends": "import os\nos._exit(0)",
    "syntax": "async def it(: pass",
}
BODIES = {
    "passes": ("pass", 0),
    "returns": ("return object()", 0),
    "fails": ("assert False, '\\x1b[31m'", 1),
    "never ends": ("await asyncio.Event().wait()", 1),
    "leaves a task": ("asyncio.create_task(asyncio.Event().wait())", 1),
    "exits": ("raise SystemExit(0)", 1),
    "interrupts": ("raise KeyboardInterrupt", 1),
    "cancels itself": ("asyncio.current_task().cancel()\n    await asyncio.sleep(0)", None),
    "stops the loop": ("asyncio.get_running_loop().stop()", None),
    "closes the loop": ("asyncio.get_running_loop().close()", None),
    "runs a loop": ("asyncio.run(asyncio.sleep(0))", None),
    "runs until complete": ("asyncio.get_running_loop().run_until_complete(asyncio.sleep(0))", 3),
    "a thread": ("import threading\n    threading.Thread(target=int).start()", 3),
    "a process": ("import subprocess\n    subprocess.run(['true'])", 3),
    "sleeps never": ("await asyncio.sleep(float('nan'))", None),
    "sleeps backwards": ("await asyncio.sleep(-5)", 0),
    "sleeps for ever": ("await asyncio.sleep(1e300)", None),
    "sleeps infinitely": ("await asyncio.sleep(float('inf'))", None),
    "awaits a number": ("await 3", 1),
    "awaits itself": ("await asyncio.current_task()", 1),
    "a task with an odd name": ("await asyncio.create_task(asyncio.sleep(0), name='\\x1b[31m\\udc80')", 0),
    "a task with no name": ("await asyncio.create_task(asyncio.sleep(0), name=3)", 0),
    "a bad future": ("asyncio.get_running_loop().create_future().set_exception(StopIteration())", 1),
    "recurses": ("def f(): f()\n    f()", 1),
    "exits the process": ("import os\n    os._exit(0)", 3),
}


def rows() -> list[Row]:
    command = ("explore", "it.py:it", "--schedules", "5")
    made = [Row(f"scenario, {name}", command, {"it.py": code}) for name, code in NONE.items()]
    for name, (body, code) in BODIES.items():
        made.append(Row(f"scenario, {name}", command, {"it.py": f"import asyncio\nasync def it():\n    {body}\n"}, code))
    for name, raised in RAISES.items():
        made.append(Row(f"scenario raises {name}", command, {"it.py": f"async def it():\n    raise {raised}\n"}, None))
    return made

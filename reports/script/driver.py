"""The parts that all scripts of plain asyncio share: their outside events, the driver that lets them happen, and the end.

If every outside event happens at rest (while nothing else can run), the script is a coroutine that lets the loop come to rest between two
events. Otherwise it queues a turn of its own behind every callback, so that an event can happen between any two steps. The subject's own
steps keep their order.
"""

from collections.abc import Sequence
from typing import NamedTuple

TIME = "timer"  # in a schedule: the clock moves to the next timer
REST = 10_000  # steps; a run that takes more does not come to rest
TURNS = 100  # of the loop, in a script that comes to rest between events; a step takes one turn, and a minimal run has few steps

HEADING = "Plain asyncio on the stock event loop, without the harness. Exit code 1 and one line if it fails, 0 if it passes."

RESTING = '''\
async def rest():
    """Run the loop until every task is done or waits for something outside."""
    for _ in range({turns}):
        await asyncio.sleep(0)
'''
DRIVER = '''\
def call_soon(callback, *arguments, context=None):
    """Queue `turn` right behind each callback, so that events can happen between any two steps. The order of callbacks stays."""
    global queued
    queued += 1
    handle = stock_call_soon(callback, *arguments, context=context)
    stock_call_soon(turn)
    return handle


def turn():
    """Called after each step: let the next event happen when its step has come, or when nothing else can run."""
    global queued, left
    queued, left = queued - 1, left - 1
    while not (queued and left):
        left = next(events, 0)
        if not left:
            return loop.stop()


loop = asyncio.new_event_loop()
{before}
stock_call_soon, loop.call_soon = loop.call_soon, call_soon
queued = left = 1
events = outside()
stock_call_soon(turn)
loop.run_forever()
'''
CLOCK = '''\
def call_at(when, callback, *arguments, context=None):
    """Run `turn` right after each timer."""

    def due():
        timers.remove(timer)
        try:
            callback(*arguments)
        finally:
            turn()

    timer = stock_call_at(when, due, context=context)
    timers.append(timer)
    return timer


def time_passes():
    """Set the virtual clock to the next timer. False if there is none."""
    global now, queued
    moments = sorted(timer.when() for timer in timers if not timer.cancelled())
    if not moments:
        return False
    now = moments[0]
    queued += moments.count(now)
    return True


'''
CLOCKED = """
stock_call_at, loop.call_at = loop.call_at, call_at
now, timers = 0.0, []
loop.time = lambda: now"""
QUIET = "loop.set_exception_handler(lambda *_: None)  # silence complaints about requests that still wait"
BLOCKED = "threading.Timer(5, blocked)  # seconds; an ordinary step takes microseconds"
AT_ONCE = "os._exit(0)  # without complaints about tasks that still wait"
MODULES = {"unretrieved": ["gc"], "blocked": ["os", "threading"]}  # imports of a kind of claim, besides asyncio and sys


class Outside(NamedTuple):
    """An outside event after the first `before` steps, as lines of code."""

    before: int
    code: list[str]


def is_step(name: str) -> bool:
    """Whether a name in a schedule is that of a step."""
    return not name.startswith("+") and name != TIME


def only_at_rest(schedule: Sequence[str], rests: Sequence[int]) -> bool:
    """Whether every outside event of `schedule` happens at rest; `rests`: the numbers of steps after which nothing could run."""
    done, before = 0, ""
    for name in schedule:
        if not is_step(name) and is_step(before) and done not in rests:
            return False
        done += is_step(name)
        before = name
    return True


def resting(schedule: Sequence[str]) -> list[str]:
    """The function `rest` of a script that comes to rest between outside events."""
    return RESTING.format(turns=max(TURNS, 2 * len(schedule))).splitlines()


def at_rest(events: Sequence[Outside]) -> list[str]:
    """The events of such a script, with rests between them. The last event may have no code."""
    lines: list[str] = []
    done = 0
    for before, code in events:
        if before > done:
            lines.append("await rest()")
            done = before
        lines += code
    return lines


def counted(shared: Sequence[str], first: Sequence[str], events: Sequence[Outside], schedule: Sequence[str]) -> list[str]:
    """The function `outside` of a script that counts steps, up to its last event; `shared` are the names that it makes global."""
    steps = [name for name in schedule if is_step(name)]
    lines = list(first)
    done = 0
    for before, code in events:
        if before > done:
            lines.append(_waits(done, before, steps))
            done = before
        lines += code
    lines.append(f"yield {REST:_}  # at most: until nothing can run")
    head = [
        "def outside():",
        '    """The outside events in order; `yield n` runs n steps of the loop."""',
        f"    global {', '.join(shared)}",
    ]
    return [*head, *(f"    {line}" for line in lines)]


def _waits(done: int, stop: int, steps: list[str]) -> str:
    which = f"step {stop}" if stop == done + 1 else f"steps {done + 1} to {stop}"
    who = ", ".join(steps[done:stop])
    return f"yield {stop - done}  # {which}" + (f": {who}" if len(who) < 80 else "")


def driver(said: str, kind: str, *, timed: bool = False) -> list[str]:
    """The driver of `outside`, for a claim of `kind`. `timed`: on a virtual clock, which `time_passes` moves."""
    before = {"unretrieved": "loop.set_exception_handler(lambda _, context: unretrieved.append(context))"}.get(kind, QUIET)
    if kind == "blocked":
        exits = [f"    sys.stderr.write({(said + chr(10))!r})", "    os._exit(1)"]
        before += "\n" + "\n".join(["", "", "def blocked():", *exits, "", "", f"watch = {BLOCKED}", "watch.daemon = True", "watch.start()"])
    return ((CLOCK if timed else "") + DRIVER.format(before=before + (CLOCKED if timed else ""))).splitlines()


def imports(modules: Sequence[str], kind: str, setup: Sequence[str], ours: set[str]) -> list[str]:
    """The imports of a script: `modules` of the standard library beside those that all need, and lines that import what is `ours`."""
    standard = sorted({"asyncio", "sys", *MODULES.get(kind, []), *modules})
    return [*(f"import {module}" for module in standard), "", *setup, *sorted(ours)]


def verdict(said: str, look: list[str], test: str, told: str, *, in_coroutine: bool, at_once: bool = False) -> list[str]:
    """The end of a script: the forbidden condition, and the one line that reports it. `at_once`: exit without waiting for open tasks."""
    if in_coroutine:
        look = [line for line in look if "stock_call_soon" not in line]
        look = [
            line.replace(
                "loop.run_until_complete(asyncio.wait(tasks.values(), timeout=0.2))", "await asyncio.wait(tasks.values(), timeout=0.2)"
            )
            for line in look
        ]
        look = [line.replace("asyncio.all_tasks(loop)", "asyncio.all_tasks() - {asyncio.current_task()}") for line in look]
    text = f"{said}: {told}".replace('"', "'")
    word = f'{"f" if "{" in text else ""}"{text}"'
    if at_once:
        return [*look, f"if {test}:", f"    print({word}, file=sys.stderr, flush=True)", "    os._exit(1)", AT_ONCE]
    last = [f"    return {word}", "return None"] if in_coroutine else [f"    sys.exit({word})"]
    return [*look, f"if {test}:", *last]


def unseen(shown: Sequence[str], *, in_coroutine: bool, at_once: bool = False) -> list[str]:
    """Lines that end a script with success where the maps could not be observed."""
    test = f"{shown[0]} is None" if len(shown) == 1 else f"None in ({', '.join(shown)})"
    nothing = "return None" if in_coroutine else AT_ONCE if at_once else "sys.exit()"
    return [f"if {test}:  # in the middle of a change: the maps cannot be observed", f"    {nothing}"]

"""The parts that all scripts of plain asyncio share: their outside events, the loop on which these happen, and the end.

If every outside event happens at rest (while nothing else can run), the script is a coroutine that lets the loop come to rest between two
events. Otherwise it is a generator, and a loop that counts steps resumes it: that loop queues a turn of its own behind every callback, so
that an event can happen between any two steps. The subject's own steps keep their order.

A script whose run waits for a timer, or whose claim is about the end of all waiting, has a clock that it steps itself, so that no second
is waited for and no moment is chance. `settle` lets all happen that another subject than the finding's may still wait for; it ends.
"""

from collections.abc import Sequence
from typing import NamedTuple

TIME = "timer"  # in a schedule: the clock moves to the next timer
SLOW = "timer (slow step)"  # the same while steps are ready, as after a step that took long
REST = 10_000  # steps; a run that takes more does not come to rest
TURNS = 100  # of the loop, in a script that comes to rest between events; a step takes one turn, and a minimal run has few steps
ROUNDS = 1_000  # of what another subject may still wait for

HEADING = "Plain asyncio on the stock event loop, without the harness. Exit code 1 and one line if it fails, 0 if it holds."
STEPPED = "The script steps the clock itself: no real time passes, and timers fire in the order of their moments."

RESTING = '''\
async def rest():
    """Run the loop until every task is done or waits for something outside."""
    for _ in range({turns}):
        await asyncio.sleep(0)
'''
CLOCK = '''
    now, timers = 0.0, []

    def time(self):
        return self.now

    def call_at(self, when, callback, *arguments, context=None):
        timer = asyncio.TimerHandle(when, callback, arguments, self, context)
        self.timers.append(timer)
        return timer

    def time_passes(self):
        """Move the clock to the next timer. False if there is none."""
        self.timers = sorted((timer for timer in self.timers if not timer.cancelled()), key=asyncio.TimerHandle.when)
        if not self.timers or self.timers[0].when() == float("inf"):
            return False
        self.now = max(self.now, self.timers[0].when())
        while self.timers and self.timers[0].when() <= self.now:
            timer = self.timers.pop(0)
            self.call_soon(lambda timer=timer: timer.cancelled() or timer._run())
        return True
'''
COUNTER = '''
    def call_soon(self, callback, *arguments, context=None):
        """Queue `turn` right behind each callback, so that something can happen between any two steps. The order of callbacks stays."""
        handle = super().call_soon(callback, *arguments, context=context)
        self.queued += 1
        super().call_soon(self.turn, handle)
        return handle

    def turn(self, handle):
        """After each step: go on with the script when its step has come, or when nothing else can run."""
        self.queued -= 1
        self.left -= not handle.cancelled()
        while not self.queued or self.left <= 0:
            try:
                self.left = next(self.script, 0)
            except Exception as error:
                sys.exit(f"the script itself failed: {error!r}")  # an exception would get lost in the loop
            if not self.left:
                return self.stop()

    def play(self, script):
        """Run the generator `script`; at each `yield n` it lets the loop run n steps, or fewer if nothing else can run."""
        self.script, self.queued, self.left = script, 0, 1
        self.call_soon(lambda: None)
        self.run_forever()
'''
CLASS = "class Loop(asyncio.SelectorEventLoop):\n"
CLOCKED_LOOP = f'{CLASS}    """The stock event loop with a clock that stands still until `time_passes()`."""\n{CLOCK}'
COUNTING_LOOP = f'{CLASS}    """The stock event loop, which also counts steps."""\n{COUNTER}'
BOTH = f'{CLASS}    """The stock event loop, which counts steps; its clock stands still until `time_passes()`."""\n{CLOCK}{COUNTER}'
QUIET = "lambda *_: None"
COLLECT = "lambda _, context: unretrieved.append(context)"
BLOCKED = """\
def blocked():
    print({said!r}, file=sys.stderr)
    os._exit(1)


watch = threading.Timer(5, blocked)  # seconds of real time; an ordinary step takes microseconds
watch.daemon = True
watch.start()
"""
MODULES = {"unretrieved": ["gc"], "lock": ["gc"], "blocked": ["threading"]}  # imports of a kind of claim, besides those of all scripts


class Outside(NamedTuple):
    """An outside event after the first `before` steps, as lines of code. `number`: its row in the report's table; 0: it has none."""

    before: int
    code: list[str]
    number: int = 0


class Shape(NamedTuple):
    """The form of a script. `resting`: a coroutine that comes to rest between events; `timed`: it steps the clock."""

    resting: bool
    timed: bool


def is_step(name: str) -> bool:
    """Whether a name in a schedule is that of a step."""
    return not name.startswith("+") and name not in (TIME, SLOW)


def only_at_rest(schedule: Sequence[str], rests: Sequence[int]) -> bool:
    """Whether every outside event of `schedule` happens at rest; `rests`: the numbers of steps after which nothing could run."""
    done, before = 0, ""
    for name in schedule:
        if name == SLOW or (not is_step(name) and is_step(before) and done not in rests):
            return False
        done += is_step(name)
        before = name
    return True


def passes(schedule: Sequence[str]) -> bool:
    """Whether time passes in `schedule`."""
    return TIME in schedule or SLOW in schedule


def time_passes(name: str) -> str:
    """The line of code for the name of a timer in a schedule."""
    return "loop.time_passes()" + ("  # a step was slow: the next timer is due" if name == SLOW else "")


def events_in(events: Sequence[Outside], schedule: Sequence[str], shape: Shape) -> list[str]:
    """The events of a script, with rests or the steps between them. The last event may have no code."""
    steps = [(number, name) for number, name in enumerate(schedule, 1) if is_step(name)]
    lines: list[str] = []
    done = 0
    for before, code, number in events:
        if before > done:
            lines.append(f"{'await rest()' if shape.resting else f'yield {before - done}'}  # {_which(steps[done:before])}")
            done = before
        first, *more = code or [""]
        lines += [f"{first}{',' if '  # ' in first else '  #'} step {number}" if number else first, *more] if code else []
    return lines


def _which(steps: Sequence[tuple[int, str]]) -> str:
    first, last = steps[0][0], steps[-1][0]
    who = ", ".join(name for _, name in steps)
    return (f"step {first}" if first == last else f"steps {first} to {last}") + (f": {who}" if len(who) < 80 else "")


def moves(world: Sequence[str], shape: Shape) -> list[str]:
    """The things that another subject than the finding's may still wait for, each a call that lets one happen and is false if none is
    left."""
    return [*world, *(["loop.time_passes()"] if shape.timed else [])]


def settle(world: Sequence[str], shape: Shape, why: str = "in the finding nothing is left; changed code may wait for more") -> str:
    """The line that runs to the end of all waiting."""
    if not moves(world, shape):
        return "await rest()" if shape.resting else f"yield {REST:_}  # at most: until nothing can run"
    return f"{'await' if shape.resting else 'yield from'} settle()  # {why}"


def _settling(world: Sequence[str], shape: Shape) -> list[str]:
    """The function `settle` of a script, if it needs one."""
    wait = "await rest()" if shape.resting else f"yield {REST:_}  # at most: until nothing can run"
    every = moves(world, shape)
    if not every:
        return []
    any_move = f"({' or '.join(every)})" if len(every) > 1 else every[0]
    lines = [
        f"{'async ' if shape.resting else ''}def settle():",
        '    """Let all happen that anything may still wait for, until nothing is left; it gives up in the end."""',
        f"    {wait}",
        f"    for _ in range({ROUNDS:_}):",
        f"        if {'' if shape.resting else 'loop.queued or '}not {any_move}:",
        "            break",
        f"        {wait.partition('  #')[0]}",
    ]
    return ["\n".join(lines)]


def script(
    body: Sequence[str],
    schedule: Sequence[str],
    shape: Shape,
    *,
    world: Sequence[str] = (),
    helpers: Sequence[str] = (),
    before: Sequence[str] = (),
) -> list[str]:
    """The end of a script: the `body`, the texts of what it uses, and the line that runs it.

    `world`: as of `moves`; `before`: lines that come before that line.
    """
    means = "" if shape.resting else " `yield n` lets n steps run."
    lines = [f"{'async ' if shape.resting else ''}def main():", f'    """The run, step by step, as in the report\'s table.{means}"""']
    lines += [*(f"    {line}" for line in body), "", "", "# --- what the run above needs", "", ""]
    loop = BOTH if shape.timed else COUNTING_LOOP
    parts = [*helpers, *([RESTING.format(turns=max(TURNS, 2 * len(schedule)))] if shape.resting else [])]
    parts += [*(_settling(world, shape) if "settle()" in str(body) else []), *([] if shape.resting else [loop])]
    for part in [*parts, *([CLOCKED_LOOP] if shape.resting and shape.timed else [])]:
        lines += [*part.splitlines(), "", ""]
    lines += before
    if shape.resting and not shape.timed:
        return [*lines, "asyncio.run(main())"]
    clocks = ["time.monotonic = time.perf_counter = loop.time  # the subject may read these, too"] if shape.timed else []
    return [*lines, "loop = Loop()", *clocks, "loop.run_until_complete(main())" if shape.resting else "loop.play(main())"]


def handler(kind: str) -> str:
    """The line that makes the loop quiet, or lets it collect exceptions that nobody retrieves."""
    told = "" if kind == "unretrieved" else "  # quiet: the last lines report"
    return f"asyncio.get_running_loop().set_exception_handler({COLLECT if kind == 'unretrieved' else QUIET}){told}"


def watched(said: str, kind: str) -> list[str]:
    """Lines that come before the run of a script whose claim is that a step blocks for real."""
    return [*BLOCKED.format(said=said).splitlines(), ""] if kind == "blocked" else []


def imports(modules: Sequence[str], kind: str, setup: Sequence[str], ours: Sequence[str], shape: Shape) -> list[str]:
    """The imports of a script: `modules` of the standard library beside those that all need, and lines that import what is `ours`."""
    standard = sorted({"asyncio", "os", "sys", *(["time"] if shape.timed else []), *MODULES.get(kind, []), *modules})
    return [*(f"import {module}" for module in standard), "", *setup, *ours]


HOLDS = "it holds"
NOT_SHOWN = "what was wrong does not show"


def verdict(said: str, look: Sequence[str], test: str, told: str, why: Sequence[str] = ()) -> list[str]:
    """The end of a script's body: the forbidden condition, and the one line that reports it; else a line that says why it holds: `why`
    prints it, if it is another reason than that nothing wrong shows. Tasks that still wait are left alone.
    """
    text = f"{said}: {told}".replace('"', "'")
    word = f'{"f" if "{" in text else ""}"{text}"'
    return [*look, f"if {test}:", f"    print({word}, file=sys.stderr)", "    os._exit(1)", *(why or [holds(NOT_SHOWN)]), "os._exit(0)"]


def holds(why: str) -> str:
    """The line by which a script says why it holds."""
    return f'print("{HOLDS}: {why}", flush=True)'


def heading(said: str, shape: Shape) -> list[str]:
    """The docstring of a script."""
    return [f'"""{said}', "", HEADING, *([STEPPED] if shape.timed else []), '"""', ""]


def unseen(shown: Sequence[str]) -> list[str]:
    """Lines that end a script with success where the maps could not be observed."""
    test = f"{shown[0]} is None" if len(shown) == 1 else f"None in ({', '.join(shown)})"
    return [f"if {test}:  # in the middle of a change", f"    {holds('the maps cannot be observed there')}", "    os._exit(0)"]

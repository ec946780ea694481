"""Writes a fifo finding of level core as a script of plain asyncio: the adapter, its requests, and the outside events.

The script needs no harness and runs on the stock event loop. With the driver of `reports.script.driver` nothing of the subject
runs earlier or later for its counting of steps; and whether it fails is not known here.
"""

from typing import Any

from subwarden.reports.script.driver import AT_ONCE, DRIVER, HEADING, QUIET, REST

ENVIRONMENT = '''\
class Environment:
    """The simulated world: a parked call waits until `go_on`."""

    def __init__(self):
        self.waiting = []
        self.left = set()

    async def park(self, name, *, may_fail=None, client=None):
        future = loop.create_future()
        call = (name, future, may_fail)
        self.waiting.append(call)
        try:
            await future
        finally:
            if call in self.waiting:
                self.waiting.remove(call)

    def closed(self, client):
        return client in self.left

    def go_on(self, name, nth=1, fails=False):
        """Resume, or fail, the nth call that waits under this name."""
        call = [call for call in self.waiting if call[0] == name and (call[2] or not fails)][nth - 1]
        self.waiting.remove(call)
        _, future, error = call
        if not fails:
            future.set_result(None)
        elif (error if isinstance(error, type) else type(error)) is asyncio.CancelledError:
            future.cancel()
        else:
            future.set_exception(error)
'''
GO_ON = "        environment.go_on(environment.waiting[0][0])"
CALL = '''\
async def call(answer):
    """The result of a method, which may be a coroutine or a value."""
    return await answer if hasattr(answer, "__await__") else answer
'''
MAPS = '''\
def maps():
    """The manager's maps, each as (client, topic) pairs."""
    shown = adapter.observe()
    return list(shown.values()) if hasattr(shown, "values") else [shown]
'''
GO_ON_CLOSING = """
            if environment.waiting:
                environment.go_on(environment.waiting[0][0])"""
CLOSED = f'''\
async def closed():
    """Close the adapter; returns the exception that it raised, if it did."""
    try:
        closing = adapter.close()
        if not hasattr(closing, "__await__"):
            return None
        closing = asyncio.ensure_future(closing)
        for _ in range({REST:_}):
            await asyncio.sleep(0){GO_ON_CLOSING}
            if closing.done():
                return closing.exception()
    except Exception as error:
        return error
    return None
'''


def write(finding: dict[str, Any]) -> str:
    """The script of a finding record that has a `plain` part."""
    plain = finding["plain"]
    said = f"{finding['property']} {finding['title']}: {finding['mechanism']}"
    claim = plain["claim"]
    lines = [
        f'"""{said}',
        "",
        HEADING,
        '"""',
        "",
    ]
    standard = sorted({"asyncio", "os", "sys", *plain["subject"]["modules"], *(["gc"] if claim[0] == "unretrieved" else [])})
    lines += [*(f"import {module}" for module in standard), "", *plain["subject"]["setup"], *plain["subject"]["imports"], ""]
    lines += ["tasks, answers = {}, {}", "seen = False  # the violation"]
    if claim[0] == "unretrieved":
        lines.append("unretrieved = []")
    lines += ["", ""]
    if plain["environment"]:
        lines += [*ENVIRONMENT.splitlines(), "", ""]
    if not all(awaited for calls in plain["tasks"].values() for _, _, awaited in calls):
        lines += [*CALL.splitlines(), "", ""]
    test, told = _check(claim)
    if "maps()" in test:
        lines += [*MAPS.splitlines(), "", ""]
    if _closes(plain):
        lines += [*CLOSED.replace(GO_ON_CLOSING if not plain["environment"] else "\0", "").splitlines(), "", ""]
    for name, calls in plain["tasks"].items():
        lines += [*_request(name, calls, environment=plain["environment"]), "", ""]
    lines += [*_outside(plain, test), "", ""]
    before = "loop.set_exception_handler(lambda _, context: unretrieved.append(context))" if claim[0] == "unretrieved" else QUIET
    lines += DRIVER.format(before=before).splitlines()
    return "\n".join([*lines, *_end(plain, said, test, told)]) + "\n"


def _request(name: str, calls: list[list[Any]], *, environment: bool) -> list[str]:
    lines = [f"async def request_{name.lower()}():", f'    got = answers["{name}"] = []']
    for method, arguments, awaited in calls:
        if method == "disconnect" and environment and arguments:
            lines.append(f"    environment.left.add({arguments[0]!r})")
        call = f"adapter.{method}({', '.join(map(repr, arguments))})"
        lines.append(f"    got.append(await {call if awaited else f'call({call})'})")
    return lines


def _outside(plain: dict[str, Any], test: str) -> list[str]:
    """The function `outside`: the outside events, each after the steps before it."""
    make = f"{plain['subject']['make']}({'environment' if plain['environment'] else ''})"
    shared = ["adapter", *(["environment"] if plain["environment"] else []), *(["seen"] if plain["steps"] is not None else [])]
    lines = [
        "def outside():",
        '    """The outside events in order; `yield n` runs n steps of the loop."""',
        f"    global {', '.join(shared)}",
    ]
    if plain["environment"]:
        lines.append("    environment = Environment()")
    lines.append(f"    adapter = {make}")
    done = waited = 0
    for name in [*plain["schedule"], None]:
        if name is not None and not name.startswith("+"):
            waited += 1
            if waited + done == plain["steps"]:
                lines += [f"    yield {waited}", f"    seen = {test}"]
                done, waited = done + waited, 0
            continue
        if waited:
            lines.append(f"    yield {waited}")
            done, waited = done + waited, 0
        if name is not None:
            lines.append(f"    {_event(name)}")
    lines.append(f"    yield {REST:_}  # at most: until nothing can run")
    if plain["environment"]:
        lines += [
            "    while environment.waiting:  # only a manager other than the finding's gets here",
            GO_ON,
            f"        yield {REST:_}",
        ]
    return lines


def _event(name: str) -> str:
    kind, _, about = name[1:].partition(" ")
    about, _, number = about.rpartition("@") if name.rpartition("@")[2].isdecimal() else (about, "", "1")
    if kind == "start":
        return f'tasks["{about}"] = loop.create_task(request_{about.lower()}(), name="{about}")'
    if kind == "cancel":
        return f'tasks["{about}"].cancel()'
    if kind == "fail":  # it names what it comes instead of
        about = about.removeprefix("release ")
    nth = f", {number}" if number != "1" or kind == "fail" else ""
    return f"environment.go_on({about!r}{nth}{', True' if kind == 'fail' else ''})"


def _closes(plain: dict[str, Any]) -> bool:
    """Whether the violation shows only after the adapter has closed."""
    return plain["claim"][0] == "closing" or (plain["claim"][0] == "task" and bool(plain["close"]))


def _end(plain: dict[str, Any], said: str, test: str, told: str) -> list[str]:
    kind = plain["claim"][0]
    lines = ["loop.call_soon = stock_call_soon"]
    if kind == "unretrieved":
        lines += [
            "for task in tasks.values():",
            "    task.done() and not task.cancelled() and task.exception()  # a request's exception belongs to its caller",
            "adapter, tasks = None, {}",
            "gc.collect()",
        ]
    if _closes(plain):
        lines += ["failed = loop.run_until_complete(closed())"]
    if plain["steps"] is None:
        lines.append(f"seen = {test}")
    text = f"{said}: {told}".replace('"', "'")
    word = f'{"f" if "{" in text else ""}"{text}"'
    return [*lines, "if seen:", f"    print({word}, file=sys.stderr, flush=True)", "    os._exit(1)", AT_ONCE]


def _check(claim: list[Any]) -> tuple[str, str]:  # noqa: PLR0911, PLR0912  # one for each kind of claim
    """The forbidden condition, and the observation in words."""
    kind, *about = claim
    match kind:
        case "extra" | "missing":
            pair = tuple(about)
            return (
                f"any({pair!r} in pairs for pairs in maps())" if kind == "extra" else f"not all({pair!r} in pairs for pairs in maps())"
            ), (f"{pair[0]} is {'' if kind == 'extra' else 'not '}on {pair[1]}")
        case "maps":
            pair = tuple(about)
            return f"len({{{pair!r} in pairs for pairs in maps()}}) > 1", f"{pair[0]} is on {pair[1]} in one map only"
        case "own":
            return f"not adapter.properties[{about[0]!r}](adapter.observe())", "it does not hold"
        case "answer":
            task, at, answer = about
            return f'answers["{task}"][{at}:{at + 1}] == [{answer}]', f"it returned {_said(answer)}"
        case "shown":
            return f"adapter.observe() == {about[0]}", f"it shows {_said(about[0])}"
        case "raises":
            task, error = about
            test = f'tasks["{task}"].done() and not tasks["{task}"].cancelled()'
            if error == "CancelledError":
                return f'tasks["{task}"].cancelled()', "nobody cancelled it"
            return f"{test} and type(tasks[\"{task}\"].exception()).__name__ == '{error}'", f"task {task}"
        case "twice" | "lost" | "stray":
            client, message = about
            test = {"twice": "> 1", "lost": "== 0", "stray": "> 0"}[kind]
            return f"list(adapter.delivered().get({client!r}, ())).count({message!r}) {test}", f"{message} to {client}"
        case "disorder":
            client, (first, second) = about
            got = f"list(adapter.delivered()[{client!r}])"
            return f"{got}.index({first!r}) < {got}.index({second!r})", f"{first} before {second} to {client}"
        case "broker":
            pair = tuple(about)
            return f"({pair!r} in adapter.broker()) != ({pair!r} in maps()[0])", f"{pair[0]} on {pair[1]}"
        case "stuck":
            return "any(not task.done() for task in tasks.values())", "{[name for name, task in tasks.items() if not task.done()]}"
        case "task":
            return "bool(asyncio.all_tasks(loop))", "{[task.get_name() for task in asyncio.all_tasks(loop)]}"
        case "unretrieved":
            return "bool(unretrieved)", "{unretrieved[0].get('exception') or unretrieved[0]['message']}"
    return "failed is not None", "{failed!r}"


def _said(text: str) -> str:
    """A value's text as a part of a script's last line."""
    return text.replace("\\", "\\\\").replace("{", "{{").replace("}", "}}")

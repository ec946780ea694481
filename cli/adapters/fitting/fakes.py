"""The fakes in the adapters that are written: a client's connection, a callback, and what a class is made with."""

import builtins
from collections.abc import Iterable

from subwarden.cli.adapters.fitting.parameters import Parameter
from subwarden.cli.adapters.fitting.reading import ReadClass
from subwarden.cli.adapters.fitting.roles import CALLBACKS, TOPICS
from subwarden.cli.adapters.fitting.uses import CATCHES_CONNECTION, SENDS, sends_to, sync_parts, walked_parts

MADE_OF_NOTHING = ("WebSocketDisconnect",)  # errors of packages that take no argument

VALUES = {"int": "1", "float": "1.0", "str": '"x"', "bool": "False", "bytes": 'b"x"', "dict": "{}", "list": "[]", "set": "set()"}
STATES = {"closed": "False", "is_closed": "False", "closing": "False", "open": "True", "is_open": "True", "connected": "True"}
STATES |= dict.fromkeys(("client_state", "application_state", "state"), "Connected()")
SOCKET = '''
class Socket:
    """A client's connection, faked."""

    broken = False  # a call of it has failed

    def __init__(self, client, env, inbox):
        self.client, self.env, self.inbox = client, env, inbox
{names}
    def __hash__(self):
        return hash(self.client)  # so that the order of a set repeats
'''
CONNECTED = '''
class Connected:
    """The state of a connection that is open, faked: it is what a package calls so."""

    name = "CONNECTED"

    def __eq__(self, other):
        return str(getattr(other, "name", other)).upper() in ("CONNECTED", "OPEN")

    __hash__ = None

'''
SEND = '''
    async def {name}(self, message=None, *more, **options):
        """The scheduler decides when this goes on, and whether it breaks."""
        try:
            await self.env.park(f"{name} to {{self.client}}", may_fail={error}, client=self.client)
        except {error}:
            self.broken = True
            raise
        self.inbox.setdefault(self.client, []).append(message)
'''
CALL = """
    async def {name}(self, *arguments, **options):
        await self.env.park(f"{name} of {{self.client}}")
"""
SAYS = """
    def {name}(self, message=None, *more, **options):
        self.inbox.setdefault(self.client, []).append(message)
"""
ASKED = """
    def {name}(self, *arguments, **options):
        return None
"""
CALLBACK = '''
class Callback:
    """A client's callback, faked."""

    def __init__(self, client, env, inbox):
        self.client, self.env, self.inbox = client, env, inbox

    {begin}def __call__(self, message=None, *more, **options):
        self.inbox.setdefault(self.client, []).append(message)
{waits}
    def __hash__(self):
        return hash(self.client)  # so that the order of a set repeats

'''
WAITS = """\
        await self.env.park(f"callback of {self.client}")  # what it does then takes as long as the scheduler says
"""
OUTSIDE = '''
class Outside:
    """Something that {name} waits for, faked: the scheduler decides when each call goes on. Give it answers, where it needs some."""

    def __init__(self, env, name):
        self.env, self.name = env, name

    def __getattr__(self, part):
        if part.startswith("_"):
            raise AttributeError(part)
        return Outside(self.env, f"{{self.name}}.{{part}}")

    {call}

'''
CALLED = """\
async def __call__(self, *arguments, **options):
        await self.env.park(self.name){answer}"""
ANSWER = """
        return [] if self.name in {walked} else None  # it goes through the answers of the first"""
CALLED_AT_ONCE = """\
def __call__(self, *arguments, **options):
        return None if self.name in {sync} else self.{waits}  # the first are not awaited"""
ASYNC_PART = """

    async def _waits(self):
        await self.env.park(self.name){answer}"""
SEND_TO = '''
    {begin}def {name}(self, client, message):
        """{of} sends to a client by this."""
{waits}        self.inbox.setdefault(client, []).append(message)
'''


def outside(read: ReadClass, made: str) -> str:
    """The class of what `read` is made with, where `made` has some of it."""
    if "Outside(" not in made:
        return ""
    faked = [need.name for need in read.needs if f'Outside(env, "{need.name}")' in made]
    sync = [part for need in faked for part in sync_parts(read.uses, need)]
    walked = [part for need in faked for part in walked_parts(read.uses, need)]
    answer = ANSWER.format(walked=_names(walked)) if walked else ""
    called = CALLED.format(answer=answer)
    if sync:
        called = CALLED_AT_ONCE.format(sync=_names(sync), waits="_waits()" if walked else "env.park(self.name)")
        called += ASYNC_PART.format(answer=answer) if walked else ""
    return OUTSIDE.format(name=read.name, call=called)


def _names(of: list[str]) -> str:
    return "(" + ", ".join(f'"{each}"' for each in of) + ("," if len(of) == 1 else "") + ")"


def socket(read: ReadClass, given: Iterable[Parameter]) -> str:
    """The class of a fake connection, with what the class does with the connections that it is given."""
    parts = [(SEND if may_break(each) else CALL).format(name=each, error=error_of(read)) for each in read.sends]
    known = ("client", "env", "inbox", *read.sends)
    used = {**{name: False for each in given for name in each.reads}, **read.has, **{name: True for each in given for name in each.calls}}
    parts += [(SAYS if may_break(name) else ASKED).format(name=name) for name, called in used.items() if called and name not in known]
    names = "".join(f"        self.{name} = {STATES.get(name, 'client')}\n" for name in used if not used[name] and name not in known)
    return CONNECTED * ("Connected()" in names) + SOCKET.format(names=names) + "".join(parts) + "\n"


def error_of(read: ReadClass) -> str:
    """The error of a connection that breaks: one that the class is ready for, if it can be made of nothing."""
    caught = read.uses.caught
    if any(each in CATCHES_CONNECTION for each in caught):
        return "ConnectionError"
    return next(
        (each for each in caught if each in MADE_OF_NOTHING or (each.isidentifier() and hasattr(builtins, each))), "ConnectionError"
    )


def may_break(name: str) -> bool:
    """Whether a call of this method of a connection may fail."""
    return name.startswith(SENDS)


def callback(read: ReadClass) -> str:
    """The class of a fake callback; it waits if the class awaits it."""
    return CALLBACK.format(begin="async " * waits(read), waits=WAITS * waits(read))


def waits(read: ReadClass) -> bool:
    """Whether a fake callback waits. If a coroutine function is wanted it is a bound method, and in a set those have no order."""
    held = any(each in (*CALLBACKS, "call", "run") for each in read.sends)  # await listener.callback(message)
    return (read.awaits_calls or held) and not (read.uses.asks and read.uses.sets)


def made_callback(read: ReadClass) -> str:
    """A fake callback, as the adapter makes it."""
    return "Callback(client, self.env, self.inbox)" + ".__call__" * (waits(read) and read.uses.asks)


def made(read: ReadClass, arguments: str) -> str:
    """An object of the class, as the adapter makes it."""
    if read.made_anew:
        return f"type.__call__({', '.join(filter(None, (read.name, arguments)))})"
    return f"{read.name}({arguments})"


def senders(read: ReadClass) -> str:
    """The methods of the adapter that stand for what the class is made with, to send to a client."""
    text = ""
    for need in read.needs:
        awaited = sender(read, need)
        if awaited is not None:
            text += sender_of(need.name, awaited=awaited, of=read.name)
    return text


def sender_of(name: str, *, awaited: bool, of: str) -> str:
    """A method of the adapter by which the class `of` sends to a client."""
    waits = f'        await self.env.park(f"{name} to {{client}}")\n' * awaited
    return SEND_TO.format(begin="async " * awaited, name=name, of=of, waits=waits)


def sent(read: ReadClass) -> set[str]:
    """The names that are sent to a client by what the class is made with."""
    attributes = {read.uses.given.get(need.name, need.name) for need in read.needs if sender(read, need) is not None}
    return {given[1] for name, _, given in read.uses.asked if name in attributes}


def pairs_of(pair: tuple[str, tuple[str, str]], ours: str, name: str) -> str:
    """The pairs of a table as (client, topic) pairs; `name`: the method that names a client by its connection, if there is one."""
    attribute, (first, _) = pair
    order = "topic, client" if any(word in TOPICS for word in first.lower().split("_")) else "client, topic"
    client = f"{name}(client)" if name else "client"
    return f"{{({client}, topic) for {order} in {ours}.{attribute}}}"


def needed(read: ReadClass) -> tuple[str, list[str]]:
    """What the class is made with, as arguments, and the guesses in it."""
    values = {each.name: _value(each) if sender(read, each) is None else f"self.{each.name}" for each in read.needs}
    guesses = [f"{read.name} is made with {name}={value}" for name, value in values.items()]
    return ", ".join(f"{name}={value}" for name, value in values.items()), guesses


def _value(parameter: Parameter) -> str:
    if parameter.name == "env":
        return "env"
    return VALUES.get(parameter.kind, f'Outside(env, "{parameter.name}")')


def sender(read: ReadClass, need: Parameter) -> bool | None:
    """Whether `need`, which the class is made with, sends to a client, and is awaited; None if it does something else."""
    return sends_to(read.uses, need.name, TOPICS) if need.name.startswith(SENDS) and need.kind not in VALUES else None

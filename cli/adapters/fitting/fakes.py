"""The fakes in the adapters that are written: a client's connection, a callback, and what a class is made with."""

from collections.abc import Iterable

from subwarden.cli.adapters.fitting.reading import Parameter, ReadClass

VALUES = {"int": "1", "float": "1.0", "str": '"x"', "bool": "False", "bytes": 'b"x"', "dict": "{}", "list": "[]", "set": "set()"}
SENDS = ("send", "write", "put", "publish", "emit", "push", "notify", "deliver")
STATES = {"closed": "False", "is_closed": "False", "closing": "False", "open": "True", "is_open": "True", "connected": "True"}
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
SEND = '''
    async def {name}(self, message=None, *more, **options):
        """The scheduler decides when this goes on, and whether it breaks."""
        try:
            await self.env.park(f"{name} to {{self.client}}", may_fail=ConnectionError, client=self.client)
        except ConnectionError:
            self.broken = True
            raise
        self.inbox.setdefault(self.client, []).append(message)
'''
CALL = """
    async def {name}(self, *arguments, **options):
        await self.env.park(f"{name} of {{self.client}}")
"""
SAYS = """
    def {name}(self, *arguments, **options):
        self.inbox.setdefault(self.client, []).append(arguments)
"""
CALLBACK = '''
class Callback:
    """A client's callback, faked."""

    def __init__(self, client, env, inbox):
        self.client, self.env, self.inbox = client, env, inbox

    {begin}def __call__(self, message=None, *more, **options):
{waits}        self.inbox.setdefault(self.client, []).append(message)

    def __hash__(self):
        return hash(self.client)  # so that the order of a set repeats

'''
WAITS = """\
        await self.env.park(f"callback of {self.client}")  # the scheduler decides when this goes on
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

    async def __call__(self, *arguments, **options):
        await self.env.park(self.name)

'''


def outside(read: ReadClass, made: str) -> str:
    """The class of what `read` is made with, where `made` has some of it."""
    return OUTSIDE.format(name=read.name) if "Outside(" in made else ""


def socket(read: ReadClass, given: Iterable[Parameter]) -> str:
    """The class of a fake connection, with what the class does with the connections that it is given."""
    parts = [(SEND if may_break(each) else CALL).format(name=each) for each in read.sends]
    known = ("client", "env", "inbox", *read.sends)
    used = {**{name: False for each in given for name in each.reads}, **read.has, **{name: True for each in given for name in each.calls}}
    parts += [SAYS.format(name=name) for name, called in used.items() if called and name not in known]
    names = "".join(f"        self.{name} = {STATES.get(name, 'client')}\n" for name in used if not used[name] and name not in known)
    return SOCKET.format(names=names) + "".join(parts) + "\n"


def may_break(name: str) -> bool:
    """Whether a call of this method of a connection may fail."""
    return name.startswith(SENDS)


def callback(read: ReadClass) -> str:
    """The class of a fake callback; it waits if the class awaits it."""
    return CALLBACK.format(begin="async " * read.awaits_calls, waits=WAITS * read.awaits_calls)


def needed(read: ReadClass) -> tuple[str, list[str]]:
    """What the class is made with, as arguments, and the guesses in it."""
    values = {each.name: _value(each) for each in read.needs}
    guesses = [f"{read.name} is made with {name}={value}" for name, value in values.items()]
    return ", ".join(f"{name}={value}" for name, value in values.items()), guesses


def _value(parameter: Parameter) -> str:
    if parameter.name == "env":
        return "env"
    return VALUES.get(parameter.kind, f'Outside(env, "{parameter.name}")')

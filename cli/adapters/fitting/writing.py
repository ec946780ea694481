"""Writes the adapter of a class that was read, and says which method stands for which operation.

The texts come first, then what puts them together.
"""

from dataclasses import dataclass

from subwarden.cli.adapters.fitting.reading import BadClass, Method, Parameter, ReadClass
from subwarden.cli.adapters.fitting.roles import Part, Taken, class_of, is_socket, roles_of

VALUES = {"int": "1", "float": "1.0", "str": '"x"', "bool": "False", "bytes": 'b"x"', "dict": "{}", "list": "[]", "set": "set()"}
GIVEN = {"connect": "client", "subscribe": "client, topic", "unsubscribe": "client, topic", "publish": "topic, message"}
GIVEN |= {"disconnect": "client", "teardown": "topic", "start": "", "close": ""}
SENDS = ("send", "write", "put", "publish", "emit", "push", "notify", "deliver")
HEAD = '''\
"""An adapter for {name}, written by `subwarden new`: look it over, and mend what was guessed wrong.

The harness plays {name} through these methods. What each is for, and what is judged when: `subwarden help bring-your-own`.
"""

{imports}

{fakes}
class Adapter:
    """Made anew for every run. `env` is the world outside."""

    # What cannot hold for you, and why; the report repeats it: {{"P2": "whoever asks may subscribe, connected or not"}}
    off = {{}}
{reconnects}
    def __init__(self, env):
        self.env = env
'''
SOCKET = '''
class Socket:
    """A client's connection, faked."""

    def __init__(self, client, env, inbox):
        self.client, self.env, self.inbox = client, env, inbox
{names}'''
SEND = '''
    async def {name}(self, message=None, *more, **options):
        """The scheduler decides when this goes on, and whether it breaks."""
        call = f"{name} to {{self.client}}"
        await self.env.park(call, may_fail=ConnectionError, client=self.client)
        self.inbox.setdefault(self.client, []).append(message)
'''
CALL = """
    async def {name}(self, *arguments, **options):
        await self.env.park(f"{name} of {{self.client}}")
"""
SOCKETS = '''
    def socket(self, client):
        """The client's connection: the last that was made."""
        if client not in self.sockets:
            self.new_socket(client)
        return self.sockets[client][-1]

    def new_socket(self, client):
        self.sockets.setdefault(client, []).append({made})
'''
NAMED = '''
    def named(self, table):
        """The table with the names of clients, where it has their connections."""
        return {{self.name(key): set(map(self.name, members)) for key, members in table.items()}}

    def name(self, each):
        for client, sockets in self.sockets.items():
            if any(each is socket for socket in sockets):
                return client
        return each
'''
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
RECONNECTS = """\
    reconnects = True  # a client that has gone may come back under its name; without this line a close is final
"""
RUN = """
    async def start(self):
        self.running = asyncio.create_task(self.ours.{name}())

    async def close(self):
        self.running.cancel()
        await asyncio.wait([self.running])
"""
ENTERED = """
    async def start(self):
        await self.ours.__aenter__()

    async def close(self):
        await self.ours.__aexit__(None, None, None)
"""
FINAL = ("closed", "gone", "dead", "left", "ended", "quit", "removed")  # of these names are sets of clients that do not come back
DELIVERED = """
    # def delivered(self):  # if clients receive messages as they were published
    #     return self.inbox
"""
ABSENT = {"connect": "The client is there.", "disconnect": "The client has gone."}


@dataclass(frozen=True, slots=True)
class Fitted:
    """The text of an adapter, what stands for each operation, and what was guessed and should be looked at."""

    text: str
    taken: dict[str, str]
    doubts: list[str]


def adapter_for(read: ReadClass, module: str) -> Fitted:
    """An adapter for the class, which `module` has. Raises BadClass if nothing in it subscribes a client to a topic."""
    roles = roles_of(read)
    if "subscribe" not in roles:
        has = ", ".join(map(said, read.methods.values())) or "no public method"
        raise BadClass(
            f"{read.name} has no method that puts a client on a topic, such as subscribe(client, topic); it has {has}; "
            "a hub without topics is tried through its application: subwarden help fastapi"
        )
    return _Writer(read, module, roles).written()


def said(method: Method) -> str:
    """`join(client, room)`."""
    return f"{method.name}({', '.join(each.name for each in method.parameters)})"


class _Writer:
    """Puts the parts together; collects what they need and what is doubtful."""

    def __init__(self, read: ReadClass, module: str, roles: dict[str, Taken]) -> None:
        self._read, self._module, self._roles = read, module, roles
        self._doubts: list[str] = []
        given = [pair for taken in roles.values() for pair in zip(taken.method.parameters, taken.parts, strict=True)]
        self._sockets = [each for each, part in given if part is Part.CLIENT and is_socket(each, read)]
        self._class = next(filter(None, (class_of(each, read) for each in self._sockets)), "")

    def written(self) -> Fitted:
        """The adapter."""
        read = self._read
        names = ", ".join(sorted({read.name, self._class} - {""}))
        fake = bool(self._sockets) and not self._class
        made = ", ".join(self._needed(each) for each in read.needs)
        fakes = (OUTSIDE.format(name=read.name) if "Outside(" in made else "") + (self._socket() if fake else "")
        text = HEAD.format(
            name=read.name, imports=f"{self._standard()}from {self._module} import {names}", fakes=fakes, reconnects=self._reconnects()
        )
        if self._sockets:
            text += "        self.sockets = {}\n"
        if fake:
            text += "        self.inbox = {}\n"
        text += f"        self.ours = {read.name}({made})\n"
        if self._sockets:
            text += SOCKETS.format(made=f"{self._class}(client)" if self._class else "Socket(client, self.env, self.inbox)")
        text += self._lasts()
        text += "".join(self._operation(name) for name in GIVEN if self._writes(name))
        text += self._observe() + (DELIVERED if fake else "")
        taken = {name: said(self._roles[name].method) for name in GIVEN if name in self._roles}
        return Fitted(text, {**taken, "observe": ", ".join(read.tables) or "not found"}, self._doubts)

    def _lasts(self) -> str:
        """How the object is started and ended, where it runs by itself or is entered."""
        if self._read.entered:
            self._doubts.append(f"{self._read.name} is entered in start(), and left in close()")
            return ENTERED
        if "run" in self._roles and self._roles["run"].method.is_async:
            name = self._roles["run"].method.name
            self._doubts.append(f"{name}() runs in a task from start() to close()")
            return RUN.format(name=name)
        return ""

    def _writes(self, name: str) -> bool:
        lasts = self._read.entered or "run" in self._roles
        return (name in self._roles or name in ABSENT) and not (lasts and name in ("start", "close"))

    def _standard(self) -> str:
        return "import asyncio\n\n" if "run" in self._roles and not self._read.entered else ""

    def _reconnects(self) -> str:
        final = any(word in attribute for _, attribute in self._read.checked for word in FINAL)
        return "" if final else RECONNECTS

    def _socket(self) -> str:
        parts = [(SEND if each.startswith(SENDS) else CALL).format(name=each) for each in self._read.sends]
        known = ("client", "env", "inbox", *self._read.sends)
        names = dict.fromkeys(name for each in self._sockets for name in each.reads if name not in known)
        return SOCKET.format(names="".join(f"        self.{name} = client\n" for name in names)) + "".join(parts) + "\n"

    def _needed(self, parameter: Parameter) -> str:
        value = "env" if parameter.name == "env" else VALUES.get(parameter.kind)
        if value is None:
            value = f'Outside(env, "{parameter.name}")'
        self._doubts.append(f"{self._read.name} is made with {parameter.name}={value}")
        return f"{parameter.name}={value}"

    def _operation(self, name: str) -> str:
        head = f"\n    async def {name}(self{', ' if GIVEN[name] else ''}{GIVEN[name]}):\n"
        taken = self._roles.get(name)
        if taken is None:
            return head + self._absent(name)
        method = taken.method
        arguments = ", ".join(
            f"{each.name}={self._value(each, part, name)}" if each.keyword else self._value(each, part, name)
            for each, part in zip(method.parameters, taken.parts, strict=True)
        )
        call = f"{'await ' if method.is_async else ''}self.ours.{method.name}({arguments})"
        anew = "        self.new_socket(client)\n" if name == "connect" and self._sockets else ""
        return head + anew + f"        return {call}\n"

    def _value(self, parameter: Parameter, part: Part, operation: str) -> str:
        match part:
            case Part.CLIENT:
                return "self.socket(client)" if is_socket(parameter, self._read) else "client"
            case Part.TOPIC:
                return "topic"
            case Part.MESSAGE:
                return '{"text": message}' if parameter.kind.lower() in ("dict", "mapping") else "message"
            case _:
                value = VALUES.get(parameter.kind, "None")
                self._doubts.append(f"{operation} gives {value} for {parameter.name}")
                return value

    def _absent(self, name: str) -> str:
        subscribe = self._roles["subscribe"].method.name
        lines = "".join(
            f"        self.ours.{attribute}.{'add' if name == 'connect' else 'discard'}(client)\n"
            for method, attribute in self._read.checked
            if method == subscribe and attribute not in self._read.tables
        )
        if name == "disconnect":
            return f'        """{ABSENT[name]} Call what {self._read.name} does then."""\n'
        return lines or f'        """{ABSENT[name]}"""\n'

    def _observe(self) -> str:
        tables = self._read.tables
        head = "\n    def observe(self):\n"
        if not tables:
            self._doubts.append("no table of who is subscribed was found; write observe()")
            return head + "        raise NotImplementedError  # for each topic its clients, or (client, topic) pairs\n"
        named = "self.named(self.ours.{})" if self._sockets else "self.ours.{}"
        shown = {each: named.format(each) for each in tables}
        told = next(iter(shown.values())) if len(tables) == 1 else "{" + ", ".join(f'"{t.strip("_")}": {v}' for t, v in shown.items()) + "}"
        return (NAMED.format() if self._sockets else "") + head + f"        return {told}\n"

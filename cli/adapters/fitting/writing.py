"""Writes the adapter of a class that was read, and says which method stands for which operation.

The texts come first.
"""

from subwarden.cli.adapters.fitting import fakes
from subwarden.cli.adapters.fitting.calls import Fitted, call_of, guarded, refusals_of, said, to_import
from subwarden.cli.adapters.fitting.holding import for_ever, holding_of
from subwarden.cli.adapters.fitting.messages import PUBLISHED, fake_message, hands_on, message_for, unjudged, wraps
from subwarden.cli.adapters.fitting.parameters import Parameter
from subwarden.cli.adapters.fitting.reading import BadClass, ReadClass, of_method
from subwarden.cli.adapters.fitting.roles import Part, Taken, class_of, is_socket, roles_of
from subwarden.cli.adapters.fitting.turns import adapter_in_turn
from subwarden.cli.adapters.fitting.uses import SENDS

GIVEN = {"connect": "client", "subscribe": "client, topic", "unsubscribe": "client, topic", "publish": "topic, message"}
GIVEN |= {"disconnect": "client", "teardown": "topic", "start": "", "close": ""}
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
SOCKET_OF = '''
    def socket(self, client):
        """The client's connection: the last that was made."""
        return self.sockets[client][-1] if client in self.sockets else self.new_socket(client)
'''
SOCKETS = """
    def new_socket(self, client):
        self.sockets.setdefault(client, []).append({made})
        return self.sockets[client][-1]
"""
NAMED = '''
    def named(self, table):
        """The table with the names of clients, where it has their connections. A client may have several."""
        named = {{}}
        for key, members in table.items():
            named.setdefault(self.name(key), set()).update(map(self.name, members))
        return named
'''
NAME = """
    def name(self, each):
        for client, sockets in self.sockets.items():
            if any(each is socket for socket in sockets):
                return client
        return each
"""
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
OBSERVED = """
    # def observe(self):  # for each topic its clients, or (client, topic) pairs
"""
JUDGED = """
    def delivered(self):
        return self.inbox
"""
UNASKED = {"subscribe": ("get(client)", "False"), "unsubscribe": ("get(client)", "False"), "disconnect": ("pop(client, None)", "None")}
OWN = ("connect", "subscribe", "unsubscribe")  # calls that end with the client's handler, if its own connection breaks meanwhile
CONNECTED = """\
        if client in self.live:
            return  # it has a connection
"""
UNCONNECTED = """\
        socket = self.live.{found}
        if socket is None:
            return {answer}  # it has no connection that could ask
"""
ABSENT = {"connect": "The client is there.", "disconnect": "The client has gone."}


def adapter_for(read: ReadClass, module: str) -> Fitted:
    """An adapter for the class, which `module` has. Raises BadClass if nothing in it subscribes a client to a topic."""
    roles = roles_of(read)
    holding = holding_of(read, roles)
    if holding is not None:
        return adapter_in_turn(read, module, holding)
    if "subscribe" not in roles:
        if lasting := for_ever(read):
            raise BadClass(
                f"{read.name} has {said(read.methods[lasting])}, and nothing by which a subscription ends, such as unsubscribe(): whoever "
                "subscribes stays for ever; if it does end, write the adapter by hand: subwarden help bring-your-own"
            )
        has = ", ".join([*map(said, read.methods.values()), *(f"the generator {each}()" for each in read.generators)]) or "no public method"
        raise BadClass(
            f"{read.name} has no method that puts a client on a topic, such as subscribe(client, topic); it has {has}; "
            "a hub without such a method is tried through its application: subwarden help fastapi"
        )
    return _Writer(read, module, roles).written()


class _Writer:
    """Puts the parts together; collects what they need and what is doubtful."""

    def __init__(self, read: ReadClass, module: str, roles: dict[str, Taken]) -> None:
        self._read, self._module, self._roles = read, module, roles
        self._doubts: list[str] = []
        self._tables = of_method(read, roles["subscribe"].method, read.tables)
        given = [pair for taken in roles.values() for pair in zip(taken.method.parameters, taken.parts, strict=True)]
        self._sockets = [each for each, part in given if part is Part.CLIENT and is_socket(each, read)]
        self._class = next(filter(None, (class_of(each, read) for each in self._sockets)), "")
        others = [each for each, part in given if part is Part.OTHER and each.name.startswith(SENDS)]
        self._handed = others[0] if others and not fakes.senders(read) else None  # the function by which one client is sent to

    def written(self) -> Fitted:
        """The adapter."""
        read = self._read
        methods = [taken.method for name, taken in self._roles.items() if self._writes(name)]
        fake = self._faked()
        names = to_import(read, methods, self._class, *[fakes.error_of(read)] * fake)
        made, guesses = fakes.needed(read)
        self._doubts += guesses + refusals_of(methods)
        publish = self._roles.get("publish")
        faked = fakes.outside(read, made) + (fakes.socket(read, self._sockets) if fake else "") + fake_message(read, publish)
        senders = fakes.senders(read)
        if self._handed is not None:
            senders = fakes.sender_of(self._handed.name, awaited=read.awaits_calls or self._handed.name in read.sends, of=read.name)
        inbox = fake or bool(senders)
        delivered = self._delivered() if inbox else ""
        wrapped = delivered == JUDGED and wraps(read, publish)
        if wrapped:
            faked, senders = (each.replace(".append(message)", ".extend(published(message))") for each in (PUBLISHED + faked, senders))
        text = HEAD.format(
            name=read.name,
            imports=f"{self._standard(wrapped)}from {self._module} import {names}",
            fakes=faked,
            reconnects=self._reconnects(),
        )
        if self._sockets:
            text += (
                "        self.sockets = {}\n"
                + "        self.live = {}  # the connection of each client that is connected\n" * self._keeps_live()
            )
        if inbox:
            text += "        self.inbox = {}\n"
        text += f"        self.ours = {fakes.made(read, made)}\n"
        if self._sockets:
            text += "" if self._keeps_live() else SOCKET_OF
            text += SOCKETS.format(made=f"{self._class}(client)" if self._class else "Socket(client, self.env, self.inbox)")
        text += self._lasts()
        text += "".join(self._operation(name) for name in GIVEN if self._writes(name))
        text += senders + self._observe(delivered == JUDGED) + delivered
        taken = {name: said(self._roles[name].method) for name in GIVEN if name in self._roles}
        tables = self._tables or [attribute for attribute, _ in read.uses.pairs[:1]]
        return Fitted(text, {**taken, "observe": ", ".join(tables) or "not found"}, self._doubts)

    def _delivered(self) -> str:
        """The method that shows what clients have received, as a comment if it is not known what they should."""
        publish = self._roles.get("publish")
        hands = hands_on(self._read, publish, fakes.sent(self._read))
        if (why := unjudged(self._read, publish)) and hands:
            self._doubts.append(why.replace("leave out `delivered = None`", "write delivered()"))
        return JUDGED if hands and not why else DELIVERED

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

    def _standard(self, wrapped: bool) -> str:
        runs = "run" in self._roles and not self._read.entered
        modules = {"asyncio": runs, "re": wrapped}
        return "".join(f"import {module}\n" for module, wanted in modules.items() if wanted) + "\n" * any(modules.values())

    def _reconnects(self) -> str:
        final = any(word in attribute for _, attribute in self._read.checked for word in FINAL)
        return "" if final else RECONNECTS

    def _operation(self, name: str) -> str:
        head = f"\n    async def {name}(self{', ' if GIVEN[name] else ''}{GIVEN[name]}):\n"
        taken = self._roles.get(name)
        if taken is None and name == "connect" and self._keeps_live():
            return head + CONNECTED + "        self.live[client] = self.new_socket(client)\n"
        if taken is None:
            return head + self._absent(name)
        method = taken.method
        given = list(zip(method.parameters, taken.parts, strict=True))
        call = call_of(method, "self.ours", [self._value(each, part, name) for each, part in given])
        asks = any(part is Part.CLIENT and is_socket(each, self._read) for each, part in given)
        breaks = asks and self._faked() and name in OWN and method.sends and any(map(fakes.may_break, self._read.sends))
        before, after = self._around(name, asks, breaks)
        lines = call if after else f"return {call}"
        if "        socket = " in before:
            lines = lines.replace("self.socket(client)", "socket")
        return head + before + guarded(lines, method, name, "socket" if breaks else "", fakes.error_of(self._read)) + after

    def _around(self, name: str, asks: bool, breaks: bool) -> tuple[str, str]:
        """What stands before and after the call; `asks`: the method is given a connection; `breaks`: which may break meanwhile."""
        if name == "connect" and self._sockets:
            if self._keeps_live():
                return CONNECTED + "        socket = self.new_socket(client)\n", "        self.live.setdefault(client, socket)\n"
            return "        socket = self.new_socket(client)\n", ""
        if self._keeps_live() and name == "disconnect" and asks and self._named():
            self._doubts.append("one connection a client; if a new one ends it: subwarden help options")
        if self._keeps_live() and name == "disconnect" and not asks:
            return "        self.live.pop(client, None)\n", ""
        if self._keeps_live() and name in UNASKED and asks:
            return UNCONNECTED.format(found=UNASKED[name][0], answer=UNASKED[name][1]), ""
        return "        socket = self.socket(client)\n" * breaks, ""

    def _faked(self) -> bool:
        return bool(self._sockets) and not self._class

    def _keeps_live(self) -> bool:
        """Whether the adapter keeps who is connected: a client without a connection has none to ask by."""
        known = "connect" in self._roles or not self._joined()
        return bool(self._sockets) and known and bool(self._reconnects())

    def _named(self) -> bool:
        """Whether a client connects by a name and a connection, so that it may come by another connection before it has gone."""
        return "connect" in self._roles and self._roles["connect"].parts.count(Part.CLIENT) > 1

    def _joined(self) -> list[str]:
        """The sets of the class itself in which subscribe() looks for the client, and which no method fills."""
        subscribe = self._roles["subscribe"].method.name
        return [attribute for method, attribute in self._read.checked if method == subscribe and attribute not in self._read.tables]

    def _value(self, parameter: Parameter, part: Part, operation: str) -> str:
        match part:
            case Part.CLIENT:
                return "self.socket(client)" if is_socket(parameter, self._read) else "client"
            case Part.TOPIC:
                return "topic"
            case Part.MESSAGE:
                return message_for(parameter)
            case _ if parameter is self._handed:
                return f"lambda message: self.{parameter.name}(client, message)"
            case _:
                value = fakes.VALUES.get(parameter.kind, "None")
                self._doubts.append(f"{operation} gives {value} for {parameter.name}")
                return value

    def _absent(self, name: str) -> str:
        change = "add" if name == "connect" else "discard"
        lines = "".join(f"        self.ours.{attribute}.{change}(client)\n" for attribute in self._joined())
        if name == "disconnect":
            self._doubts.append("no method was found by which a client goes; write disconnect()")
            return f'        """{ABSENT[name]} Call what {self._read.name} does then."""\n'
        return lines or f'        """{ABSENT[name]}"""\n'

    def _observe(self, delivers: bool) -> str:
        tables = self._tables
        head = "\n    def observe(self):\n"
        if not tables and self._read.uses.pairs:
            pairs = fakes.pairs_of(self._read.uses.pairs[0], "self.ours", "self.name" if self._sockets else "")
            return (NAME if self._sockets else "") + head + f"        return {pairs}\n"
        if not tables:
            self._doubts.append("no table of who is subscribed was found; write observe()")
            if delivers:
                return OBSERVED
            return head + "        raise NotImplementedError  # for each topic its clients, or (client, topic) pairs\n"
        named = "self.named(self.ours.{})" if self._sockets else "self.ours.{}"
        shown = {each: named.format(each) for each in tables}
        told = next(iter(shown.values())) if len(tables) == 1 else "{" + ", ".join(f'"{t.strip("_")}": {v}' for t, v in shown.items()) + "}"
        return (NAMED.format() + NAME if self._sockets else "") + head + f"        return {told}\n"

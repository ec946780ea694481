"""Writes the adapter of a class that is told who subscribes, and not who connects: it serves each client in turn, as a handler does.

The texts come first, then what puts them together.
"""

from textwrap import indent

from subwarden.cli.adapters.fitting import fakes
from subwarden.cli.adapters.fitting.calls import call_of, guarded, message_for, refusals_of, to_import
from subwarden.cli.adapters.fitting.fitted import Fitted, said
from subwarden.cli.adapters.fitting.holding import Held, Holding, by_user
from subwarden.cli.adapters.fitting.reading import ReadClass
from subwarden.cli.adapters.fitting.roles import Part, Taken, is_socket

HEAD = '''\
"""An adapter for {name}, written by `subwarden new`: look it over, and mend what was guessed wrong.

The harness plays {name} through these methods. What each is for, and what is judged when: `subwarden help bring-your-own`.
"""

{imports}
{fakes}
class Adapter(subwarden.ClientsInTurn):
    """Made anew for every run. Each client makes one call after the other, as in a handler, and subscribes to a topic once."""

    # What cannot hold for you, and why; the report repeats it: {{"P2": "whoever asks may subscribe, connected or not"}}
    off = {{}}
    delivered = None  # {judged}

    def __init__(self, env):
        super().__init__(env)
        self.subscriptions = {{}}  # by client and topic: {kept}
'''
JUDGED = {
    False: "leave this line out if clients receive messages as they were published",
    True: "to have messages judged, hand them to self.receive(client, message), and leave this line out",
}
KEPT = {
    Held.RETURNED: "what stands for it",
    Held.CALLBACK: "its callback",
    Held.SOCKET: "its connection",
    Held.NAME: "the name of the client",
}
RETURNED = """
    async def joins(self, client, topic):
        if self.has(client, topic):
            return
{call}        self.given.append((client, self.subscriptions[client, topic]))
"""
HANDED = """
    async def joins(self, client, topic):
        if self.has(client, topic):
            return
        self.subscriptions[client, topic] = {made}
{call}"""
LEAVES = """
    async def leaves(self, client, topic):
        if self.has(client, topic):
{call}"""
NO_LEAVES = """
    unsubscribe = None  # there is no such method
"""
ENDS = """
    async def ends(self, client):
        for topic in [topic for who, topic in self.subscriptions if who == client]:
            await self.leaves(client, topic)
"""
ENDS_ALL = """
    async def ends(self, client):
        for topic in [topic for who, topic in self.subscriptions if who == client and self.has(who, topic)]:
{call}"""
HAS = """
    def has(self, client, topic):
        return client in self.observe(){part}.get(topic, ())
"""
PUBLISH = """
    async def publish(self, topic, message):
{call}"""
NAMES = '''
    def names(self, members):
        """The clients that are, or have inside, the members of a table."""
        return {{client for each in {each} for client in self.inside(each)}}

    def inside(self, each):
        parts = each if isinstance(each, tuple) else (each, *getattr(each, "__dict__", {{}}).values())
        return {inside}
'''
WHOSE = {
    Held.RETURNED: "{client for client, subscription in self.given if any(part is subscription for part in parts)}",
    Held.CALLBACK: "{part.client for part in parts if isinstance(part, Callback)}",
    Held.SOCKET: "{part.client for part in parts if isinstance(part, Socket)} or {each}",
}


def adapter_in_turn(read: ReadClass, module: str, holding: Holding) -> Fitted:
    """An adapter for the class, which `module` has, and which holds subscribers so."""
    return _Writer(read, module, holding).written()


class _Writer:
    """Puts the parts together."""

    def __init__(self, read: ReadClass, module: str, holding: Holding) -> None:
        self._read, self._module, self._holding = read, module, holding
        self._ours = "self.ours" if holding.topics else "self.rooms[topic]"
        hidden = holding.held in (Held.RETURNED, Held.CALLBACK)  # what is called a queue or a listener may be a subscriber
        tables = read.tables if holding.topics else read.flat
        self._tables = tables or (read.set_aside if hidden and holding.topics else [])

    def written(self) -> Fitted:
        """The adapter."""
        read, holding, name = self._read, self._holding, self._read.name
        made, doubts = fakes.needed(read)
        held, methods = holding.held, [each.method for each in self._every()]
        faked = fakes.outside(read, made)
        if held is Held.SOCKET:
            given = [pair for taken in self._every() for pair in zip(taken.method.parameters, taken.parts, strict=True)]
            faked += fakes.socket(read, [each for each, part in given if part is Part.CLIENT and is_socket(each, read)])
        if held is Held.CALLBACK:
            faked += fakes.callback(read)
        standard = "" if holding.topics else "from collections import defaultdict\n\n"
        text = HEAD.format(
            name=name,
            imports=f"{standard}import subwarden\nfrom {self._module} import {to_import(read, methods)}\n",
            fakes=faked,
            judged=JUDGED[held in (Held.RETURNED, Held.NAME)],
            kept=KEPT[held],
        )
        text += "        self.given = []  # of all subscriptions that ever were: the client, and what stands for it\n" * (
            held is Held.RETURNED
        )
        if holding.topics:
            text += f"        self.ours = {name}({made})\n"
        else:
            text += f"        self.rooms = defaultdict(lambda: {name}({made}))  # for each topic one {name}\n"
            doubts.append(f"{name} has no topics: the adapter makes one {name} for each topic")
        if by_user(read):
            doubts.append(f"the user is the topic, and the connections of {self._tables[0]} are the subscribers")
        if holding.ends is None:
            doubts.append("a client that goes unsubscribes from each of its topics, as a handler does at its end")
        doubts.append(f"{said(holding.subscribe.method)}: a subscriber is {held.value.format('it')}; the adapter asks once for each topic")
        doubts += refusals_of(methods)
        taken = {"subscribe": holding.subscribe, "unsubscribe": holding.unsubscribe, "publish": holding.publish, "disconnect": holding.ends}
        shown = {operation: said(each.method) for operation, each in taken.items() if each is not None}
        return Fitted(
            text + self._operations() + self._observe(doubts), {**shown, "observe": ", ".join(self._tables) or "not found"}, doubts
        )

    def _every(self) -> list[Taken]:
        holding = self._holding
        return [each for each in (holding.subscribe, holding.unsubscribe, holding.publish, holding.ends) if each is not None]

    def _operations(self) -> str:
        holding, held = self._holding, self._holding.held
        made = {Held.SOCKET: "Socket(client, self.env, self.inbox)", Held.CALLBACK: "Callback(client, self.env, self.inbox)"}
        if held is Held.RETURNED:
            text = RETURNED.format(call=self._call("subscribe", holding.subscribe, "self.subscriptions[client, topic] = "))
        else:
            text = HANDED.format(call=self._call("subscribe", holding.subscribe, "return "), made=made.get(held, "client"))
        if holding.unsubscribe is not None:
            text += LEAVES.format(call=indent(self._call("unsubscribe", holding.unsubscribe, "return "), "    "))
        else:
            text += NO_LEAVES
        if holding.ends is not None:
            text += ENDS_ALL.format(call=indent(self._call("disconnect", holding.ends), "    "))
        else:
            text += ENDS
        return text + (PUBLISH.format(call=self._call("publish", holding.publish)) if holding.publish is not None else "")

    def _call(self, operation: str, taken: Taken, begin: str = "") -> str:
        """The call of a method, and what is done with its answer."""
        subscriber = "self.subscriptions[client, topic]"
        values = {Part.TOPIC: "topic", Part.CALLBACK: subscriber, Part.OTHER: subscriber}
        given = []
        for each, part in zip(taken.method.parameters, taken.parts, strict=True):
            value = values.get(part, subscriber if self._holding.held is Held.RETURNED or is_socket(each, self._read) else "client")
            given.append(message_for(each) if part is Part.MESSAGE else value)
        call = begin + call_of(taken.method, self._ours, given)
        own = self._holding.held is Held.SOCKET and operation != "publish" and any(map(fakes.may_break, self._read.sends))
        return guarded(call, taken.method, operation, subscriber if own else "")

    def _observe(self, doubts: list[str]) -> str:
        held, ours = self._holding.held, self._ours
        part = f'["{self._tables[0].strip("_")}"]' if self._holding.topics and len(self._tables) > 1 else ""
        head = HAS.format(part=part) + "\n    def observe(self):\n"
        if not self._tables:
            doubts.append("no table of who is subscribed was found; write observe()")
            return head + "        raise NotImplementedError  # for each topic its clients, or (client, topic) pairs\n"
        named = held is not Held.NAME
        each = "(members.values() if isinstance(members, dict) else members)" if held is Held.RETURNED else "members"
        names = NAMES.format(each=each, inside=WHOSE[held]) if named else ""
        if not self._holding.topics:
            shown = f"self.names(room.{self._tables[0]})" if named else f"set(room.{self._tables[0]})"
            return names + head + f"        return {{topic: {shown} for topic, room in self.rooms.items()}}\n"
        shown = "self.names(members)" if named else "set(members)"
        tables = {each: f"{{topic: {shown} for topic, members in {ours}.{each}.items()}}" for each in self._tables}
        if len(tables) == 1:
            return names + head + f"        return {tables[self._tables[0]]}\n"
        inside = "".join(f'            "{each.strip("_")}": {table},\n' for each, table in tables.items())
        return names + head + f"        return {{\n{inside}        }}\n"

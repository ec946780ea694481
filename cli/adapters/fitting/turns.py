"""Writes the adapter of a class that is told who subscribes, and not who connects: it serves each client in turn, as a handler does.

The texts come first, then what puts them together.
"""

from textwrap import indent

from subwarden.cli.adapters.fitting import fakes
from subwarden.cli.adapters.fitting.calls import call_of, guarded, message_for, refusals_of, to_import, unjudged
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
{judged}
    def __init__(self, env):
        super().__init__(env)
{kept}'''
NEWLINE = "\n"
JUDGED = {
    False: "    delivered = None  # leave this line out if clients receive messages as they were published\n",
    True: "    delivered = None  # to have messages judged, hand them to self.receive(client, message), and leave this line out\n",
}
SUBSCRIPTIONS = "        self.subscriptions = {{}}  # by client and topic: {}\n"
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
FOLLOWED = """
    async def joins(self, client, topic):
        if self.has(client, topic):
            return
        self.subscriptions[client, topic] = client
{call}        await self.follow(client, topic, queue)
"""
STREAMED = """
    async def joins(self, client, topic):
        if (client, topic) in self.readers:
            return
        async with self.starting:
            before = self.members(topic)
            await self.follow(client, topic, {call})
            self.given += [(client, each) for each in self.members(topic) if not any(each is other for other in before)]

    async def leaves(self, client, topic):
        there = (client, topic) in self.readers
        await self.unfollow(client, topic)
        return there

    async def ends(self, client):
        for topic in [topic for who, topic in self.readers if who == client]:
            await self.leaves(client, topic)
"""
MEMBERS = """
    def members(self, topic):
        return [*self.ours.{table}.get(topic, ())]
"""
NO_MEMBERS = """
    def members(self, topic):
        return []  # no table of who is subscribed was found
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
LEAVES_QUEUE = """
    async def leaves(self, client, topic):
        if self.has(client, topic):
            try:
{call}            finally:
                await self.unfollow(client, topic)
"""
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
        return {has}
"""
PUBLISH = """
    async def publish(self, topic, message):
{call}"""
NAMES = '''
    def names(self, members):
        """The clients that are, or have inside, the members of a table."""
        return {{client for each in {each} for client in self.inside(each)}}

    def inside(self, each):
{strong}        parts = each if isinstance(each, tuple) else (each, *getattr(each, "__dict__", {{}}).values())
        return {inside}
'''
STRONG = "        each = each() if isinstance(each, weakref.ref) else each\n"
WHOSE = {
    Held.RETURNED: "{client for client, subscription in self.given if any(part is subscription for part in parts)}",
    Held.CALLBACK: "{part.client for part in parts if isinstance(part, Callback)}",
    Held.SOCKET: "{part.client for part in parts if isinstance(part, Socket)} or {each}",
    Held.STREAM: "{client for client, subscription in self.given if any(part is subscription for part in parts)}",
}


def adapter_in_turn(read: ReadClass, module: str, holding: Holding) -> Fitted:
    """An adapter for the class, which `module` has, and which holds subscribers so."""
    return _Writer(read, module, holding).written()


class _Writer:
    """Puts the parts together."""

    def __init__(self, read: ReadClass, module: str, holding: Holding) -> None:
        self._read, self._module, self._holding = read, module, holding
        self._ours = "self.ours" if holding.topics else "self.rooms[topic]"
        hidden = holding.held in (Held.RETURNED, Held.CALLBACK, Held.STREAM)  # what is called a queue or a listener may be a subscriber
        tables = read.tables if holding.topics else read.flat
        aside = read.set_aside if hidden else [each for each in read.set_aside if each in read.uses.nested]
        self._tables = tables or (aside if holding.topics else [])
        self._pairs = read.uses.pairs[:1] if holding.topics and holding.held is Held.NAME and not self._tables else []
        self._reads = holding.held in (Held.RETURNED, Held.NAME) and holding.subscribe.method.name in read.uses.queues
        self._hands = self._plain()
        self._judged = self._hands and not unjudged(read, holding.publish)

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
        names = to_import(read, methods, *[fakes.error_of(read)] * (held is Held.SOCKET))
        standard = "import asyncio\n" * (held is Held.STREAM) + "import weakref\n" * (held is Held.CALLBACK and read.uses.weak)
        standard += "" if holding.topics else "from collections import defaultdict\n"
        text = HEAD.format(
            name=name,
            imports=f"{standard}{NEWLINE * bool(standard)}import subwarden\nfrom {self._module} import {names}\n",
            fakes=faked,
            judged="" if self._judged else JUDGED[held in (Held.RETURNED, Held.NAME) and not self._reads],
            kept=SUBSCRIPTIONS.format(KEPT[held]) if held in KEPT else "",
        )
        text += "        self.given = []  # of all subscriptions that ever were: the client, and what stands for it\n" * (
            held in (Held.RETURNED, Held.STREAM)
        )
        text += "        self.starting = asyncio.Lock()  # one generator begins at a time, so that it is known whose queue is new\n" * (
            held is Held.STREAM
        )
        if holding.topics:
            text += f"        self.ours = {name}({made})\n"
        else:
            text += f"        self.rooms = defaultdict(lambda: {name}({made}))  # for each topic one {name}\n"
            doubts.append(f"{name} has no topics: the adapter makes one {name} for each topic")
        if by_user(read):
            doubts.append(f"the user is the topic, and the connections of {self._tables[0]} are the subscribers")
        if holding.ends is None and held is not Held.STREAM:
            doubts.append("a client that goes unsubscribes from each of its topics, as a handler does at its end")
        doubts.append(f"{said(holding.subscribe.method)}: a subscriber is {held.value.format('it')}; the adapter asks once for each topic")
        doubts += refusals_of(methods)
        if self._hands and not self._judged:
            doubts.append(unjudged(read, holding.publish))
        taken = {"subscribe": holding.subscribe, "unsubscribe": holding.unsubscribe, "publish": holding.publish, "disconnect": holding.ends}
        shown = {operation: said(each.method) for operation, each in taken.items() if each is not None}
        tables = self._tables or [attribute for attribute, _ in self._pairs]
        text += fakes.senders(read) + self._operations() + self._observe(doubts)
        return Fitted(text, {**shown, "observe": ", ".join(tables) or "not found"}, doubts)

    def _plain(self) -> bool:
        """Whether clients receive messages as they were published."""
        read, publish = self._read, self._holding.publish
        if publish is None:
            return False
        message = next(each for each, part in zip(publish.method.parameters, publish.parts, strict=True) if part is Part.MESSAGE)
        if self._holding.held is Held.STREAM:
            return self._holding.subscribe.method.name not in read.uses.changes and message.name in read.uses.handed
        reaches = self._reads or self._holding.held in (Held.SOCKET, Held.CALLBACK) or bool(fakes.senders(read))
        return reaches and message_for(message) == "message" and message.name in {*read.uses.handed, *fakes.sent(read)}

    def _every(self) -> list[Taken]:
        holding = self._holding
        return [each for each in (holding.subscribe, holding.unsubscribe, holding.publish, holding.ends) if each is not None]

    def _operations(self) -> str:
        holding, held = self._holding, self._holding.held
        made = {Held.SOCKET: "Socket(client, self.env, self.inbox)", Held.CALLBACK: "Callback(client, self.env, self.inbox)"}
        if held is Held.STREAM:
            table = MEMBERS.format(table=self._tables[0]) if self._tables else NO_MEMBERS
            text = STREAMED.format(call=self._call("subscribe", holding.subscribe).strip()) + table
        elif self._reads and held is Held.NAME:
            text = FOLLOWED.format(call=self._call("subscribe", holding.subscribe, "queue = "))
        elif held is Held.RETURNED:
            text = RETURNED.format(call=self._call("subscribe", holding.subscribe, "self.subscriptions[client, topic] = "))
            text += "        await self.follow(client, topic, self.subscriptions[client, topic])\n" * self._reads
        else:
            text = HANDED.format(call=self._call("subscribe", holding.subscribe, "return "), made=made.get(held, "client"))
        if held is Held.STREAM:
            return text + (PUBLISH.format(call=self._call("publish", holding.publish)) if holding.publish is not None else "")
        if holding.unsubscribe is not None:
            call = self._call("unsubscribe", holding.unsubscribe, "return ")
            text += LEAVES_QUEUE.format(call=indent(call, "        ")) if self._reads else LEAVES.format(call=indent(call, "    "))
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
        return guarded(call, taken.method, operation, subscriber if own else "", fakes.error_of(self._read))

    def _observe(self, doubts: list[str]) -> str:
        held, ours = self._holding.held, self._ours
        part = f'["{self._tables[0].strip("_")}"]' if self._holding.topics and len(self._tables) > 1 else ""
        has = "(client, topic) in self.observe()" if self._pairs else f"client in self.observe(){part}.get(topic, ())"
        head = HAS.format(has=has) * (held is not Held.STREAM) + "\n    def observe(self):\n"
        if self._pairs:
            return head + f"        return {fakes.pairs_of(self._pairs[0], self._ours, '')}\n"
        if not self._tables and held is Held.STREAM:
            return ""
        if not self._tables:
            doubts.append("no table of who is subscribed was found; write observe()")
            return head + "        raise NotImplementedError  # for each topic its clients, or (client, topic) pairs\n"
        named = held is not Held.NAME
        each = "(members.values() if isinstance(members, dict) else members)" if held in (Held.RETURNED, Held.STREAM) else "members"
        strong = STRONG * (held is Held.CALLBACK and self._read.uses.weak)
        names = NAMES.format(each=each, strong=strong, inside=WHOSE[held]) if named else ""
        if not self._holding.topics:
            shown = f"self.names(room.{self._tables[0]})" if named else f"set(room.{self._tables[0]})"
            return names + head + f"        return {{topic: {shown} for topic, room in self.rooms.items()}}\n"
        shown = "self.names(members)" if named else "set(members)"
        tables = {each: f"{{topic: {shown} for topic, members in {ours}.{each}.items()}}" for each in self._tables}
        if len(tables) == 1:
            return names + head + f"        return {tables[self._tables[0]]}\n"
        inside = "".join(f'            "{each.strip("_")}": {table},\n' for each, table in tables.items())
        return names + head + f"        return {{\n{inside}        }}\n"

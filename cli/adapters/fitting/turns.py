"""Writes the adapter of a class that is told who subscribes, and not who connects: it serves each client in turn, as a handler does.

The texts are in `turn_texts.py`.
"""

from textwrap import indent

from subwarden.cli.adapters.fitting import fakes
from subwarden.cli.adapters.fitting.calls import Fitted, call_of, guarded, refusals_of, said, to_import
from subwarden.cli.adapters.fitting.endings import ENTERS, Ending
from subwarden.cli.adapters.fitting.holding import Held, Holding, by_user
from subwarden.cli.adapters.fitting.messages import PUBLISHED, RECEIVE, fake_message, hands_on, message_for, unjudged, wraps
from subwarden.cli.adapters.fitting.reading import ReadClass, of_method
from subwarden.cli.adapters.fitting.roles import Part, Taken, is_socket
from subwarden.cli.adapters.fitting.turn_texts import (
    BOUND,
    ENDED,
    ENDS,
    ENDS_ALL,
    ENTERED,
    FOLLOWED,
    FOLLOWS,
    HANDED,
    HAS,
    HEAD,
    HELD,
    HOLDS,
    JUDGED,
    KEPT,
    LEAVES,
    LEAVES_QUEUE,
    LEFT,
    MEMBERS,
    NAMES,
    NEWLINE,
    NO_LEAVES,
    NO_MEMBERS,
    PARTS,
    PUBLISH,
    RETURNED,
    STREAMED,
    STRONG,
    SUBSCRIPTIONS,
    WHOSE,
)


def adapter_in_turn(read: ReadClass, module: str, holding: Holding) -> Fitted:
    """An adapter for the class, which `module` has, and which holds subscribers so."""
    return _Writer(read, module, holding).written()


class _Writer:
    """Puts the parts together."""

    def __init__(self, read: ReadClass, module: str, holding: Holding) -> None:
        self._read, self._module, self._holding = read, module, holding
        self._ours = "self.ours" if holding.topics else "self.rooms[topic]"
        hidden = holding.held in (Held.RETURNED, Held.CALLBACK, Held.STREAM)  # what is called a queue or a listener may be a subscriber
        self._users = (
            not holding.topics and holding.held is Held.SOCKET and bool(read.tables)
        )  # one room, with the connections of each user
        tables = of_method(read, holding.subscribe.method, read.tables if holding.topics or self._users else read.flat)
        aside = read.set_aside if hidden else [each for each in read.set_aside if each in read.uses.nested]
        self._tables = tables or (aside if holding.topics else [])
        self._pairs = read.uses.pairs[:1] if holding.topics and holding.held is Held.NAME and not self._tables else []
        self._ending = holding.subscribe.method.ending if holding.unsubscribe is None and holding.ends is None else Ending.METHOD
        self._reads = holding.held in (Held.RETURNED, Held.NAME) and holding.subscribe.method.name in read.uses.queues
        self._hands = self._reaches() and hands_on(read, holding.publish, fakes.sent(read))
        wakes = holding.held is Held.STREAM and holding.subscribe.method.name not in read.uses.queues  # all that wait for one thing
        self._unjudged = unjudged(read, holding.publish, everybody=wakes)
        self._judged = self._hands and not self._unjudged

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
        faked += HELD * (held is not Held.NAME)
        faked += fake_message(read, holding.publish)
        if self._wraps():
            faked = PUBLISHED + faked.replace(".append(message)", ".extend(published(message))")
        names = to_import(read, methods, *[fakes.error_of(read)] * (held is Held.SOCKET))
        needed = {"asyncio": held is Held.STREAM, "re": self._wraps()}
        needed["weakref"] = held is Held.CALLBACK and read.uses.weak
        standard = "".join(f"import {module}\n" for module, wanted in needed.items() if wanted)
        standard += "" if holding.topics else "from collections import defaultdict\n"
        text = HEAD.format(
            name=name,
            imports=f"{standard}{NEWLINE * bool(standard)}import subwarden\nfrom {self._module} import {names}\n",
            fakes=faked,
            judged="" if self._judged else JUDGED[held in (Held.RETURNED, Held.NAME) and not self._reads],
            kept=SUBSCRIPTIONS.format(KEPT[held]) if held in KEPT else "",
        )
        text += "        self.endings = {}  # by client and topic: what ends its subscription\n" * (self._ending is not Ending.METHOD)
        text += "        self.given = []  # of all subscriptions that ever were: the client, and what stands for it\n" * (
            held in (Held.RETURNED, Held.STREAM)
        )
        text += "        self.starting = asyncio.Lock()  # one generator begins at a time, so that it is known whose queue is new\n" * (
            held is Held.STREAM
        )
        if holding.topics:
            text += f"        self.ours = {fakes.made(read, made)}\n"
        else:
            text += f"        self.rooms = defaultdict(lambda: {fakes.made(read, made)})  # for each topic one {name}\n"
            doubts.append(f"{name} has no topics: the adapter makes one {name} for each topic")
        if by_user(read):
            connections = f", and the connections of {self._tables[0]} are the subscribers" if self._tables else ""
            doubts.append(f"the user is the topic{connections}")
        if holding.ends is None and held is not Held.STREAM:
            doubts.append("a client that goes unsubscribes from each of its topics, as a handler does at its end")
        doubts.append(f"{said(holding.subscribe.method)}: a subscriber is {held.value.format('it')}; the adapter asks once for each topic")
        doubts += refusals_of(methods)
        if self._hands and not self._judged:
            doubts.append(self._unjudged)
        taken = {"subscribe": holding.subscribe, "unsubscribe": holding.unsubscribe, "publish": holding.publish, "disconnect": holding.ends}
        shown = {operation: said(each.method) for operation, each in taken.items() if each is not None}
        tables = self._tables or [attribute for attribute, _ in self._pairs]
        receives = RECEIVE * (self._wraps() and (held is Held.STREAM or self._reads))
        text += fakes.senders(read) + self._operations() + receives + self._observe(doubts)
        return Fitted(text, {**shown, "observe": ", ".join(tables) or "not found"}, doubts)

    def _reaches(self) -> bool:
        """Whether the adapter sees what its clients receive."""
        return self._reads or self._holding.held in (Held.STREAM, Held.SOCKET, Held.CALLBACK) or bool(fakes.senders(self._read))

    def _wraps(self) -> bool:
        """Whether the messages must be looked for in what clients receive."""
        yields = self._holding.held is Held.STREAM and self._holding.subscribe.method.name in self._read.uses.changes
        return self._judged and (yields or wraps(self._read, self._holding.publish))

    def _every(self) -> list[Taken]:
        holding = self._holding
        return [each for each in (holding.subscribe, holding.unsubscribe, holding.publish, holding.ends) if each is not None]

    def _operations(self) -> str:
        holding, held = self._holding, self._holding.held
        made = {Held.SOCKET: "Socket(client, self.env, self.inbox)", Held.CALLBACK: fakes.made_callback(self._read)}
        if held is Held.STREAM:
            table = NO_MEMBERS
            if self._tables:
                room = f"{self._ours}.{self._tables[0]}"
                table = MEMBERS.format(members=f"{room}.get(topic, ())" if holding.topics else room)
            text = STREAMED.format(call=self._call("subscribe", holding.subscribe).strip()) + table
        elif self._reads and held is Held.NAME:
            text = FOLLOWED.format(call=self._call("subscribe", holding.subscribe, "queue = "))
        elif self._ending in ENTERS:
            call = call_of(holding.subscribe.method, self._ours, self._given(holding.subscribe))
            text = ENTERED.format(call=call, enters=ENTERS[self._ending].format("context")) + (FOLLOWS if self._reads else HOLDS)
        elif held is Held.RETURNED:
            text = RETURNED.format(call=self._call("subscribe", holding.subscribe, "self.subscriptions[client, topic] = "))
            text += FOLLOWS if self._reads else HOLDS
        else:
            begin = "return " if self._ending is Ending.METHOD else "self.endings[client, topic] = "
            text = HANDED.format(call=self._call("subscribe", holding.subscribe, begin), made=made.get(held, "client"))
        if held is Held.STREAM:
            return text + (PUBLISH.format(call=self._call("publish", holding.publish)) if holding.publish is not None else "")
        if self._ending is not Ending.METHOD:
            entered = self._ending in ENTERS
            ends = self._ending.value.format("self.endings.pop((client, topic))" if entered else "self.endings[client, topic]")
            text += (LEFT if entered else ENDED).format(ends=ends)
        elif holding.unsubscribe is not None:
            call = self._call("unsubscribe", holding.unsubscribe, "return ")
            text += LEAVES_QUEUE.format(call=indent(call, "        ")) if self._reads else LEAVES.format(call=indent(call, "    "))
        else:
            text += NO_LEAVES
        if holding.ends is not None:
            text += ENDS_ALL.format(call=indent(self._call("disconnect", holding.ends), "    "))
        else:
            text += ENDS
        return text + (PUBLISH.format(call=self._call("publish", holding.publish)) if holding.publish is not None else "")

    def _given(self, taken: Taken) -> list[str]:
        """What the method is given."""
        subscriber = "self.subscriptions[client, topic]"
        values = {Part.TOPIC: "topic", Part.CALLBACK: subscriber, Part.OTHER: subscriber}
        given = []
        for each, part in zip(taken.method.parameters, taken.parts, strict=True):
            value = values.get(part, subscriber if self._holding.held is Held.RETURNED or is_socket(each, self._read) else "client")
            given.append(message_for(each) if part is Part.MESSAGE else value)
        return given

    def _call(self, operation: str, taken: Taken, begin: str = "") -> str:
        """The call of a method, and what is done with its answer."""
        call = begin + call_of(taken.method, self._ours, self._given(taken))
        own = self._holding.held is Held.SOCKET and operation != "publish" and any(map(fakes.may_break, self._read.sends))
        socket = "self.subscriptions[client, topic]" if own else ""
        return guarded(call, taken.method, operation, socket, fakes.error_of(self._read))

    def _observe(self, doubts: list[str]) -> str:
        held, ours = self._holding.held, self._ours
        part = f'["{self._tables[0].strip("_")}"]' if self._holding.topics and len(self._tables) > 1 else ""
        has = "(client, topic) in self.observe()" if self._pairs else f"client in self.observe(){part}.get(topic, ())"
        head = HAS.format(has=has) * (held is not Held.STREAM) + "\n    def observe(self):\n"
        if self._pairs:
            return head + f"        return {fakes.pairs_of(self._pairs[0], self._ours, '')}\n"
        if not self._tables and held is Held.STREAM and self._judged:
            return ""
        if not self._tables:
            doubts.append("no table of who is subscribed was found; write observe()")
            return head + "        raise NotImplementedError  # for each topic its clients, or (client, topic) pairs\n"
        named = held is not Held.NAME
        each = "(members.values() if isinstance(members, dict) else members)" if held in (Held.RETURNED, Held.STREAM) else "members"
        strong = STRONG * (held is Held.CALLBACK and self._read.uses.weak)
        parts = PARTS
        if held is Held.CALLBACK and fakes.made_callback(self._read).endswith("__call__"):
            parts = BOUND
        names = NAMES.format(each=each, strong=strong, parts=parts, inside=WHOSE[held]) if named else ""
        if not self._holding.topics:
            table = f"room.{self._tables[0]}"
            members = f"each for members in {table}.values() for each in members" if self._users else table
            shown = f"self.names({members})" if named else f"set({table})"
            return names + head + f"        return {{topic: {shown} for topic, room in self.rooms.items()}}\n"
        shown = "self.names(members)" if named else "set(members)"
        tables = {each: f"{{topic: {shown} for topic, members in {ours}.{each}.items()}}" for each in self._tables}
        if len(tables) == 1:
            return names + head + f"        return {tables[self._tables[0]]}\n"
        inside = "".join(f'            "{each.strip("_")}": {table},\n' for each, table in tables.items())
        return names + head + f"        return {{\n{inside}        }}\n"

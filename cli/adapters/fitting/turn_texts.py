"""The texts of the adapters that serve each client in turn (`turns.py` puts them together)."""

from subwarden.cli.adapters.fitting.holding import Held

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
        return [*{members}]
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
                if not self.has(client, topic):  # else it was cancelled, and goes on
                    await self.unfollow(client, topic)
"""
ENTERED = """
    async def joins(self, client, topic):
        if self.has(client, topic):
            return
        context = {call}
        self.subscriptions[client, topic] = {enters}
        self.endings[client, topic] = context
        self.given.append((client, self.subscriptions[client, topic]))
"""
LEFT = """
    async def leaves(self, client, topic):
        if (client, topic) in self.endings:
            try:
                {ends}
            finally:
                if not self.has(client, topic):  # else it was cancelled, and goes on
                    await self.unfollow(client, topic)
"""
ENDED = """
    async def leaves(self, client, topic):
        if self.has(client, topic):
            {ends}
"""
HOLDS = """\
        queues = [each for each in held(self.subscriptions[client, topic])[1:] if hasattr(each, "put_nowait")]
        self.given += [(client, each) for each in queues]  # they stand for it, too
"""
FOLLOWS = "        await self.follow(client, topic, self.subscriptions[client, topic])\n"
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
{strong}        parts = {parts}
        return {inside}
'''
PARTS = "each if isinstance(each, tuple) else held(each)"
HELD = '''
def held(each):
    """An object, and what it holds."""
    names = (*getattr(each, "__dict__", ()), *getattr(each, "__slots__", ()))
    return (each, *(getattr(each, name, None) for name in names))

'''
BOUND = f'[getattr(part, "__self__", part) for part in ({PARTS})]'  # of a bound method, its object
STRONG = "        each = each() if isinstance(each, weakref.ref) else each\n"
SUBSCRIBER = "{client for client, subscription in self.given if any(part is subscription for part in parts)}"
WHOSE = {
    Held.RETURNED: SUBSCRIBER,
    Held.CALLBACK: "{part.client for part in parts if isinstance(part, Callback)}",
    Held.SOCKET: "{part.client for part in parts if isinstance(part, Socket)} or {each}",
    Held.STREAM: SUBSCRIBER,
}

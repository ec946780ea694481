"""Subjects that cannot be checked, each wrong in one way, as files of a user."""

SUBJECTS = """
import asyncio, time
from itertools import count
from subwarden.impl.manager.manager import Manager
from subwarden.model.manager.state import Entry, State

class Nothing: pass

class WrongSignature(Manager):
    async def has_subscribers(self): ...

class ShowRaises(Manager):
    def show(self): raise KeyError("the maps")

class ShowLeaves(Manager):
    def show(self): raise SystemExit(0)

class ShowIsNoState(Manager):
    def show(self): return 42

class ShowIsHalfAState(Manager):
    def show(self): return super().show()._replace(subscribers=None)

class ShowRaisesLater(Manager):
    looks = 0
    def show(self):
        self.looks += 1
        if self.looks > 3: raise KeyError("the maps")
        return super().show()

class ShowOfALaterRaises(Manager):
    made = 0
    def __init__(self):
        super().__init__()
        type(self).made += 1
        self.late = self.made > 60
    def show(self):
        if self.late: raise KeyError("of a later one")
        return super().show()

class StartsAsNoState(Manager):
    starts_as = {}

class StartsAsAnother(Manager):
    starts_as = State(entries=((1, Entry(1)),), incarnations=1)

class NoLocks(Manager):
    def locks(self): return None

class MadeOnce(Manager):
    made = 0
    def __init__(self):
        MadeOnce.made += 1
        if MadeOnce.made > 1: raise RuntimeError("only one")
        super().__init__()

class MadeOften(Manager):
    made = (n for n in count(1))  # which no run puts back
    def __init__(self):
        if next(self.made) > 200: raise RuntimeError("no more")
        super().__init__()

class Often:
    made = (n for n in count(1))
    def __init__(self):
        if next(self.made) > 200: raise RuntimeError("no more")
        self.live, self.pairs = set(), set()
    async def connect(self, client): self.live.add(client)
    async def subscribe(self, client, topic):
        if client in self.live: self.pairs.add((client, topic))
        return client in self.live
    def observe(self): return self.pairs

def needs(argument): return Manager()
def raises(): raise ValueError("two\\nlines")
def leaves(): raise SystemExit(0)
def interrupts(): raise KeyboardInterrupt
def blocks(): time.sleep(60)
not_a_factory = 3

def doing(what):
    class Manager_(Manager):
        async def connection_initialized(self, connection_id):
            await super().connection_initialized(connection_id)
            await what()
    return Manager_

async def _executor(): await asyncio.get_running_loop().run_in_executor(None, len, "")
async def _socket(): await asyncio.open_connection("127.0.0.1", 9)
async def _exit(): raise SystemExit(0)
async def _interrupt(): raise KeyboardInterrupt
async def _raise(): raise LookupError("[bold]no[/bold]")
async def _hang(): await asyncio.Event().wait()
async def _leave(): asyncio.create_task(asyncio.Event().wait(), name="left")
async def _swallow():
    try: await _executor()
    except BaseException: pass

def late(what):
    class Manager_(Manager):
        calls = (n for n in count(1))
        async def has_subscribers(self, thread_id):
            if next(self.calls) > 40: await what()
            return await super().has_subscribers(thread_id)
    return Manager_

LateSocket, LateExit, LateInterrupt = map(late, (_socket, _exit, _interrupt))

class LateShow(Manager):
    looks = (n for n in count(1))
    seen = False
    def show(self):
        if next(self.looks) > 3_000 and self.seen: raise KeyError("the maps")
        self.seen = True
        return super().show()

Executor, Swallows, Socket, Exits, Raises, Hangs, Leaves = map(doing, (_executor, _swallow, _socket, _exit, _raise, _hang, _leave))
Interrupts = doing(_interrupt)
"""

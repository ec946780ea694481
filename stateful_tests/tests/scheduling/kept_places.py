"""Places that can keep something from run to run, as modules: for each, what a run does (`leave`) and what the next would see (`seen`).

Long because it is a table, and one of modules that must not notice.
"""

PLACES = {
    "a global that is bound anew": "total = 0\ndef leave():\n    global total\n    total += 1\ndef seen(): return total",
    "a new global": "def leave():\n    global total\n    total = 1\ndef seen(): return 'total' in globals()",
    "a global that is deleted": "total = 0\ndef leave():\n    global total\n    del total\ndef seen(): return globals().get('total')",
    "a list": "kept = [1]\ndef leave(): kept.append(2)\ndef seen(): return kept",
    "a dictionary": "kept = {}\ndef leave(): kept['a'] = 1\ndef seen(): return kept",
    "the order of a dictionary": "kept = {'a': 1, 'b': 2}\ndef leave(): kept['a'] = kept.pop('a')\ndef seen(): return list(kept)",
    "the order of an OrderedDict": (
        "from collections import OrderedDict\nkept = OrderedDict(a=1, b=2)\n"
        "def leave(): kept.move_to_end('a')\ndef seen(): return list(kept)"
    ),
    "a defaultdict": (
        "from collections import defaultdict\nkept = defaultdict(set)\ndef leave(): kept['a'].add(1)\ndef seen(): return dict(kept)"
    ),
    "a container in a container": "kept = {'a': {'b': [{1}]}}\ndef leave(): kept['a']['b'][0].add(2)\ndef seen(): return kept",
    "the order of a set, after it was large": (
        "kept = set()\ndef leave():\n    kept.update(range(1000))\n    while kept: kept.pop()\n"
        "def seen():\n    kept.update((16, 8, 1))\n    return list(kept)"
    ),
    "a deque": (
        "from collections import deque\nkept = deque([1], 2)\ndef leave(): kept.extend((2, 3))\ndef seen(): return list(kept), kept.maxlen"
    ),
    "a bytearray": "kept = bytearray(b'a')\ndef leave(): kept[0] = 98\ndef seen(): return bytes(kept)",
    "a subclass of dict": "class Kept(dict): pass\nkept = Kept()\ndef leave(): kept['a'] = 1\ndef seen(): return dict(kept)",
    "an instance": "class Hub:\n    def __init__(self): self.n = 0\nhub = Hub()\ndef leave(): hub.n += 1\ndef seen(): return hub.n",
    "an attribute that an instance had not": "class Hub: pass\nhub = Hub()\ndef leave(): hub.n = 1\ndef seen(): return vars(hub)",
    "slots": (
        "class Hub:\n    __slots__ = ('n', 'm', 'o')\nhub = Hub()\nhub.n = hub.o = 0\n"
        "def leave():\n    hub.n = 1\n    hub.m = 2\n    del hub.o\ndef seen(): return [getattr(hub, each, None) for each in 'nmo']"
    ),
    "an attribute of a class": "class Hub:\n    n = 0\ndef leave(): Hub.n += 1\ndef seen(): return Hub.n",
    "a container of a class": "class Hub:\n    all = []\ndef leave(): Hub.all.append(1)\ndef seen(): return Hub.all",
    "a new attribute of a class": "class Hub: pass\ndef leave(): Hub.only = Hub()\ndef seen(): return hasattr(Hub, 'only')",
    "a default argument": (
        "def note(n, known=[]):\n    known.append(n)\n    return list(known)\ndef leave(): note(1)\ndef seen(): return note(2)"
    ),
    "an attribute of a function": "def note(): note.n += 1\nnote.n = 0\ndef leave(): note()\ndef seen(): return note.n",
    "the closure of a decorator": (
        "def once(function):\n    known = {}\n    n = 0\n    def wrapped(key):\n        nonlocal n\n        n += 1\n"
        "        return known.setdefault(key, function(n))\n    return wrapped\n"
        "@once\ndef note(n): return n\ndef leave(): note('a')\ndef seen(): return note('a'), note('b')"
    ),
    "a cache": (
        "from functools import cache\nmade = []\n@cache\ndef note(n):\n    made.append(n)\n    return len(made)\n"
        "def leave(): note(1)\ndef seen(): return note(2), note(1)"
    ),
    "a count": "from itertools import count\nnumbers = count(5, 2)\ndef leave(): next(numbers)\ndef seen(): return next(numbers)",
    "a count of a class": (
        "from itertools import count\nclass Hub:\n    numbers = count(1)\n"
        "def leave(): next(Hub.numbers)\ndef seen(): return next(Hub.numbers)"
    ),
    "the answers of a mock": (
        "from unittest.mock import Mock\nsend = Mock(side_effect=list('abcd'))\ndef leave(): send()\ndef seen(): return send()"
    ),
    "an iterator over a tuple": "turns = iter((1, 2))\ndef leave(): next(turns)\ndef seen(): return next(turns)",
    "a random generator": "from random import Random\nrandom = Random(0)\ndef leave(): random.random()\ndef seen(): return random.random()",
    "a lock, bound to the loop of a run": (
        "import asyncio\nlock = asyncio.Lock()\ndef leave():\n    lock._loop = 'of a run'\n    lock._locked = True\n"
        "def seen(): return lock._loop, lock.locked()"
    ),
    "a queue": "import asyncio\nqueue = asyncio.Queue()\ndef leave(): queue.put_nowait(1)\ndef seen(): return queue.qsize()",
    "a weak set": (
        "from weakref import WeakSet\nclass Hub: pass\nhub = Hub()\nkept = WeakSet()\n"
        "def leave(): kept.add(hub)\ndef seen(): return len(kept)"
    ),
    "a mock": "from unittest.mock import Mock\nsend = Mock()\ndef leave(): send('a')\ndef seen(): return send.call_count, send.mock_calls",
    "what a partial leads to": (
        "from functools import partial\ndef put(known, n): known.append(n)\nnote = partial(put, [])\n"
        "def leave(): note(1)\ndef seen(): return note.args"
    ),
    "what a method leads to": (
        "class Hub:\n    n = ()\n    def note(self): self.n += (1,)\nnote = Hub().note\n"
        "def leave(): note()\ndef seen(): return note.__self__.n"
    ),
    "what a static method leads to": (
        "class Hub:\n    @staticmethod\n    def note(n, known=[]):\n        known.append(n)\n        return list(known)\n"
        "def leave(): Hub.note(1)\ndef seen(): return Hub.note(2)"
    ),
    "an object that is equal to another": (
        "class Client:\n    def __init__(self, name): self.name, self.inbox = name, []\n"
        "    def __eq__(self, other): return self.name == other.name\n    def __hash__(self): return hash(self.name)\n"
        "known, one, all_of = {'a': Client('a')}, Client('a'), {Client('a')}\n"
        "def leave():\n    global one\n    known['a'], one = Client('a'), Client('a')\n    all_of.clear()\n    all_of.add(Client('a'))\n"
        "    for each in (*known.values(), one, *all_of): each.inbox.append(1)\n"
        "def seen(): return [each.inbox for each in (*known.values(), one, *all_of)]"
    ),
    "a list that was the same as another": "one = other = []\ndef leave():\n    global one\n    one = []\ndef seen(): return one is other",
    "a number of another kind": "kept, n = [0], 1\ndef leave():\n    global n\n    kept[0], n = False, 1.0\ndef seen(): return kept, n",
    "members whose hash a run has changed": (
        "class Client:\n    room = 'a'\n    def __hash__(self): return hash(self.room)\n    def __eq__(self, other): return self is other\n"
        "client = Client()\nkept, by, of = {client}, {client: 1}, {(client,): 1}\n"
        "def leave():\n    kept.clear()\n    by.clear()\n    of.clear()\n    client.room = 'b'\n"
        "    kept.add(client)\n    by[client] = of[client,] = 1\n"
        "def seen(): return client.room, client in kept, client in by, (client,) in of"
    ),
    "the class of an instance": "class A: pass\nclass B: pass\na = A()\ndef leave(): a.__class__ = B\ndef seen(): return type(a).__name__",
    "the dictionary of an instance": ("class A: pass\na = A()\na.n = 0\ndef leave():\n    a.__dict__ = {'n': 1}\ndef seen(): return a.n"),
    "an instance in an attribute between underscores": (
        "class Hub: __only__ = None\ndef leave(): Hub.__only__ = Hub()\ndef seen(): return Hub.__only__"
    ),
    "a metaclass": (
        "class Single(type):\n    made = {}\n    def __call__(cls): return Single.made.setdefault(cls, super().__call__())\n"
        "class Hub(metaclass=Single): n = 0\ndef leave(): Hub().n += 1\ndef seen(): return Hub().n"
    ),
    "a descriptor that keeps by owner": (
        "from weakref import WeakKeyDictionary\nclass Kept:\n    def __init__(self): self.of = WeakKeyDictionary()\n"
        "    def __get__(self, owner, kind=None): return self.of.get(owner, 0)\n    def __set__(self, owner, n): self.of[owner] = n\n"
        "class Hub: n = Kept()\nhub = Hub()\ndef leave(): hub.n += 1\ndef seen(): return hub.n"
    ),
    "counts in all kinds of places": (
        "from dataclasses import dataclass, field\nfrom functools import partial\nfrom itertools import count\n"
        "@dataclass\nclass Hub:\n    n: int = field(default_factory=count().__next__)\n"
        "class Slotted: __slots__ = ('n',)\nslotted = Slotted()\nslotted.n = count()\n"
        "kept, by, next_ = [count()], {'a': count()}, count().__next__\n"
        "def given(n=count()): return next(n)\nof = partial(next, count())\n"
        "def made():\n    n = count()\n    return lambda: next(n)\nclosed = made()\n"
        "def leave(): return Hub().n, next(slotted.n), next(kept[0]), next(by['a']), next_(), given(), of(), closed()\nseen = leave"
    ),
    "turns": (
        "from itertools import count, cycle, islice\nturns, late = cycle('abc'), cycle('ab')\nfor _ in range(3): next(late)\n"
        "more = enumerate(zip(iter(range(9)), map(str, count()), filter(None, islice([1, 2, 3, 4], 4)), reversed('abcd')))\n"
        "def leave(): return next(turns), next(late), next(more)\nseen = leave"
    ),
    "what a package's decorator keeps": (
        "from functools import singledispatch\n@singledispatch\ndef shown(n): return 'thing'\n"
        "def leave(): shown.register(int, lambda n: 'number')\ndef seen(): return shown(1)"
    ),
    "the default argument of a context manager": (
        "from contextlib import contextmanager\n@contextmanager\ndef entered(known=[]):\n    known.append(1)\n    yield list(known)\n"
        "def leave():\n    with entered() as known: return known\nseen = leave"
    ),
    "what a cached function has made before": (
        "from functools import lru_cache\n@lru_cache\ndef hub(): return []\nhub()\ndef leave(): hub().append(1)\ndef seen(): return hub()"
    ),
    "behind a view": (
        "from types import MappingProxyType\nkept = MappingProxyType({'a': []})\n"
        "def leave(): kept['a'].append(1)\ndef seen(): return dict(kept)"
    ),
    "behind a method of a list": "note = [].append\ndef leave(): note(1)\ndef seen(): return note.__self__",
    "a context variable's default": (
        "from contextvars import ContextVar\nkept = ContextVar('kept', default=[])\n"
        "def leave(): kept.get().append(1)\ndef seen(): return kept.get()"
    ),
    "what a thread keeps": "from threading import local\nkept = local()\nkept.n = 0\ndef leave(): kept.n += 1\ndef seen(): return kept.n",
    "arrays and buffers": (
        "from array import array\nfrom io import BytesIO, StringIO\nkept, text, data = array('i'), StringIO(), BytesIO()\n"
        "def leave():\n    kept.append(1)\n    text.write('a')\n    data.write(b'a')\n"
        "def seen(): return kept, text.getvalue(), text.tell(), data.getvalue()"
    ),
    "bytes that are looked into": "kept = bytearray(3)\nview = memoryview(kept)\ndef leave(): view[0] = 1\ndef seen(): return bytes(kept)",
    "a magic method of a mock": (
        "from unittest.mock import MagicMock\nkept = MagicMock()\nkept.__getitem__\n"
        "def leave(): kept[1]\ndef seen(): return kept.__getitem__.call_count"
    ),
    "in a dictionary that hides its length": (
        "class Kept(dict):\n    def __len__(self): raise RuntimeError('no')\n    __iter__ = keys = values = __len__\n"
        "kept = Kept()\ndef leave(): kept['a'] = 1\ndef seen(): return list(dict.items(kept))"
    ),
    "in a list that does nothing as a list does": (
        "class Kept(list):\n    def __len__(self): raise RuntimeError('no')\n    extend = clear = __iter__ = __setitem__ = __len__\n"
        "    __eq__ = lambda self, other: True\nkept = Kept()\ndef leave(): list.append(kept, 1)\ndef seen(): return list.__len__(kept)"
    ),
    "in an object that hides its attributes": (
        "class Hub:\n    def __getattribute__(self, name): raise KeyError(name)\nhub = Hub()\nobject.__setattr__(hub, 'n', 0)\n"
        "def leave(): object.__setattr__(hub, 'n', 1)\ndef seen(): return object.__getattribute__(hub, 'n')"
    ),
    "in a class that hides its attributes": (
        "class Hiding(type):\n    def __getattribute__(cls, name): raise KeyError(name)\nclass Hub(metaclass=Hiding): n = 0\n"
        "def leave(): type.__setattr__(Hub, 'n', 1)\ndef seen(): return type.__getattribute__(Hub, 'n')"
    ),
    "the order of attributes": (
        "class Hub: pass\nhub = Hub()\nhub.a, hub.b = 1, 2\ndef leave():\n    del hub.a\n    hub.a = leave.a = 1\n    del leave.b\n"
        "    leave.b = 2\nleave.b, leave.a = 2, 1\ndef seen(): return vars(hub), vars(leave)"
    ),
    "a number that is negative and nothing": (
        "kept, by = [0.0], {'a': 0.0}\ndef leave(): kept[0] = by['a'] = -0.0\ndef seen(): return kept, by"
    ),
    "the maker of a defaultdict": (
        "from collections import defaultdict\nfrom itertools import count\nids, made = defaultdict(count().__next__), defaultdict(list)\n"
        "def leave(): made.default_factory = ids['a']\ndef seen(): return ids['b'], dict(ids), made"
    ),
    "counts in tuples": (
        "from itertools import count\nfrom typing import NamedTuple\nclass Ids(NamedTuple): n: object\nnumbers = count()\n"
        "pair, ids, deep, next_ = (numbers, 1), Ids(count()), [((numbers,),)], numbers.__next__\n"
        "def leave(): return next(pair[0]), next(ids.n), next(deep[0][0][0]), next(numbers), next_()\nseen = leave"
    ),
    "what a cache without a limit has known": (
        "from functools import cache\nn = 0\n@cache\ndef hub(name):\n    global n\n    n += 1\n    return n\nhub('a')\n"
        "def leave():\n    hub.cache_clear()\n    hub('b')\ndef seen(): return hub('a'), hub('b')"
    ),
    "a dictionary that a cache has given": (
        "from functools import lru_cache\n@lru_cache\ndef settings(): return {}\nsettings()\n"
        "def leave(): settings()['a'] = 1\ndef seen(): return dict(settings())"
    ),
    "locks, events and queues of threads": (
        "from queue import Queue\nfrom threading import Event, Lock, RLock, Semaphore\n"
        "lock, mine, event, few, queue = Lock(), RLock(), Event(), Semaphore(2), Queue()\n"
        "def leave():\n    for each in (lock, mine, mine, few): each.acquire(blocking=False)\n    event.set()\n    queue.put(1)\n"
        "def seen(): return lock.locked(), mine._is_owned(), event.is_set(), few._value, queue.qsize(), queue.unfinished_tasks"
    ),
    "variables of the process": (
        "import os\nos.environ['KEPT'] = 'a'\ndef leave():\n    del os.environ['KEPT']\n    os.environ['KEPT_MORE'] = 'b'\n"
        "def seen(): return os.getenv('KEPT'), os.getenv('KEPT_MORE')"
    ),
    "a logger": (
        "import logging\nlogger, child = logging.getLogger('kept'), logging.getLogger('kept.child')\n"
        "def leave():\n    logger.addHandler(logging.NullHandler())\n    logger.setLevel(1)\n    child.isEnabledFor(1)\n"
        "def seen(): return logger.handlers, logger.level, child.isEnabledFor(1)"
    ),
    "an exception that is made once": (
        "CLOSED = ConnectionError('closed')\ndef leave():\n    try:\n        raise CLOSED from KeyError()\n"
        "    except ConnectionError as error:\n"
        "        error.args = ('closed', 1)\ndef seen(): return CLOSED.args, CLOSED.__traceback__, CLOSED.__cause__"
    ),
    "an object of the standard library": (
        "from argparse import Namespace\nfrom configparser import ConfigParser\nargs, parser = Namespace(n=1), ConfigParser()\n"
        "def leave():\n    args.n = 2\n    parser.add_section('a')\ndef seen(): return args, parser.sections()"
    ),
    "a pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor()\ndef leave(): pool.shutdown()\n"
        "def seen(): return pool._shutdown"
    ),
    "behind a view of bytes": "view = memoryview(bytearray(2))\ndef leave(): view[0] = 1\ndef seen(): return bytes(view)",
    "in subclasses of Python's own": (
        "from functools import partial\nclass Part(partial): pass\nclass Shown(property): pass\nnote = Part(list.append, [])\n"
        "def made():\n    known = []\n    return Shown(lambda hub: known)\nclass Hub: known = made()\n"
        "def leave():\n    note(1)\n    Hub().known.append(1)\ndef seen(): return note.args, Hub().known"
    ),
    "an OrderedDict whose keys have changed": (
        "from collections import OrderedDict\nclass Key:\n    n = 1\n    def __hash__(self): return self.n\nkey = Key()\n"
        "kept = OrderedDict({key: 1})\n"
        "def leave():\n    del kept[key]\n    key.n = 2\n    kept[key] = 1\ndef seen(): return key.n, [each.n for each in kept]"
    ),
    "a class that has no hash": (
        "class Meta(type):\n    def __eq__(cls, other): return cls is other\nclass Hub(metaclass=Meta): n = 0\nhub, kept = Hub(), [Hub()]\n"
        "def leave():\n    Hub.n, hub.n = 1, kept.pop()\ndef seen(): return Hub.n, vars(hub), len(kept)"
    ),
    "what is counted when an object dies": (
        "class Client:\n    alive = 0\n    def __init__(self): Client.alive += 1\n    def __del__(self): Client.alive -= 1\nkept = []\n"
        "def leave(): kept.append(Client())\ndef seen(): return Client.alive, kept"
    ),
    "what moves from one place to the next": (
        "class Slotted: __slots__ = ('a', 'b')\nslotted, one = Slotted(), object()\n"
        "slotted.a, left, right, by = one, [one], [one], {'a': one}\n"
        "def made():\n    a, b = one, None\n    def move():\n        nonlocal a, b\n        a, b = b, a\n"
        "        return a is None\n    return move\n"
        "move = made()\ndef leave():\n    move()\n    right.append(left.pop())\n    by['b'] = by.pop('a')\n"
        "    slotted.b = slotted.a\n    del slotted.a\n"
        "def seen(): return len(left), len(right), list(by), hasattr(slotted, 'a'), move() or move()"
    ),
}

# Modules whose classes note in LOOKED whenever they are asked for anything: what is looked at and put back must not notice.
_NOTES = "LOOKED = []\ndef note(name, gives=None): return lambda *_: (LOOKED.append(name), gives)[1]\n"
HOSTILE = {
    "attributes": (
        "class Hub:\n    __getattr__ = __setattr__ = __delattr__ = note('attribute')\n"
        "    __dict__ = __class__ = property(note('property'))\n"
        "    __len__ = __bool__ = __iter__ = note('size')\n    __eq__ = note('=='); __hash__ = note('hash', 1)\n"
        "class Deeper(Hub): pass\nclass Slotted(Hub): __slots__ = ('n',)\nhub, deeper, slotted = Hub(), Deeper(), Slotted()\n"
        "def leave():\n    global hub, other\n    hub, other = Hub(), Hub()\n    type(slotted).n.__set__(slotted, Hub())\n"
    ),
    "keys and elements": (
        "from collections import deque\nfrom weakref import WeakKeyDictionary, WeakSet\nclass Key:\n"
        "    __eq__ = note('==', True)\n    __hash__ = note('hash', 1)\n"
        "a, b = Key(), Key()\n"
        "kept = [a], {a}, {a: b}, (a, b), deque([a]), {(a,): 1}, {frozenset([a])}, WeakSet([a]), WeakKeyDictionary({a: 1})\n"
        "def leave():\n    for each in kept:\n        if hasattr(each, 'clear'): each.clear()\n    kept[0].append(b)\n"
    ),
    "containers": (
        "from collections import OrderedDict, deque\nimport random, array, io\n"
        "names = '__len__ __iter__ __eq__ __getitem__ __setitem__ __delitem__ clear update "
        "extend append add keys values items copy pop __bytes__ getstate setstate tobytes __getstate__ __setstate__ closed "
        "typecode __contains__'.split()\n"
        "for kind in (list, dict, set, deque, bytearray, OrderedDict, random.Random, io.StringIO, io.BytesIO):\n"
        "    globals()[kind.__name__ + '_'] = type('Hostile', (kind,), {'__module__': __name__, **{name: note(name) for name "
        "in names}})()\n"
        "def leave():\n    list.append(list_, 1)\n    dict.__setitem__(dict_, 1, 1)\n    set.add(set_, 1)\n    deque.append(deque_, 1)\n"
        "    bytearray.append(bytearray_, 1)\n    io.StringIO.write(StringIO_, 'a')\n    random.Random.random(Random_)\n"
    ),
    "classes": (
        "class Meta(type):\n    __getattribute__ = __setattr__ = __delattr__ = __instancecheck__ = __subclasscheck__ = note('class')\n"
        "    __module__ = __mro__ = __bases__ = __dict__ = property(note('class'))\n"
        "Hub = type.__call__(Meta, 'Hub', (), {'n': 0})\nhub = type.__call__(Hub)\n"
        "def leave(): type.__setattr__(Hub, 'n', 1)\n"
    ),
    "modules": (
        "import sys\nfrom types import ModuleType\nclass Lazy(ModuleType): __getattribute__ = note('module')\n"
        "lazy = sys.modules['kept_lazy'] = Lazy('kept_lazy')\n"
        "n = 0\ndef leave():\n    global n\n    n = 1\n"
    ),
}
HOSTILE = {name: f"{_NOTES}{text}def seen(): return 0\nLOOKED.clear()\n" for name, text in HOSTILE.items()}

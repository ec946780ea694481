"""What outlives a run is put back before the next: each kind of place that can keep something, in modules of a user's own."""

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import subwarden
from subwarden.scheduling.isolation.kept import Kept, begin_alike, beginning_alike
from subwarden.scheduling.isolation.reachable import reachable

# a module's text, and its functions `leave` (what a run does) and `seen` (what the next run would see)
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
}
NAME = "kept_by_somebody"


@pytest.fixture
def module_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def load(text: str, name: str = NAME) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        made.append(name)
        return importlib.import_module(name)

    yield load
    for name in made:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_what_a_run_leaves_is_put_back(text: str, module_of: Any) -> None:
    """The next run sees what the first would have seen, and so does the one after it. Without putting back, it sees something else."""
    module = module_of(text)
    Kept(module.leave).put_back()  # sets are in the order of those that are filled anew
    kept = Kept(module.leave)
    first = repr(module.seen())
    kept.put_back()
    for _ in range(2):
        module.leave()
        assert list(kept.changed()) or "kept.pop()" in text  # the order in a set shows nowhere else
        kept.put_back()
        assert not list(kept.changed())
        assert repr(module.seen()) == first
        kept.put_back()
    module.leave()
    assert repr(module.seen()) != first, "the module's functions show nothing"


def test_objects_are_put_back_in_their_places(module_of: Any) -> None:
    """Who holds them sees it: also another module that has them by name."""
    module_of("from itertools import count\nkept = []\nnumbers = count()\ndef number(): return next(numbers)\n", "kept_below")
    module = module_of(
        "from kept_below import kept, number, numbers\ndef leave():\n    kept.append(1)\n    return number(), next(numbers)\n"
    )
    held = module.kept
    kept = Kept(module.leave)
    module.leave()
    kept.put_back()
    assert held == [] and held is module.kept is sys.modules["kept_below"].kept
    assert module.numbers is sys.modules["kept_below"].numbers
    assert module.leave() == (0, 1)


def test_arguments_are_put_back(module_of: Any) -> None:
    """A fixture gives each run the same object."""
    module = module_of(
        "class Hub:\n    def __init__(self): self.members = set()\nasync def joins(hub):\n"
        "    assert not hub.members\n    hub.members.add('a')\n"
    )
    hub = module.Hub()

    @subwarden.test
    async def joins(hub: Any) -> None:
        await module.joins(hub)

    joins(hub)
    assert not hub.members


def test_what_a_test_collects_around_its_scenario_stays(module_of: Any) -> None:
    """A bare container; an object in a closure is put back."""
    module = module_of(
        "class Hub: members = ()\ndef made():\n    runs, hub = [], Hub()\n    def joins():\n        hub.members += ('a',)\n"
        "    async def scenario():\n        runs.append(1)\n        joins()\n        assert hub.members == ('a',)\n"
        "    return scenario, runs\n"
    )
    scenario, runs = module.made()
    assert subwarden.explore(scenario).verdict == "holds"
    assert len(runs) > 1


def test_modules_of_packages_and_of_tests_tools_are_left_alone() -> None:
    """They keep what they keep."""
    assert not [*reachable(json.dumps), *reachable(pytest.fixture), *reachable(subwarden.explore)]
    assert not [*reachable(partial(print, logging.getLogger(), pytest.MonkeyPatch(), json))]


def test_a_module_that_a_run_loads_stays_loaded(module_of: Any) -> None:
    """`import` finds it in `sys.modules`, and would not give its package the name again."""
    module = module_of("def leave():\n    global json\n    import json\n")
    kept = Kept(module.leave)
    module.leave()
    kept.put_back()
    assert module.json is sys.modules["json"]


def test_a_comparison_that_raises_is_a_change(module_of: Any) -> None:
    """The subject's own `__eq__` may do anything; it is asked only where a value was replaced."""
    module = module_of(
        "class Odd:\n    def __eq__(self, other): raise RuntimeError('no')\n    __hash__ = None\n"
        "odd = Odd()\ndef leave():\n    global odd\n    odd = Odd()\n"
    )
    before = module.odd
    kept = Kept(module.leave)
    kept.put_back()
    module.leave()
    assert module.odd is not before
    assert list(kept.changed())
    kept.put_back()
    assert module.odd is before


def test_only_runs_that_belong_together_begin_alike(module_of: Any) -> None:
    """Afterwards all is as it was before the first; a lone run is left alone."""
    module = module_of("kept = []\ndef leave(): kept.append(1)\n")
    assert begin_alike(module.leave) is None
    with beginning_alike():
        with beginning_alike():
            begin_alike(module.leave)
            module.leave()
        assert module.kept == [1]
        begin_alike(module.leave)
        assert not module.kept
        module.leave()
    assert not module.kept


ORDERS = """
import asyncio
said = []
async def say(letter):
    await asyncio.sleep(0)
    said.append(letter)
async def scenario():
    await asyncio.gather(*map(say, "abcde"))
"""


def test_the_search_of_states_tells_globals_apart(module_of: Any) -> None:
    """Five letters are said in 120 orders, and a list in a global is all that differs."""
    found = subwarden.explore(module_of(ORDERS).scenario, order="any", schedules=20_000)
    (check,) = found.record["checks"]
    assert found.verdict == "holds" and check["complete"]
    assert check["states"] > 5 * 120

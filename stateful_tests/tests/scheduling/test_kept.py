"""What outlives a run is put back before the next: each kind of place that can keep something, in modules of a user's own.

Long because all tests write their modules by one fixture.
"""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import TestCase
from unittest.mock import patch

import pytest

import subwarden
from subwarden.scheduling.isolation.kept import Kept, begin_alike, beginning_alike
from subwarden.scheduling.isolation.places.reachable import reachable
from subwarden.stateful_tests.tests.scheduling.kept_places import HOSTILE, PLACES

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
    for name in (*made, "kept_lazy"):
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


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_code_of_a_users_runs_when_it_is_looked_at(text: str, module_of: Any) -> None:
    """Nor when it is put back. What it would say may be wrong, and what it does may be seen."""
    module = module_of(text)
    noticed: Any = vars(module)["LOOKED"]
    kept = Kept(vars(module)["leave"])
    kept.put_back()
    assert not noticed
    for _ in range(2):
        vars(module)["leave"]()
        noticed.clear()
        assert list(kept.changed())
        assert not noticed
        kept.put_back()
        assert not list(kept.changed())
        assert not noticed


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
    assert not [*reachable(partial(print, pytest.MonkeyPatch(), json))]


def test_a_package_does_not_lead_to_modules_that_others_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of a whole suite are in one package; each would look after all that the others keep."""
    folder = tmp_path / "package_of_somebody"
    folder.mkdir()
    for name, text in {
        "__init__": "",
        "ours": "from package_of_somebody import used\ndef leave(): used.kept.append(1)\n",
        "used": "kept = []\n",
        "theirs": "kept = []\n",
    }.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        modules = {name: importlib.import_module(f"package_of_somebody.{name}") for name in ("ours", "used", "theirs")}
        found = [id(thing) for thing in reachable(modules["ours"].leave, {})]
        assert id(modules["used"].kept) in found
        assert id(modules["theirs"].kept) not in found
    finally:
        for name in [each for each in sys.modules if each.partition(".")[0] == "package_of_somebody"]:
            del sys.modules[name]


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


def test_each_run_may_change_other_objects(module_of: Any) -> None:
    """Those that have changed are put back one by one, but not for ever, where they become many."""
    module = module_of(
        "class Node:\n    def __init__(self): self.n, self.near = 0, []\nnodes = [Node() for _ in range(500)]\n"
        "def leave(run):\n    for node in nodes[run * 25:run * 25 + 50]:\n        node.n += 1\n        node.near.append(node)\n"
    )
    kept = Kept(module.leave)
    kept.put_back()
    for run in (*range(20), *range(20)):
        module.leave(run)
        assert len(list(kept.changed())) == 2 * len(module.nodes[run * 25 : run * 25 + 50])
        kept.put_back()
        assert not [node for node in module.nodes if node.n or node.near]
        assert not list(kept.changed())


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


UNSEEN = {
    "a generator": "def numbers():\n    n = 0\n    while True:\n        n += 1\n        yield n\nkept = numbers()\n"
    "def take(): return next(kept)",
    "a queue made in C": "from queue import SimpleQueue\nkept = SimpleQueue()\ndef take():\n    kept.put(1)\n    return kept.qsize()",
    "a chain": "from itertools import chain\nkept = chain(range(10_000))\ndef take(): return next(kept)",
    "a database": (
        "import sqlite3\nkept = sqlite3.connect(':memory:')\nkept.execute('create table t (n)')\n"
        "def take(): return kept.execute('insert into t values (1)')"
    ),
    "a generator that is counted": ("def numbers():\n    while True: yield 1\nkept = enumerate(numbers())\ndef take(): return next(kept)"),
    "one of very many": (
        "class One:\n    n = 0\nkept = [One() for _ in range(10_001)]\ndef take():\n    kept[0].n += 1\n    return kept[0].n"
    ),
}


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_no_proof_rests_on_what_cannot_be_put_back(text: str, module_of: Any) -> None:
    """Two states that differ only there must not be taken for one."""
    module = module_of(text)
    kept = Kept(module.take)
    module.take()
    kept.put_back()
    assert list(kept.changed())
    lines = (
        "async def one():\n    await asyncio.sleep(0)\n    take()\n"
        "async def scenario():\n    await asyncio.gather(one(), one(), one(), one())\n"
    )
    found = subwarden.explore(module_of(f"import asyncio\n{text}\n{lines}", "kept_unseen").scenario, order="any", schedules=300)
    assert found.verdict == "holds" and found.record["checks"][0]["not_told_apart"]


def test_what_cannot_be_put_back_is_named_and_makes_no_finding(module_of: Any) -> None:
    """A run that fails by what another has left would not fail alone. Nothing is proved, either."""
    text = f"import asyncio\n{UNSEEN['a generator']}\nasync def scenario():\n    await asyncio.sleep(0)\n    assert take() == 1\n"
    found = subwarden.explore(module_of(text, "kept_unseen").scenario)
    assert found.verdict == "inconclusive" and not found.findings
    assert "likely what outlives a run (kept_unseen.kept (generator))" in found.record["doubts"][0]
    assert "earlier runs have left what makes it fail" in found.record["doubts"][1]
    assert not found.record["checks"][0]["complete"]


def test_a_module_that_a_run_loads_is_put_back(module_of: Any, tmp_path: Path) -> None:
    """As it was when it was loaded, with the modules that it loads, though the module it belongs to was changed before."""
    (tmp_path / "kept_late.py").write_text("import kept_later\nfrom kept_by_somebody import early\nkept = []\n")
    (tmp_path / "kept_later.py").write_text("import kept_late\nkept = []\n")
    module = module_of(
        "import asyncio\nearly = []\nasync def scenario():\n    early.append(1)\n    import kept_late, kept_later\n"
        "    await asyncio.sleep(0)\n    kept_late.kept.append(1)\n    kept_later.kept.append(1)\n"
        "    assert kept_late.kept == kept_later.kept == early == kept_late.early == [1]\n"
    )
    try:
        assert subwarden.explore(module.scenario).verdict == "holds"
        assert not [*module.early, *sys.modules["kept_late"].kept, *sys.modules["kept_later"].kept]
        spec = sys.modules["kept_late"].__spec__
        assert spec is not None and sys.modules["kept_late"].__loader__ is spec.loader
        assert type(sys.modules["kept_late"].__loader__) is type(module.__loader__)
    finally:
        del sys.modules["kept_late"], sys.modules["kept_later"]


def test_a_thread_that_waits_is_not_lost(module_of: Any) -> None:
    """It holds what it waits by: who put that back would take it from the queue, and nobody could wake it any more."""
    module = module_of(
        "from queue import Queue\nfrom threading import Event, Thread\njobs, done, begun, go = Queue(), [], Event(), Event()\n"
        "def work():\n    begun.set()\n    go.wait()\n    while (job := jobs.get()) is not None: done.append(job)\n"
        "thread = Thread(target=work, daemon=True)\nthread.start()\nbegun.wait()\n"
        "def leave(n):\n    go.set()\n    jobs.put(n)\n    while not done: pass\n"
    )
    time.sleep(0.05)  # until it waits
    kept = Kept(module.leave)
    for n in range(3):
        module.leave(n)
        time.sleep(0.05)
        kept.put_back()
        assert not module.done
    module.jobs.put(None)
    module.thread.join(10)
    assert not module.thread.is_alive()


def test_generators_of_numpy_and_arrays_are_put_back(module_of: Any) -> None:
    """Arrays of objects cannot be compared, and are named."""
    pytest.importorskip("numpy")
    module = module_of(
        "import numpy\nnew, old, table = numpy.random.default_rng(1), numpy.random.RandomState(1), numpy.zeros((2, 3))[:, ::2]\n"
        "of = numpy.array([[]], dtype=object)\ndef leave():\n    table[1, 1] = 1\n    return new.random(), old.rand(), table.tolist()\n"
    )
    kept = Kept(module.leave)
    first = module.leave()
    kept.put_back()
    assert not module.table.any()
    assert module.leave() == first
    assert f"{NAME}.of (ndarray)" in kept.left()


def test_contexts_that_a_run_has_entered_are_left(module_of: Any) -> None:
    """The stack of a fixture would not leave them: it is put back."""
    module = module_of("kept = []\n")

    with ExitStack() as stack:
        stack.callback(module.kept.append, "at the end")

        @subwarden.test
        async def enters(stack: ExitStack) -> None:
            stack.enter_context(patch("json.dumps"))

        before = json.dumps
        enters(stack)
        assert json.dumps is before and not module.kept
    assert module.kept == ["at the end"]


def test_cleanups_of_a_test_case_are_its_own() -> None:
    """They are done when the test ends, which a run does not."""
    done: list[int] = []

    class Case(TestCase):
        @subwarden.test
        async def test_it(self) -> None:
            self.addCleanup(done.append, 1)

    result = Case("test_it").run()
    assert result is not None and result.wasSuccessful() and done


def test_an_object_that_cannot_be_copied_is_left_alone(module_of: Any) -> None:
    """Nothing of the subject's may stop the putting back of the rest."""
    module = module_of(
        "from random import SystemRandom\nfrom io import StringIO\nchance, closed, n = SystemRandom(), StringIO(), 0\nclosed.close()\n"
        "class Odd:\n    fails = False\n    def __hash__(self):\n        if self.fails: raise RuntimeError('no')\n        return 1\n"
        "kept = {Odd()}\ndef leave():\n    global n\n    n, Odd.__hash__ = 1, None\n"
    )
    kept = Kept(module.leave)
    module.leave()
    kept.put_back()
    assert module.n == 0

"""Each operator on a tiny source: the faults that it plants, as a reader sees them. All compile, and none moves another line."""

import ast
import re
from textwrap import dedent

import pytest

from subwarden.stateful_tests.score.faults import MOST_LINES, compiled, faults_of, shown
from subwarden.stateful_tests.tests.paths import DOCS, ROOT

HEAD = "import asyncio\n"
CASES: dict[str, tuple[str, dict[str, str]]] = {  # a function, and by operator the lines that it changes
    "a section with an await": (
        """
        async def join(self, c):
            async with self.lock:
                if c in self.members:
                    return
                await self.load(c)
                self.members.add(c)
                await self.tell(c)
        """,
        {
            "no-lock": "- async with self.lock:\n+ if True:\n      if c in self.members:\n          return",
            "late-lock": "+ if c in self.members:\n+     return\n  async with self.lock:\n-     if c in self.members:\n-         return",
            "split-lock 1": "      await self.load(c)\n+ async with self.lock:\n      self.members.add(c)",
            "split-lock 2": "      self.members.add(c)\n+ async with self.lock:\n      await self.tell(c)",
            "early-release": "    ...\n      self.members.add(c)",
            "no-guard": "- if c in self.members:\n-     return\n+ pass",
            "swapped 1": "+ self.members.add(c)\n  await self.load(c)\n- self.members.add(c)",
            "swapped 2": "+ await self.tell(c)\n  self.members.add(c)\n- await self.tell(c)",
            "not-awaited 1": "- await self.load(c)\n+ asyncio.ensure_future(self.load(c))",
            "not-awaited 2": "- await self.tell(c)\n+ asyncio.ensure_future(self.tell(c))",
            "no-addition": "- self.members.add(c)\n+ pass",
        },
    ),
    "a lock that keeps nobody out": (
        """
        async def leave(self, c):
            async with self.lock:
                self.members.discard(c)
        """,
        {"no-removal": "- self.members.discard(c)\n+ pass"},
    ),
    "one of several contexts": (
        """
        async def say(self, c):
            async with self.lock, self.session() as s:
                await s.put(c)
        """,
        {
            "no-lock": "- async with self.lock, self.session() as s:\n+ async with self.session() as s:\n      await s.put(c)",
            "no-wake": "- await s.put(c)\n+ pass",
        },
    ),
    "two changes": (
        """
        async def move(self, c):
            self.rooms[c] = 1
            del self.waiting[c]
            self.count -= 1
        """,
        {
            "no-addition": "- self.rooms[c] = 1\n+ pass",
            "no-removal": "- del self.waiting[c]\n+ pass",
            "no-assignment": "- self.count -= 1\n+ pass",
            "await-between 1": "  self.rooms[c] = 1\n+ await asyncio.sleep(0)\n  del self.waiting[c]",
            "await-between 2": "  del self.waiting[c]\n+ await asyncio.sleep(0)\n  self.count -= 1",
        },
    ),
    "a check and an act": (
        """
        async def take(self, c):
            if not self.free: return False
            self.free = False
        """,
        {
            "no-guard": "- if not self.free: return False\n+ pass",
            "no-assignment": "- self.free = False\n+ pass",
            "await-between": "  if not self.free: return False\n+ await asyncio.sleep(0)\n  self.free = False",
        },
    ),
    "conditions": (
        """
        def mark(self, c):
            if c:
                self.on = c
            elif self.off:
                return
            print(c)
        """,
        {
            "negated": "- if c:\n+ if not (c):",
            "no-assignment": "- self.on = c\n+ pass",
            "no-guard": "  elif self.off:\n-     return\n+     pass",
        },
    ),
    "clean-up": (
        """
        async def serve(self, c):
            try:
                await self.read(c)
            except asyncio.CancelledError:
                self.gone.add(c)
                raise
            except OSError:
                print(c)
        """,
        {
            "not-awaited": "- await self.read(c)\n+ asyncio.ensure_future(self.read(c))",
            "no-handler 1": "  except asyncio.CancelledError:\n-     self.gone.add(c)\n      raise",
            "no-handler 2": "  except OSError:\n-     print(c)\n+     raise",
            "no-addition": "- self.gone.add(c)\n+ pass",
        },
    ),
    "finally": (
        """
        async def serve(self, c):
            try:
                await self.read(c)
            finally:
                self.gone.add(c)
        """,
        {
            "not-awaited": "- await self.read(c)\n+ asyncio.ensure_future(self.read(c))",
            "no-cleanup": "  finally:\n-     self.gone.add(c)\n+     pass",
            "cleanup-on-success": "- finally:\n+ if True:\n      self.gone.add(c)",
        },
    ),
    "limits and exceptions": (
        """
        async def ask(self, c):
            with suppress(OSError):
                async with asyncio.timeout(5):
                    await asyncio.sleep(1)
        """,
        {
            "no-handler": "- with suppress(OSError):\n+ if True:\n      async with asyncio.timeout(5):\n          await asyncio.sleep(1)",
            "no-time-limit": "- async with asyncio.timeout(5):\n+ if True:\n      await asyncio.sleep(1)",
        },
    ),
    "tasks": (
        """
        async def stop(self, task):
            task.cancel()
            self.done.set()
            await asyncio.shield(self.end())
            name = self.names.pop(task, None)
        """,
        {
            "no-cancel": "- task.cancel()\n+ pass",
            "no-wake": "- self.done.set()\n+ pass",
            "not-awaited": "- await asyncio.shield(self.end())\n+ asyncio.ensure_future(asyncio.shield(self.end()))",
            "no-shield": "- await asyncio.shield(self.end())\n+ await self.end()",
            "no-removal": "- name = self.names.pop(task, None)\n+ name = self.names.get(task, None)",
        },
    ),
    "nothing": (
        """
        class Hub:
            def __init__(self):
                self.members = {}
                self.members["all"] = set()

            def add(self, c):
                if not c:
                    raise ValueError(c)

            def __repr__(self):
                if self.members: return "some"
                return "none"
        """,
        {},
    ),
}


def text_of(name: str) -> str:
    return HEAD + dedent(CASES[name][0]).lstrip()


@pytest.mark.parametrize("name", CASES)
def test_an_operator_plants_these_faults(name: str) -> None:
    text = text_of(name)
    found: dict[str, list[str]] = {}
    for fault in faults_of(text)[0]:
        found.setdefault(fault.operator, []).append("\n".join(shown(text, fault)))
    numbered = {f"{operator} {at}" if len(of) > 1 else operator: each for operator, of in found.items() for at, each in enumerate(of, 1)}
    expected = CASES[name][1]
    early = numbered.pop("early-release", None)
    assert (early is not None) is ("early-release" in expected)
    assert early is None or ("-     await self.tell(c)" in early and "+ await self.tell(c)" in early)
    assert numbered == {operator: lines for operator, lines in expected.items() if operator != "early-release"}


@pytest.mark.parametrize("name", CASES)
def test_every_fault_compiles_and_leaves_other_lines_where_they_are(name: str) -> None:
    text = text_of(name)
    before = statements(ast.parse(text))
    for fault in faults_of(text)[0]:
        code = compiled(text, fault.edit)
        function = next(each for each in code.co_consts if hasattr(each, "co_lines"))
        behind = [line for _, _, line in function.co_lines() if line is not None and line > fault.lines[1]]
        assert set(behind) <= before, fault.operator
        assert max((line for _, _, line in function.co_lines() if line is not None), default=0) <= text.count("\n")


def statements(tree: ast.Module) -> set[int]:
    return {node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr | ast.excepthandler)}


def test_a_long_fault_shows_the_lines_that_change_and_their_neighbours() -> None:
    calls = "".join(f"        self.call({number})\n" for number in range(12))
    text = f"class Hub:\n    async def f(self):\n{calls}        await self.tell()\n        self.last.add(1)\n"
    swapped = next(fault for fault in faults_of(text)[0] if fault.operator == "swapped")
    assert shown(text, swapped) == ["+ self.last.add(1)", "  await self.tell()", "- self.last.add(1)"]
    long = "async def f(self):\n    async with self.lock:\n        await a(\n" + "".join(f"            {n},\n" for n in range(12))
    text = long + "        )\n        self.last.add(1)\n"
    faults = {fault.operator: shown(text, fault) for fault in faults_of(text)[0]}
    assert faults["split-lock"] == ["  ...", "      )", "+ async with self.lock:", "      self.last.add(1)"]
    assert faults["no-lock"] == ["- async with self.lock:", "+ if True:", "      await a(", "  ..."]
    assert faults["late-lock"][:4] == ["+ await a(", "+     0,", "+     1,", "+     2,"], "a long change shows both its ends"
    assert len(faults["late-lock"]) <= 2 * MOST_LINES + 3


def test_a_clean_up_that_only_forgets_names_is_none() -> None:
    text = "def f(self):\n    try:\n        print(self)\n    finally:\n        del self{}\n"
    assert [fault.operator for fault in faults_of(text.format(""))[0]] == []
    assert [fault.operator for fault in faults_of(text.format(".a"))[0]] == ["no-cleanup", "cleanup-on-success"]


def test_a_fault_that_changes_nothing_is_told_apart() -> None:
    """The same code, or that of another fault: neither is planted."""
    text = "def f(self):\n    if self.a:\n        self.b = 1\n    elif self.c:\n        return\n"
    faults, others = faults_of(text)
    assert [fault.operator for fault in faults] == ["negated", "no-assignment"]
    assert others == {"the same code": 1}, "the function ends there anyway"


def test_the_page_names_every_operator() -> None:
    page = set(re.findall(r"^\| `([a-z-]+)`", (DOCS / "adapters" / "score.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert page == {operator.split()[0] for _, of in CASES.values() for operator in of}
    operators = ROOT / "stateful_tests" / "score" / "operators"
    code = "".join(path.read_text(encoding="utf-8") for path in operators.glob("*.py"))
    assert all(name in code or name in ("no-removal", "no-addition", "no-assignment") for name in page)

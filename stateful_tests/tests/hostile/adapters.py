"""Subjects that cannot be imported or made, and factories of every sort."""

from subwarden.stateful_tests.tests.hostile.rows import Row
from subwarden.stateful_tests.tests.hostile.subjects import GOOD, MINE

PLAY = ("play", "p.txt", "--schedules", "3", "--subject", "mine.py:Mine")
IMPORTS = {
    "raise": "1 / 0",
    "syntax": "def",
    "indent": "if True:\nx = 1",
    "null bytes": "\0",
    "deep": "x = " + "(" * 5_000,
    "deep calls": "def f(): f()\nf()",
    "exit": "raise SystemExit(0)",
    "exit with a text": "import sys\nsys.exit('bye')",
    "os exit": "import os\nos._exit(0)",
    "exec": "import os\nos.execv('/bin/true', ['true'])",
    "execvp": "import os\nos.execvp('true', ['true'])",
    "base exception": "raise BaseException('odd')",
    "generator exit": "raise GeneratorExit",
    "stop iteration": "raise StopIteration",
    "keyboard interrupt in a class": "class K(KeyboardInterrupt): pass\nraise ValueError(K())",
    "memory error": "raise MemoryError",
    "broken pipe": "raise BrokenPipeError(32, 'pipe')",
    "no space": "raise OSError(28, 'No space left on device')",
    "warning": "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('old')",
    "group": "raise ExceptionGroup('many', [ValueError('x'), OSError()])",
    "group of base": "raise BaseExceptionGroup('many', [SystemExit(0)])",
    "long message": "raise ValueError('x' * 1_000_000)",
    "many lines": "raise ValueError('x\\n' * 10_000)",
    "control characters": "raise ValueError('\\x1b[31m\\udc80\\n\\nsecond')",
    "markup": "raise ValueError('[bold]no[/bold] [/]')",
    "address": "raise ValueError(object())",
    "text that raises": "class E(Exception):\n    def __str__(self): raise ValueError('no')\nraise E()",
    "text that is none": "class E(Exception):\n    def __str__(self): return 3\nraise E()",
    "name that lies": "E = type('\\x1b[31mE', (Exception,), {})\nraise E()",
    "missing module": "import no_such_module_at_all",
    "relative import": "from . import x",
    "itself": "from mine import Mine",
    "future": "from __future__ import nothing",
    "encoding": "# coding: nothing\n",
    "not text": "x = '\udcff'",
    "not there": "x = 1",
    "removes itself": "import sys\ndel sys.modules[__name__]\nraise KeyError(__name__)",
    "getattr of the module": "def __getattr__(name): raise LookupError(name)",
    "getattr that exits": "def __getattr__(name): raise SystemExit(0)",
}
FACTORIES = {
    "number": "Mine = 3",
    "none": "Mine = None",
    "text": "Mine = 'x'",
    "module": "import os as Mine",
    "type": "Mine = type",
    "object": "Mine = object",
    "dict": "Mine = dict",
    "lambda": "Mine = lambda: None",
    "lambda of a class": "Mine = lambda: int",
    "coroutine": "async def Mine(env): pass",
    "async generator": "async def Mine(env): yield 1",
    "generator": "def Mine(env): yield 1",
    "instance": "class C:\n    pass\nMine = C()",
    "call that raises": "class C:\n    def __call__(self): raise ValueError('no')\nMine = C()",
    "class without methods": "class Mine: pass",
    "two arguments": "class Mine:\n    def __init__(self, a, b): pass",
    "keyword only": "class Mine:\n    def __init__(self, *, speed): pass",
    "abstract": "from abc import ABC, abstractmethod\nclass Mine(ABC):\n    @abstractmethod\n    def connect(self, client): ...",
    "protocol": "from typing import Protocol\nclass Mine(Protocol):\n    async def connect(self, client): ...",
    "enum": "from enum import Enum\nclass Mine(Enum):\n    A = 1",
    "exception": "class Mine(Exception): pass",
    "init raises": "class Mine:\n    def __init__(self, env): raise ValueError('x' * 1_000_000)",
    "init exits": "class Mine:\n    def __init__(self, env): raise SystemExit(0)",
    "init os exit": "import os\nclass Mine:\n    def __init__(self, env): os._exit(0)",
    "init raises base": "class Mine:\n    def __init__(self, env): raise BaseException('odd')",
    "init is async": "class Mine:\n    async def __init__(self, env): pass",
    "init recurses": "class Mine:\n    def __init__(self, env): self.other = Mine(env)",
    "new gives none": "class Mine:\n    def __new__(cls, env): return None",
    "new gives another": "class Mine:\n    def __new__(cls, env): return 3",
    "metaclass": "class M(type):\n    def __call__(cls, *a): raise LookupError('x')\nclass Mine(metaclass=M): pass",
    "getattr raises": "class Mine:\n    def __init__(self, env): pass\n    def __getattr__(self, name): raise OSError(name)",
    "getattr exits": "class Mine:\n    def __init__(self, env): pass\n    def __getattr__(self, name): raise SystemExit(0)",
    "getattr gives all": "class Mine:\n    def __init__(self, env): pass\n    def __getattr__(self, name): return 3",
    "getattribute": "class Mine:\n    def __init__(self, env): pass\n    def __getattribute__(self, name): raise RuntimeError(name)",
    "property raises": MINE + "    @property\n    def off(self): raise OSError('off')\n",
    "off is a number": MINE + "    off = 3\n",
    "properties is a list": MINE + "    properties = [1]\n",
    "property that raises": MINE + "    properties = {'mine': lambda shown: 1 / 0}\n",
    "property of a wrong sort": MINE + "    properties = {'mine': 3, 4: len}\n",
    "starts wrongly": MINE + "    async def start(self): raise ValueError('start')\n",
    "starts for ever": "import asyncio\n" + MINE + "    async def start(self): await asyncio.Event().wait()\n",
    "reconnects is a text": MINE + "    reconnects = 'perhaps'\n",
    "model is a number": MINE + "    model = 3\n",
    "model raises": "class Model:\n    initial = 0\n    operations = {'connect': None}\n    def step(self, *a): 1 / 0\n"
    + MINE
    + "    model = Model()\n",
    "methods are values": "class Mine:\n    connect = subscribe = observe = 3\n    def __init__(self, env): pass",
    "wrong arguments": MINE.replace("client, topic", "client"),
    "no arguments": MINE.replace("(self, client)", "()"),
    "async observe": MINE.replace("def observe", "async def observe"),
    "one for all": MINE.replace("Mine", "M")
    + "ONE = []\ndef Mine(env):\n    ONE.append(0)\n    if len(ONE) > 2: raise RuntimeError('no more')\n    return M(env)\n",
}
WELL = {
    "sync methods": MINE.replace("async ", ""),
    "partial": "import functools\n" + MINE.replace("Mine", "M") + "Mine = functools.partial(M)\n",
    "static method": MINE.replace("Mine", "M") + "class H:\n    @staticmethod\n    def make(env): return M(env)\nMine = H.make\n",
    "class method": MINE + "    @classmethod\n    def make(cls, env): return cls(env)\nMine = Mine.make\n",
    "callable object": MINE.replace("Mine", "M") + "class C:\n    def __call__(self, env): return M(env)\nMine = C()\n",
    "default argument": MINE.replace("self, env", "self, env=None"),
    "any arguments": MINE.replace("self, env", "self, *args, **kwargs"),
    "slots": MINE.replace("    def __init__", "    __slots__ = ('pairs', 'live', 'gone')\n    def __init__"),
    "prints": MINE.replace("        self.pairs = {", "        print('\\x1b[31m', object(), '\\udc80')\n        self.pairs = {"),
    "changes warnings": "import warnings\nwarnings.simplefilter('error')\n" + MINE,
}


def rows() -> list[Row]:
    made = [
        Row(f"import, {name}", PLAY, {"mine.py": body.encode(errors="surrogateescape"), "p.txt": GOOD}) for name, body in IMPORTS.items()
    ]
    made += [Row(f"factory, {name}", PLAY, {"mine.py": body, "p.txt": GOOD}) for name, body in FACTORIES.items()]
    made.append(Row("factory, print", PLAY, {"mine.py": "Mine = print", "p.txt": GOOD}, lines=3))  # what it prints is told, too
    return made + [Row(f"factory, {name}", PLAY, {"mine.py": body, "p.txt": GOOD}, 0) for name, body in WELL.items()]

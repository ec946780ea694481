"""What `observe` may show and what operations may return and raise: every shape is judged, or told in a line; none is an error of ours."""

from subwarden.stateful_tests.tests.hostile.adapters import PLAY
from subwarden.stateful_tests.tests.hostile.rows import Row
from subwarden.stateful_tests.tests.hostile.subjects import GOOD, MINE

NOT_PAIRS = {  # what `observe` returns: told in a line
    "a number": "3",
    "a text": "'ct'",
    "bytes": "b'ct'",
    "a class": "set",
    "a function": "self.observe",
    "not implemented": "NotImplemented",
    "ellipsis": "...",
    "texts": "{'c1', 't1'}",
    "numbers": "{1, 2}",
    "triples": "{('c1', 't1', 3)}",
    "singles": "{('c1',)}",
    "nested pairs": "{(('c1', 't1'), 't1')}",
    "pairs of numbers": "{(1, 2)}",
    "pairs of nones": "{(None, None)}",
    "lists that cannot be hashed": "[(['c1'], 't1')]",
    "a dict of numbers": "{'c1': 3}",
    "a dict of texts": "{'c1': 't1x'}",
    "a coroutine": "self.connect('c1')",
    "an iterator that raises": "(1 / 0 for _ in [0])",
    "an iterator that exits": "(exit(0) for _ in [0])",
    "itself": "self",
}
RAISES = {
    "a key error": "KeyError('k')",
    "an exit": "SystemExit(0)",
    "a base exception": "BaseException('odd')",
    "a stop": "StopIteration",
    "a cancellation": "__import__('asyncio').CancelledError()",
    "a group": "ExceptionGroup('g', [ValueError()])",
    "a generator exit": "GeneratorExit",
    "a memory error": "MemoryError",
    "a recursion error": "RecursionError",
    "a long error": "ValueError('x' * 1_000_000)",
    "control characters": "ValueError('\\x1b[2J\\n\\udc80')",
    "a broken pipe": "BrokenPipeError(32, 'pipe')",
    "a full disk": "OSError(28, 'No space left on device')",
    "no exception": "3",
}
RETURNS = {  # what `subscribe` answers: judged by the model, or told
    "a number": "1",
    "a text": "'yes'",
    "a set": "{1}",
    "an object": "object()",
    "a coroutine": "self.connect('c1')",
    "an endless text": "'x' * 1_000_000",
    "an object that raises": "Raises()",
}
OBJECTS = """
class Raises:
    def __repr__(self): raise OSError('repr')
    def __eq__(self, other): raise OSError('eq')
    def __hash__(self): raise OSError('hash')
    def __bool__(self): raise OSError('bool')
"""


def observing(code: str) -> str:
    return OBJECTS + MINE.replace("return self.pairs\n", f"{code}\n")


def subscribing(code: str) -> str:
    return OBJECTS + MINE.replace("        return client in self.live\n", f"        {code}\n")


def rows() -> list[Row]:
    made = [Row(f"observe, {name}", PLAY, {"mine.py": observing(f"return {code}"), "p.txt": GOOD}) for name, code in NOT_PAIRS.items()]
    made += [Row(f"observe raises, {name}", PLAY, {"mine.py": observing(f"raise {code}"), "p.txt": GOOD}) for name, code in RAISES.items()]
    made += [
        Row(f"returns, {name}", PLAY, {"mine.py": subscribing(f"return {code}"), "p.txt": GOOD}, None) for name, code in RETURNS.items()
    ]
    return made + [
        Row(f"raises, {name}", PLAY, {"mine.py": subscribing(f"raise {code}"), "p.txt": GOOD}, None) for name, code in RAISES.items()
    ]

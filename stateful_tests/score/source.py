"""The text of a module with the statements of its functions, and what operators ask of them. Nothing is imported or run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

LOCK_NAMES = re.compile(r"lock|mutex|sem(aphore)?s?$|cond(ition)?s?$|guard", re.IGNORECASE)
LOCK_TYPES = ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "CapacityLimiter")
NOT_LOOKED_INTO = ("__repr__", "__str__", "__format__")  # no behaviour hangs on them
CONTAINERS = {
    "removal": "clear difference_update discard intersection_update pop popitem popleft remove".split(),
    "addition": "add append appendleft extend insert setdefault update".split(),
}
LEAVES = (ast.Return, ast.Continue, ast.Break, ast.Raise)
With = ast.With | ast.AsyncWith


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in the place of the characters from `start` to `end`."""

    start: int
    end: int
    text: str

    @property
    def longer(self) -> int:
        """By how many characters a text gets longer."""
        return len(self.text) - (self.end - self.start)

    def of(self, source: str) -> str:
        """`source` with the edit."""
        return source[: self.start] + self.text + source[self.end :]


@dataclass(frozen=True, slots=True)
class Place:
    """A statement in a function: `block[index]`. `function`: its qualified name; `top`: the class or function of the module that it
    belongs to; `body`: the first and last line of the outermost function around it. `held`: whether it is inside of a section under a
    lock; `makes`: whether the function makes an object, such as `__init__`.
    """

    block: list[ast.stmt]
    index: int
    function: str
    top: str
    body: tuple[int, int]
    is_async: bool
    held: bool
    makes: bool

    @property
    def statement(self) -> ast.stmt:
        return self.block[self.index]

    @property
    def next(self) -> ast.stmt | None:
        """The statement behind it in its block."""
        return self.block[self.index + 1] if self.index + 1 < len(self.block) else None


class Source:
    """The source of one module. Raises SyntaxError."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = re.findall(r"[^\n]*\n|[^\n]+", text)  # as the parser does: `splitlines` also breaks at form feeds
        self.tree = ast.parse(text)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))

    # --- places

    @cached_property
    def places(self) -> list[Place]:
        """The statements of all functions, in the order of the text."""
        return list(self._definitions(self.tree.body, "", "", None))

    def _definitions(self, block: list[ast.stmt], within: str, top: str, body: tuple[int, int] | None) -> Iterator[Place]:
        for node in block:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            name = f"{within}.{node.name}" if within else node.name
            if isinstance(node, ast.ClassDef):
                yield from self._definitions(node.body, name, top or node.name, body)
            elif node.name not in NOT_LOOKED_INTO:
                makes = node.name in ("__init__", "__new__", "__post_init__")
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                lines = body or (first, node.end_lineno or first)
                is_async = isinstance(node, ast.AsyncFunctionDef)
                inside = Place(node.body, 0, name, top or node.name, lines, is_async, held=False, makes=makes)
                yield from self._block(inside, ast.get_docstring(node, clean=False) is not None)

    def _block(self, of: Place, documented: bool = False) -> Iterator[Place]:
        for index in range(int(documented), len(of.block)):
            place = replace(of, index=index)
            statement = place.statement
            if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from self._definitions([statement], of.function, of.top, of.body)
                continue
            yield place
            held = of.held or (isinstance(statement, With) and any(self.is_lock(item.context_expr) for item in statement.items))
            for block in blocks(statement):
                yield from self._block(replace(of, block=block, held=held))

    @cached_property
    def _locks(self) -> set[str]:
        """The names that are given a new lock somewhere in this module."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call) and last_name(node.value) in LOCK_TYPES:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {last_name(target) for target in targets}
        return found - {""}

    def is_lock(self, expression: ast.expr) -> bool:
        """Whether it is a lock, a semaphore or a condition, as far as names say."""
        name = last_name(expression)
        makes_one = any(isinstance(node, ast.Call) and last_name(node) in LOCK_TYPES for node in ast.walk(expression))
        return makes_one or name in self._locks or LOCK_NAMES.search(name) is not None

    @cached_property
    def _waited_under(self) -> set[str]:
        """The names of locks under which something waits somewhere in this module."""
        sections = [node for node in ast.walk(self.tree) if isinstance(node, With) and any(waits(each) for each in node.body)]
        return {last_name(item.context_expr) for section in sections for item in section.items}

    def keeps_out(self, lock: ast.expr) -> bool:
        """Whether anybody ever has to wait for it."""
        return last_name(lock) in self._waited_under

    @cached_property
    def asyncio(self) -> str:
        """How a statement of this module says `asyncio`."""
        for node in self.tree.body:
            for name in node.names if isinstance(node, ast.Import) else ():
                if name.name == "asyncio":
                    return name.asname or name.name
        return '__import__("asyncio")'

    # --- text

    def at(self, line: int, column: int) -> int:
        """The character at a position of `ast`, whose columns count bytes."""
        return self._starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def start(self, node: ast.AST) -> int:
        return self.at(node.lineno, node.col_offset)  # type: ignore[attr-defined]  # statements and expressions have them

    def end(self, node: ast.AST) -> int:
        return self.at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]  # as above

    def line_start(self, line: int) -> int:
        return self._starts[line - 1]

    def of(self, node: ast.AST) -> str:
        """Its text."""
        return self.text[self.start(node) : self.end(node)]

    def replaced(self, node: ast.AST, text: str, until: ast.AST | None = None) -> Edit:
        """`text` in the place of `node`, or of all from `node` to `until`."""
        return Edit(self.start(node), self.end(node if until is None else until), text)

    def indent(self, statement: ast.stmt) -> str:
        """The white space before it; a statement behind a `;` or a `:` has none of its own."""
        before = self.text[self.line_start(statement.lineno) : self.start(statement)]
        return before if not before.strip() else ""

    def alone(self, statement: ast.stmt) -> bool:
        """Whether its first line begins with it, and its last line holds nothing behind it but a comment."""
        before = self.text[self.line_start(statement.lineno) : self.start(statement)]
        behind = self.text[self.end(statement) :].partition("\n")[0].strip()
        return not before.strip() and (not behind or behind.startswith("#"))

    def dedented(self, statement: ast.stmt, by: int) -> str | None:
        """Its text from the beginning of its first line, less indented; None where a text of several lines would change."""
        if any(isinstance(n, ast.Constant | ast.JoinedStr) and n.lineno != n.end_lineno for n in ast.walk(statement)):
            return None
        text = self.text[self.line_start(statement.lineno) : self.end(statement)]
        return "".join(line[by:] if not line[:by].strip() else line for line in text.splitlines(keepends=True))


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of statements inside of one."""
    for name in ("body", "orelse", "finalbody"):
        yield from [found] if (found := getattr(statement, name, None)) else []
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def last_name(expression: ast.AST) -> str:
    """`b` of `a.b`, `a.b()`, `a.b[c]`; empty where it has no name."""
    while True:
        match expression:
            case ast.Call(func=inner) | ast.Subscript(value=inner) | ast.Await(value=inner):
                expression = inner
            case ast.Attribute(attr=name) | ast.Name(id=name):
                return name
            case _:
                return ""


def waits(node: ast.AST) -> bool:
    """Whether it may be suspended, itself and not a function that it defines."""
    inner = list(ast.iter_child_nodes(node))
    while inner:
        each = inner.pop()
        if isinstance(each, ast.Await | ast.AsyncFor | ast.AsyncWith) or (isinstance(each, ast.comprehension) and each.is_async):
            return True
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner += ast.iter_child_nodes(each)
    return isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith)


def change(statement: ast.stmt) -> str:
    """How a statement changes what others may see: `removal`, `addition`, `assignment`; empty where it does not, as far as can be seen."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=method))):
            return next((kind for kind, methods in CONTAINERS.items() if method in methods), "")
        case ast.Delete(targets=targets) if any(isinstance(target, ast.Subscript | ast.Attribute) for target in targets):
            return "removal"
        case ast.Assign(targets=[ast.Subscript(), *_]):
            return "addition"
        case ast.Assign(targets=[ast.Attribute(), *_]) | ast.AugAssign(target=ast.Subscript() | ast.Attribute()):
            return "assignment"
        case ast.AnnAssign(target=ast.Subscript() | ast.Attribute(), value=ast.expr()):
            return "assignment"
    return ""


def is_guard(statement: ast.stmt | None) -> bool:
    """Whether it is an `if` that only leaves: a check before an act."""
    return (
        isinstance(statement, ast.If)
        and not statement.orelse
        and isinstance(statement.body[-1], LEAVES)
        and len(statement.body) <= 2
        and not any(isinstance(node, ast.NamedExpr) for node in ast.walk(statement.test))
    )


def names(node: ast.AST, *, stored: bool) -> set[str]:
    """The local names that a statement binds, or reads."""
    kind = ast.Store if stored else ast.Load
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, kind)}

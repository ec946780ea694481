"""Faults of effects that never happen: a removal, an addition, an assignment, a wake-up, a cancellation, a wait, a shield."""

import ast
from collections.abc import Iterator

from subwarden.stateful_tests.score.operators.fault import Fault, all_lines, fault
from subwarden.stateful_tests.score.source import Edit, Place, Source, blocks, change, last_name

WAKES = "notify notify_all put put_nowait release set set_exception set_result task_done".split()
NOT_LEFT = ("sleep", "acquire", "checkpoint", *WAKES)  # to wait for them is all that they are for, or `effects` leaves them out


def effects(source: Source, place: Place) -> Iterator[Fault]:
    """The faults of one statement."""
    statement = place.statement
    kind = change(statement)
    call = _call(statement)
    gone = source.replaced(statement, "pass")
    if kind and not place.makes:
        yield fault(f"no-{kind}", f"this {kind} never happens", place, gone, all_lines(statement))
    elif call is not None and isinstance(call.func, ast.Attribute):  # ConMAn: remove a call of concurrency
        if call.func.attr == "cancel":
            yield fault("no-cancel", "this is not cancelled", place, gone, all_lines(statement))
        elif call.func.attr in WAKES:
            yield fault("no-wake", "nobody is woken here", place, gone, all_lines(statement))
    yield from _not_waited_for(source, place, statement, call)
    yield from _inside(source, place, statement)


def _call(statement: ast.stmt) -> ast.Call | None:
    match statement:
        case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
            return call
    return None


def _not_waited_for(source: Source, place: Place, statement: ast.stmt, call: ast.Call | None) -> Iterator[Fault]:
    """The call goes on in a task that nobody waits for, as where `await` was forgotten before `gather`."""
    if call is None or call is getattr(statement, "value", None) or last_name(call) in NOT_LEFT:
        return
    edit = source.replaced(statement, f"{source.asyncio}.ensure_future({source.of(call)})")
    yield fault("not-awaited", "nobody waits for this", place, edit, all_lines(statement))


def _inside(source: Source, place: Place, statement: ast.stmt) -> Iterator[Fault]:
    """Faults of the expressions of a statement, but not of the statements in it."""
    inner: list[ast.AST] = [statement]
    apart = {id(each) for block in blocks(statement) for each in block}
    while inner:
        node = inner.pop(0)
        inner += [each for each in ast.iter_child_nodes(node) if id(each) not in apart]
        match node:
            case ast.Call(func=ast.Attribute(attr="pop") as func, args=[_, _], keywords=[]) if not change(statement):
                end = source.end(func)
                edit = Edit(end - len("pop"), end, "get")
                yield fault("no-removal", "this removal never happens", place, edit, _header(statement))
            case ast.Call(args=[only], keywords=[]) if last_name(node.func) == "shield":
                yield fault(
                    "no-shield", "this is not shielded from cancellation", place, source.replaced(node, source.of(only)), _header(statement)
                )


def _header(statement: ast.stmt) -> tuple[int, int | None]:
    """Its lines, without the blocks in it."""
    inner = [block[0].lineno for block in blocks(statement)]
    return (statement.lineno, max(statement.lineno, min(inner) - 1)) if inner else all_lines(statement)

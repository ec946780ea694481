"""A custom model: a pure sequential specification of an adapter's own operations.

The adapter's author gives any object with `initial` (a state), `operations` (the arguments of each, by name) and
`step(state, name, arguments)`, which returns (answer, next state), or a list of all pairs that are right. Every mistake in it raises
`BadModel` with the reason; nothing is guessed.
"""

import inspect
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any

from subwarden.checking.bad_observation import BadObservation
from subwarden.checking.custom.text import text_of
from subwarden.checking.place import in_a_line

Value = str | int | bool | None  # of an argument
State = Hashable
MESSAGE = "message"  # an argument that is a new text in every call; before the call the argument is this word itself
ANY = ...  # an answer that is not judged
WALK = 2_000  # steps of the model that are taken to learn its answers
KINDS = 8  # an operation with more different answers than this answers with data, which coverage does not count


class BadModel(BadObservation):
    """The custom model cannot be used; the message gives the reason and the fix."""


@dataclass(frozen=True, slots=True)
class CustomOperation:
    """A call of one of the custom model's operations."""

    name: str
    arguments: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(a if isinstance(a, str) else repr(a) for a in self.arguments)})"


def operation_of(name: str, arguments: Sequence[object]) -> CustomOperation:
    """The operation of this plain data. Raises ValueError."""
    for value in arguments:
        if value is not None and type(value) not in (str, int, bool):
            raise ValueError(f"{name}: {value!r} is neither a text, a whole number, a boolean nor null")
    return CustomOperation(name, tuple(arguments))  # type: ignore[arg-type]  # checked above


OBSERVE = CustomOperation("observe", ())  # asks for the visible state, in histories and of processes; no model has an operation so named


class CustomModel:
    """The custom model `given`, checked once. `pools`: the values of an argument, by its name. Raises BadModel."""

    def __init__(self, given: Any, pools: Mapping[str, tuple[Value, ...]]) -> None:
        given = _made(given)
        self._step = given.step
        self.shows: Callable[[State], object] | None = getattr(given, "shown", None)
        if self.shows is not None and not callable(self.shows):
            raise BadModel("its model's shown must be a function of a state that returns the value of observe() in that state")
        self.initial: State = given.initial
        _hashable(self.initial, "its model's initial state")
        self.operations = {name: _arguments(name, given.operations[name], pools) for name in _names(given.operations)}
        self.waits = False  # whether an operation may have to wait in a state that the walk reached
        self.answering: set[str] = set()  # the operations that need not wait in some state that the walk reached
        self._walk_all(getattr(given, "answers", {}))
        if self.shows is not None:
            self.shown(self.initial)

    def steps(self, state: State, operation: CustomOperation) -> list[tuple[State, object]]:
        """The transitions of `operation` from `state`, as pairs (next state, answer); none: it has to wait. Raises BadModel."""
        try:
            got = self._step(state, operation.name, operation.arguments)
            pairs = [got] if isinstance(got, tuple) else sorted(got, key=text_of) if isinstance(got, set | frozenset) else list(got)
        except Exception as error:
            where = f"step({text_of(state)}, {operation.name!r}, {text_of(operation.arguments)})"
            must = "it must return (answer, next state), or a list of such pairs"
            raise BadModel(f"its model's {where} failed with {in_a_line(error)}; {must}") from error
        found: list[tuple[State, object]] = []
        for pair in pairs:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise BadModel(f"its model's step of {operation.name} returned {text_of(pair):.80}, which is no pair (answer, next state)")
            _hashable(pair[1], f"the next state that its model's step of {operation.name} returned")
            found.append((pair[1], pair[0]))
        return found

    def seen(self, state: State, operation: CustomOperation) -> list[tuple[State, object]]:
        """As `steps`, for a call that may also be `OBSERVE`: it changes nothing, and answers what shows. Raises BadModel."""
        return [(state, self.shown(state))] if operation == OBSERVE else self.steps(state, operation)

    def shown(self, state: State) -> object:
        """The value that `observe()` should return in `state`. Raises BadModel."""
        assert self.shows is not None
        try:
            return self.shows(state)
        except Exception as error:
            raise BadModel(f"its model's shown({text_of(state)}) raised {in_a_line(error)}") from error

    def takes(self, operation: CustomOperation) -> bool:
        """Whether the model has this operation, with these arguments."""
        pools = self.operations.get(operation.name)
        return (
            pools is not None
            and len(pools) == len(operation.arguments)
            and all(type(a) is str if pool == (MESSAGE,) else a in pool for a, pool in zip(operation.arguments, pools, strict=True))
        )

    def kind(self, operation: str, answer: object) -> str:
        """The kind of transition of `operation` with this answer; the operation's name alone if coverage does not expect the answer."""
        kind = f"{operation}: {text_of(answer)}"
        return kind if kind in self.kinds else operation

    def calls(self) -> Iterator[CustomOperation]:
        """Every operation with all arguments."""
        for name, pools in self.operations.items():
            for arguments in product(*pools):
                yield CustomOperation(name, arguments)

    def _walk_all(self, declared: object) -> None:
        """Walk the model, breadth first, and find the answers that runs must have met for a pass not to be vacuous.

        An answer is expected if it is the only right one in some state. Operations in `declared` expect the answers given there.
        """
        if not isinstance(declared, Mapping) or not all(n in self.operations and isinstance(a, Iterable) for n, a in declared.items()):
            raise BadModel('its model\'s answers must be a dict of answers by operation, such as {"join": ("seated", "waiting")}')
        insisted: dict[str, dict[str, bool]] = {name: {} for name in self.operations}  # answer -> whether coverage counts it
        calls, seen, todo, left = list(self.calls()), {self.initial}, deque([self.initial]), WALK
        while todo and left > 0:
            state = todo.popleft()
            for operation in calls:
                left -= 1
                pairs = self.steps(state, operation)
                self.waits = self.waits or not pairs
                if pairs:
                    self.answering.add(operation.name)
                texts = {text_of(answer): answer for _, answer in pairs}
                if len(texts) == 1:
                    for text, answer in texts.items():
                        plain = answer is None or isinstance(answer, bool | int | str | Enum)
                        insisted[operation.name][text] = plain and MESSAGE not in text
                for after, _ in pairs:
                    if after not in seen:
                        seen.add(after)
                        todo.append(after)
        known = {name: [text for text, is_kind in texts.items() if is_kind] for name, texts in insisted.items()}
        kinds = {name: texts if len(texts) <= KINDS else [] for name, texts in known.items()}
        kinds |= {name: [text_of(answer) for answer in answers] for name, answers in declared.items()}
        self.kinds = frozenset(f"{name}: {text}" for name, texts in kinds.items() for text in texts)


def _made(given: Any) -> Any:
    """The model as an object: if a class is given whose `step` needs an instance, one is made. Raises BadModel."""
    missing = [name for name in ("initial", "operations", "step") if not hasattr(given, name)]
    if missing:
        raise BadModel(f"its model has no {' and no '.join(missing)}; a model has initial, operations and step(state, name, arguments)")
    if isinstance(given, type) and not _takes_three(getattr(given, "step")):  # noqa: B009  # a class has no such attribute for mypy
        try:
            given = given()
        except Exception as error:
            raise BadModel(
                f"making its model raised {in_a_line(error)}; give an object, or a class that is made without arguments"
            ) from None
    if not _takes_three(given.step):
        raise BadModel("its model's step must take (state, name, arguments)")
    return given


def _takes_three(step: Any) -> bool:
    try:
        inspect.signature(step).bind(None, None, None)
    except (TypeError, ValueError):
        return False
    return True


def _names(operations: object) -> list[str]:
    if not isinstance(operations, Mapping) or not operations:
        raise BadModel('its model\'s operations must be a dict of arguments by name, such as {"join": ("client", "topic")}')
    for name in operations:
        if not isinstance(name, str) or not name.isidentifier():
            raise BadModel(f"its model's operations name {name!r}, which cannot be a method's name")
    return list(operations)


def _arguments(name: str, arguments: object, pools: Mapping[str, tuple[Value, ...]]) -> tuple[tuple[Value, ...], ...]:
    """The values of each argument of operation `name`."""
    known = ", ".join(f'"{each}"' for each in (*pools, MESSAGE))
    if not isinstance(arguments, tuple | list):
        must = f"must be a tuple of arguments, each {known} or a tuple of values"
        raise BadModel(f"its model's operations[{name!r}] {must}, not {arguments!r:.80}")
    found: list[tuple[Value, ...]] = []
    for argument in arguments:
        if argument == MESSAGE:
            found.append((MESSAGE,))
        elif isinstance(argument, str) and argument in pools:
            found.append(pools[argument])
        elif isinstance(argument, tuple | list) and argument and all(v is None or type(v) in (str, int, bool) for v in argument):
            found.append(tuple(argument))
        else:
            may = f"an argument is {known}, or a tuple of texts, whole numbers, booleans or None"
            raise BadModel(f"its model's operations[{name!r}] has {argument!r:.80}; {may}")
    return tuple(found)


def _hashable(state: object, what: str) -> None:
    try:
        hash(state)
    except TypeError:
        raise BadModel(f"{what} cannot be hashed: {text_of(state):.80}; use tuples and frozensets, not lists, dicts and sets") from None

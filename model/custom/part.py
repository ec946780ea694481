"""What a ready part of a custom model is, and how parts make one model together.

A part is a model by itself: `operations`, `initial`, `step` and `shown` (docs/bring-your-own.md). Parts that share an operation take it
together or not at all: if one of them refuses, none changes, and the answer is False; if one of them has to wait, so does the call.
"""

from collections.abc import Hashable, Mapping
from typing import Any

State = Hashable
Step = tuple[object, State]  # the answer and the next state
UNJUDGED = ...  # an answer that says nothing; another part's counts


class Part:
    """One part. `operations`: its operations, each with its parameters; a subclass has a method `do_NAME` for each role in `roles`.

    In: the names of the operations, by role. A role that is None is left out.
    """

    roles: Mapping[str, tuple[Any, ...]] = {}  # the parameters by role
    initial: State = frozenset()

    def __init__(self, **names: str | None) -> None:
        unknown = sorted(names.keys() - self.roles.keys())
        if unknown:
            raise ValueError(f"{type(self).__name__} has no role {unknown[0]!r}; its roles are {', '.join(self.roles)}")
        self._role: dict[str, str] = {}
        for role in self.roles:
            name = names.get(role, role)
            if name is not None:
                self._role[name] = role
        self.operations = {name: self.roles[role] for name, role in self._role.items()}

    def step(self, state: State, name: str, arguments: tuple[Any, ...]) -> Any:
        """See docs/bring-your-own.md: (answer, next state), or [] if the call has to wait."""
        return getattr(self, f"do_{self._role[name]}")(state, *arguments)

    def shown(self, state: Any) -> object:
        """The value that `observe()` returns in this state."""
        return set(state)


class Together:
    """One model of several parts, by name: `Together(clients=Registry(...), rooms=Room(...))`.

    It shows a dict of what they show, without the parts whose name begins with `_`.

    An operation that several parts have must have the parameters of the first one; a part with fewer gets the first of them.
    """

    def __init__(self, **parts: Any) -> None:
        if not parts:
            raise ValueError("Together wants parts by name, such as rooms=Room()")
        self._parts = parts
        self.operations: dict[str, tuple[Any, ...]] = {}
        for part in parts.values():
            for name, parameters in part.operations.items():
                known = self.operations.get(name, ())
                longer, shorter = (known, parameters) if len(known) > len(parameters) else (parameters, known)
                if longer[: len(shorter)] != shorter:
                    raise ValueError(f"{name} takes {known} in one part and {parameters} in another; give one of them another name")
                self.operations[name] = longer
        self.initial = tuple(part.initial for part in parts.values())

    def step(self, state: tuple[State, ...], name: str, arguments: tuple[Any, ...]) -> Any:
        """All parts that have the operation take it, or none."""
        answer: object = UNJUDGED
        after = list(state)
        for at, part in enumerate(self._parts.values()):
            if name not in part.operations:
                continue
            got = part.step(state[at], name, arguments[: len(part.operations[name])])
            if not isinstance(got, tuple):  # it has to wait
                return []
            said, after[at] = got
            if said is False:
                return False, state
            answer = said if answer is UNJUDGED else answer
        return answer, tuple(after)

    def shown(self, state: tuple[State, ...]) -> dict[str, object]:
        """What each part shows, by name."""
        parts = zip(self._parts.items(), state, strict=True)
        return {name: part.shown(each) for (name, part), each in parts if not name.startswith("_")}

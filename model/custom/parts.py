"""The ready parts: registry, room, queue, pool, lease, lock, retained value.

Each is what a correct one does, one call after another. A call that cannot be answered yet waits (no step), so these parts fit managers
that block; `refuses=True` is for those that answer False instead.
"""

from typing import Any

from subwarden.model.custom.part import UNJUDGED, Part


class Registry(Part):
    """Who is there. `enter` and `leave` answer whether that changed anything; `check` refuses whoever is not there.

    `check` is for an operation of another part, such as `check="join"`: only who is registered joins.
    """

    roles = {"enter": ("client",), "leave": ("client",), "check": ("client",)}  # noqa: RUF012  # never changed

    def __init__(self, **names: str | None) -> None:
        super().__init__(**{"check": None, **names})

    def do_enter(self, state: frozenset[Any], client: Any) -> Any:
        return client not in state, state | {client}

    def do_leave(self, state: frozenset[Any], client: Any) -> Any:
        return client in state, state - {client}

    def do_check(self, state: frozenset[Any], client: Any) -> Any:
        return (UNJUDGED if client in state else False), state


class Room(Part):
    """Who is where. `join` and `leave` answer whether that changed anything; `clear` takes a client out of all rooms, `end` empties one.

    `size`: so many fit in; a further one is refused.
    """

    roles = {"join": ("client", "topic"), "leave": ("client", "topic"), "clear": ("client",), "end": ("topic",)}  # noqa: RUF012

    def __init__(self, size: int | None = None, **names: str | None) -> None:
        super().__init__(**{"clear": None, "end": None, **names})
        self.size = size

    def do_join(self, state: frozenset[Any], client: Any, topic: Any) -> Any:
        full = self.size is not None and sum(t == topic for _, t in state) >= self.size
        if (client, topic) in state or full:
            return False, state
        return True, state | {(client, topic)}

    def do_leave(self, state: frozenset[Any], client: Any, topic: Any) -> Any:
        return (client, topic) in state, state - {(client, topic)}

    def do_clear(self, state: frozenset[Any], client: Any) -> Any:
        return UNJUDGED, frozenset(pair for pair in state if pair[0] != client)

    def do_end(self, state: frozenset[Any], topic: Any) -> Any:
        return UNJUDGED, frozenset(pair for pair in state if pair[1] != topic)


class Queue(Part):
    """Messages in order. `put` answers True, `get` the oldest; both wait, or answer False and None if it `refuses`.

    `size`: so many fit in.
    """

    roles = {"put": ("message",), "get": ()}  # noqa: RUF012
    initial = ()

    def __init__(self, size: int | None = None, *, refuses: bool = False, **names: str | None) -> None:
        super().__init__(**names)
        self.size, self.refuses = size, refuses

    def do_put(self, state: tuple[Any, ...], message: Any) -> Any:
        if self.size is not None and len(state) >= self.size:
            return (False, state) if self.refuses else []
        return True, (*state, message)

    def do_get(self, state: tuple[Any, ...]) -> Any:
        if not state:
            return (None, state) if self.refuses else []
        return state[0], state[1:]

    def shown(self, state: Any) -> object:
        return list(state)


class Pool(Part):
    """`size` places, at most one a client. `take` answers True, and False to a client that has one; it waits while all are taken, or
    answers False if it `refuses`. `give` answers whether the client had one."""

    roles = {"take": ("client",), "give": ("client",)}  # noqa: RUF012

    def __init__(self, size: int = 1, *, refuses: bool = False, **names: str | None) -> None:
        super().__init__(**names)
        self.size, self.refuses = size, refuses

    def do_take(self, state: frozenset[Any], client: Any) -> Any:
        if client in state:
            return False, state
        if len(state) >= self.size:
            return (False, state) if self.refuses else []
        return True, state | {client}

    def do_give(self, state: frozenset[Any], client: Any) -> Any:
        return client in state, state - {client}


class Lock(Pool):
    """A place for one. `take` waits, `give` answers whether the client held it."""

    def __init__(self, *, take: str = "take", give: str = "give") -> None:
        super().__init__(1, take=take, give=give)


class Lease(Part):
    """Each topic has one holder at most. `take` answers whether the client holds it from now on, `give` whether it did, and `expire` frees
    it. A holder that takes again renews; if not `renews`, it is refused, as everybody is."""

    roles = {"take": ("client", "topic"), "give": ("client", "topic"), "expire": ("topic",)}  # noqa: RUF012

    def __init__(self, renews: bool = True, **names: str | None) -> None:
        super().__init__(**{"expire": None, **names})
        self.renews = renews

    def do_take(self, state: frozenset[Any], client: Any, topic: Any) -> Any:
        holder = next((c for t, c in state if t == topic), None)
        return (True, state | {(topic, client)}) if holder is None or (self.renews and holder == client) else (False, state)

    def do_give(self, state: frozenset[Any], client: Any, topic: Any) -> Any:
        return (topic, client) in state, state - {(topic, client)}

    def do_expire(self, state: frozenset[Any], topic: Any) -> Any:
        return UNJUDGED, frozenset(pair for pair in state if pair[0] != topic)

    def shown(self, state: Any) -> object:
        return dict(state)


class Retained(Part):
    """The last value of each topic. The answer of `put` is not judged; `get` answers the value, or None if there is none."""

    roles = {"put": ("topic", "message"), "get": ("topic",)}  # noqa: RUF012

    def do_put(self, state: frozenset[Any], topic: Any, message: Any) -> Any:
        return UNJUDGED, frozenset({*(pair for pair in state if pair[0] != topic), (topic, message)})

    def do_get(self, state: frozenset[Any], topic: Any) -> Any:
        return next((message for t, message in state if t == topic), None), state

    def shown(self, state: Any) -> object:
        return dict(state)

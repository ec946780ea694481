"""Races about plain state: a fact from before an await decides an action after it."""

from subwarden.scheduling.events import park
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.races.race import MANY, Check, race, tick


class Counter:
    """A number that two tasks increase."""

    def __init__(self) -> None:
        self.value = 0


@race(Order.ANY, 2)
def lost_update(loop: ControlledLoop, fixed: bool) -> Check:
    """Read, let others run, write: an increment in between is lost. In fifo the second comes too late to get in between."""
    counter = Counter()

    async def increase(wait: int) -> None:
        await tick(wait)
        value = counter.value
        await tick()
        counter.value = counter.value + 1 if fixed else value + 1

    loop.create_task(increase(0), name="early")
    loop.create_task(increase(2), name="late")
    return lambda: None if counter.value == 2 else f"{counter.value} of 2 increments"


@race(Order.FIFO, 1)
def lost_update_across_reply(loop: ControlledLoop, fixed: bool) -> Check:
    """The same while a reply from outside is awaited: it happens on stock asyncio."""
    counter = Counter()

    async def slow() -> None:
        value = counter.value
        await park(loop, "reply")
        counter.value = counter.value + 1 if fixed else value + 1

    async def quick() -> None:
        await park(loop, "request")
        counter.value += 1

    loop.create_task(slow(), name="slow")
    loop.create_task(quick(), name="quick")
    return lambda: None if counter.value == 2 else f"{counter.value} of 2 increments"


class Cache:
    """Entries that should be loaded once."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.loading: set[str] = set()
        self.loads = 0


@race(Order.FIFO, 1)
def check_then_act(loop: ControlledLoop, fixed: bool) -> Check:
    """A missing entry is loaded; a second request that comes while it loads finds it missing too."""
    cache = Cache()

    async def load(name: str) -> None:
        if "k" in cache.entries or (fixed and "k" in cache.loading):
            return
        cache.loading.add("k")
        cache.loads += 1
        await park(loop, f"load {name}")
        cache.entries["k"] = name

    async def later() -> None:
        await tick()
        await park(loop, "second request")
        await load("second")

    loop.create_task(load("first"), name="first")
    loop.create_task(later(), name="second")
    return lambda: None if cache.loads == 1 else f"loaded {cache.loads} times"


class Pair:
    """Two switches, at least one of which must stay on."""

    def __init__(self) -> None:
        self.left = True
        self.right = True


@race(Order.ANY, 3)
def write_skew(loop: ControlledLoop, fixed: bool) -> Check:
    """Each looks at the other's switch before it turns off its own; neither sees the other's intention."""
    pair = Pair()

    async def turn_left_off() -> None:
        if pair.right:
            await tick()
            pair.left = not pair.right if fixed else False

    async def turn_right_off() -> None:
        await tick(3)
        if pair.left:
            await tick()
            pair.right = not pair.left if fixed else False

    loop.create_task(turn_left_off(), name="left")
    loop.create_task(turn_right_off(), name="right")
    return lambda: None if pair.left or pair.right else "both are off"


class TwoMaps:
    """One relation, kept from both sides."""

    def __init__(self) -> None:
        self.forward: dict[str, str] = {}
        self.back: dict[str, str] = {}
        self.torn = False


@race(Order.ANY, 2)
def two_map_update(loop: ControlledLoop, fixed: bool) -> Check:
    """The maps are updated in two steps, and a reader comes in between. In fifo it comes after both."""
    maps = TwoMaps()

    async def write() -> None:
        await tick()
        maps.forward["a"] = "b"
        if not fixed:
            await tick()
        maps.back["b"] = "a"

    async def read() -> None:
        await tick(3)
        maps.torn = ("a" in maps.forward) != ("b" in maps.back)

    loop.create_task(write(), name="write")
    loop.create_task(read(), name="read")
    return lambda: "the maps disagree" if maps.torn else None


class Slot:
    """A slot that may be closed and opened again; `generation` tells its lives apart."""

    def __init__(self) -> None:
        self.owner: str | None = "first"
        self.generation = 1
        self.written: list[tuple[str, str | None]] = []


@race(Order.FIFO, 2)
def aba_on_generations(loop: ControlledLoop, fixed: bool) -> Check:
    """The slot is the same, its owner is not: closed and opened again while a reply was awaited, it passes the check for open."""
    slot = Slot()

    async def write() -> None:
        generation = slot.generation
        await park(loop, "reply")
        if slot.owner is not None and (not fixed or slot.generation == generation):
            slot.written.append(("first", slot.owner))

    async def close() -> None:
        await tick()
        await park(loop, "close")
        slot.owner = None

    async def open_again() -> None:
        await tick(2)
        await park(loop, "open")
        if slot.owner is None:
            slot.owner = "second"
            slot.generation += 1

    for step in (write, close, open_again):
        loop.create_task(step(), name=step.__name__)
    return lambda: next((f"{mine} wrote to {theirs}" for mine, theirs in slot.written if mine != theirs), None)


class Registry:
    """The registered members, and those that were told."""

    def __init__(self) -> None:
        self.members: set[str] = {"a", "b"}
        self.told: list[str] = []
        self.error = ""


@race(Order.FIFO, 1)
def change_while_iterating(loop: ControlledLoop, fixed: bool) -> Check:
    """A broadcast waits for each member's socket in turn; a member that leaves meanwhile breaks the iteration."""
    registry = Registry()

    async def broadcast() -> None:
        try:
            for member in sorted(registry.members) if fixed else registry.members:
                registry.told.append(member)
                await park(loop, f"sent {len(registry.told)}")
        except RuntimeError as error:
            registry.error = str(error)

    async def leave() -> None:
        await park(loop, "last request")
        await park(loop, "leave")
        registry.members.discard("b")

    loop.create_task(broadcast(), name="broadcast")
    loop.create_task(leave(), name="leave")
    return lambda: registry.error or None


@race(Order.ANY, MANY)
def stale_read_across_await(loop: ControlledLoop, fixed: bool) -> Check:
    """A member is found registered, leaves, and is told all the same; the leave must come in the one step in between, and late."""
    registry = Registry()

    async def tell() -> None:
        await tick(4)
        present = "a" in registry.members
        await tick()
        if present and (not fixed or "a" in registry.members):
            registry.told.append("a" if "a" in registry.members else "nobody")

    async def leave() -> None:
        await tick(9)
        registry.members.discard("a")
        await tick()
        registry.members.add("a")

    loop.create_task(tell(), name="tell")
    loop.create_task(leave(), name="leave")
    return lambda: "told one who had left" if "nobody" in registry.told else None


class Log:
    """A log that is read once and followed from there."""

    def __init__(self) -> None:
        self.entries: list[int] = []
        self.followers: list[list[int]] = []
        self.seen: list[int] = []


@race(Order.FIFO, 1)
def snapshot_then_follow(loop: ControlledLoop, fixed: bool) -> Check:
    """An entry that comes after the snapshot is taken and before the follower is registered is never seen."""
    log = Log()

    async def follow() -> None:
        if fixed:
            log.followers.append(log.seen)
        snapshot = log.entries.copy()
        await park(loop, "snapshot sent")
        log.seen[:0] = [entry for entry in snapshot if entry not in log.seen]
        if not fixed:
            log.followers.append(log.seen)

    async def write() -> None:
        await tick()
        await park(loop, "write")
        log.entries.append(1)
        for follower in log.followers:
            follower.append(1)

    loop.create_task(follow(), name="follow")
    loop.create_task(write(), name="write")
    return lambda: None if list(log.seen) == list(log.entries) else "an entry was missed"

"""Names of tasks in schedules, A, B, ...; and schedules renamed where tasks come, go and change places."""

from collections.abc import Iterable, Mapping
from string import ascii_uppercase

Names = list[str]


def task_name(index: int) -> str:
    """A, B, ... Z, A1, B1, ...: the name of the task at place `index` in schedules and reports."""
    round_, letter = divmod(index, 26)
    return ascii_uppercase[letter] + (str(round_) if round_ else "")


def relettered(names: Names, letters: Mapping[str, str | None]) -> Names:
    """`names` with the letters of tasks changed, and without the tasks that have no letter any more."""
    changed: Names = []
    for name in names:
        before, space, task = name.rpartition(" ")
        letter, at, number = task.partition("@")
        new = letters.get(letter, letter)
        if new is not None:
            changed.append(f"{before}{space}{new}{at}{number}")
    return changed


def order_of_start(tasks: int, names: Iterable[str]) -> list[int]:
    """The places of `tasks` tasks in the order in which `names` starts them, then those that it does not start."""
    letters = {task_name(at): at for at in range(tasks)}
    order: dict[int, None] = {}  # a set that keeps its order
    for name in names:
        kind, _, task = name.partition(" ")
        if kind == "+start" and task in letters:
            order.setdefault(letters[task])
    order.update(dict.fromkeys(range(tasks)))
    return list(order)


def moved(tasks: int, kept: list[int]) -> tuple[dict[int, int], dict[str, str | None]]:
    """Where the tasks `kept`, in that order, are now: by their old places, and by their old letters (None: gone)."""
    place = {old: new for new, old in enumerate(kept)}
    return place, {task_name(old): task_name(place[old]) if old in place else None for old in range(tasks)}

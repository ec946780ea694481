"""Words that the levels share: a call's return, and the answers that mean the same at each level."""

DONE = "done"  # a call that has nothing to return


def say_plain(answer: object) -> str:
    """`yes`, `no`, `done` for None; anything else as Python writes it."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return DONE if answer is None else str(answer)


def say_return(name: str, answer: str) -> str:
    """A call's return in a run's table: `subscribe returns yes`; `disconnect returns` where there is nothing to return."""
    return f"{name} returns" + ("" if answer == DONE else f" {answer}")


def counted(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`, `0 findings`."""
    return f"{number} {in_number(noun, number)}"


def in_number(noun: str, number: int) -> str:
    """`noun` behind `number`: in the singular behind 1 alone."""
    return noun if number == 1 else f"{noun}s"

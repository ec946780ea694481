"""What `subwarden new --for` has to say: the text of an adapter, and what it took for what."""

from dataclasses import dataclass

from subwarden.cli.adapters.fitting.reading import Method


@dataclass(frozen=True, slots=True)
class Fitted:
    """The text of an adapter, what stands for each operation, and what was guessed and should be looked at."""

    text: str
    taken: dict[str, str]
    doubts: list[str]


def said(method: Method) -> str:
    """`join(client, room)`."""
    return f"{method.name}({', '.join(each.name for each in method.parameters)})"

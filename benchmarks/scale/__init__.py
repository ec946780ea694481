"""How a hunt and an exploration grow with a cluster."""

from collections.abc import Iterator

from subwarden.benchmarks.scale import explorations, growth


def main() -> Iterator[str]:
    """The hunt, then the exploration."""
    yield from growth.main()
    yield ""
    yield from explorations.main()

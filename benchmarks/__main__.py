"""`python -m benchmarks [NAME ...]`: run the benchmarks and print their tables."""

import importlib
import sys

SHORT = ("loop_speed", "checked_speed")
NAMES = (*SHORT, "prove_vs_tlc", "strategies", "exhaustive", "processes", "peers", "hunt")


def main() -> int:
    """Run those named, or the short ones."""
    for name in sys.argv[1:] or SHORT:
        if name not in NAMES:
            sys.stderr.write(f"benchmarks: unknown {name!r}; there are {', '.join(NAMES)}\n")
            return 3
        print(f"## {name}")
        lines = importlib.import_module(f"benchmarks.{name}").main()
        print("\n".join(lines or ()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks [NAME ...]`: run the benchmarks and print their tables."""

import importlib
import sys

NAMES = ("loop_speed", "checked_speed", "prove_vs_tlc", "strategies")


def main() -> int:
    """Run those named, or all."""
    for name in sys.argv[1:] or NAMES:
        if name not in NAMES:
            sys.stderr.write(f"benchmarks: unknown {name!r}; there are {', '.join(NAMES)}\n")
            return 3
        print(f"## {name}")
        print("\n".join(importlib.import_module(f"benchmarks.{name}").main()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m subwarden.benchmarks [NAME ...]`: run the benchmarks and print their tables."""

import argparse
import importlib
import sys

SHORT = ("loop_speed", "checked_speed", "adapters")
LONG = (
    *("prove_vs_tlc", "strategies", "exhaustive", "processes", "peers", "peers.scenarios", "hunt", "patience"),
    *("depth.planted", "depth.worked", "memory", "scale"),
)
NAMES = (*SHORT, *LONG)


def main() -> int:
    """Run the named benchmarks, or the short ones. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m subwarden.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)} (default: {' '.join(SHORT)})")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long each search of `memory` takes (default: 10)")
    options = parser.parse_args()
    for name in options.names or SHORT:
        if name not in NAMES:
            sys.stderr.write(f"benchmarks: unknown {name!r}; there are {', '.join(NAMES)}\n")
            return 3
        print(f"## {name}")
        module = importlib.import_module(f"subwarden.benchmarks.{name}")
        lines = module.main(options.minutes) if name == "memory" else module.main()
        print("\n".join(lines or ()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

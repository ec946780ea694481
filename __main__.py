"""The console script. It refuses to import anything of ours, which takes a second, before it can say in a line that Ctrl-C stopped it."""

import sys
from typing import NoReturn


def entry() -> NoReturn:
    """Run the command; Ctrl-C means the same while modules are imported as it does afterwards."""
    try:
        from subwarden.cli.main import entry as run  # noqa: PLC0415  # see above

        run()
    except KeyboardInterrupt:
        sys.stderr.write("subwarden: stopped\n")
        sys.exit(2)


if __name__ == "__main__":
    entry()

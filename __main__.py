"""The console script. It refuses to import anything heavy of ours, which takes a second, before it can say in a line that Ctrl-C stopped it,
and before the process runs under a pinned string hash.
"""

import sys
from typing import NoReturn

from subwarden.scheduling.string_hash import current, restart


def entry() -> NoReturn:
    """Run the command; Ctrl-C means the same while modules are imported as it does afterwards."""
    try:
        restart(current() or 0)
        from subwarden.cli.main import entry as run  # noqa: PLC0415  # see above

        run()
    except KeyboardInterrupt:
        sys.stderr.write("subwarden: stopped\n")
        sys.exit(2)


if __name__ == "__main__":
    entry()

"""The console script. It refuses to import anything of ours, which takes a second, before it can say in a line that Ctrl-C stopped it.

A worker process is not asked by anybody, and loads all of it at once: Hypothesis draws by the constants of the modules that are loaded, and
should draw the same whichever way a gate was started.
"""

import sys
from typing import NoReturn

if "__mp_main__" in sys.modules:  # what the script is called in a process that `multiprocessing` starts
    import cli.main  # noqa: F401  # see above


def entry() -> NoReturn:
    """Run the command; Ctrl-C means the same while modules are imported as it does afterwards."""
    try:
        from cli.main import entry as run  # noqa: PLC0415  # see above

        run()
    except KeyboardInterrupt:
        sys.stderr.write("subwarden: stopped\n")
        sys.exit(2)

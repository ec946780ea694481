"""The console script loads nothing of ours before it must, and everything in a worker process, where draws hang on what is loaded."""

import subprocess
import sys

LOADS = "import sys, types; {before}; import cli.console; print('cli.main' in sys.modules)"


def loads(before: str) -> bool:
    out = subprocess.run([sys.executable, "-c", LOADS.format(before=before)], capture_output=True, text=True, check=True, timeout=60)
    return out.stdout.strip() == "True"


def test_a_worker_loads_what_the_command_does_and_nobody_else_before_it_must() -> None:
    assert loads("sys.modules['__mp_main__'] = types.ModuleType('__mp_main__')")
    assert not loads("pass")

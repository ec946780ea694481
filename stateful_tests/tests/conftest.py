"""What holds for all tests: signals reach what they start, garbage is not looked for among what was there before them, Java starts
quickly, and a run may have a share of them."""

import atexit
import gc
import os
import shutil
import signal
import tempfile

import pytest

from subwarden.stateful_tests.tests.share import in_share

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell, which lets what it starts ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # under `nohup`, which means the tests and not what they start
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# TLC's runs here are of a second or two, in which Java's optimizing compiler costs more than it saves; what TLC finds is the same
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")

os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="states")  # subjects that tests name are not the user's
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)


def pytest_collection_finish() -> None:
    """All modules and tests are there, and stay. Exploring collects garbage before it begins, in full: a tenth of a second each time if
    it went through them, and many tests explore more than once."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    share = in_share([item.nodeid for item in items], os.environ.get("SUBWARDEN_SHARE", "1/1"))
    config.hook.pytest_deselected(items=[item for item, chosen in zip(items, share, strict=True) if not chosen])
    items[:] = [item for item, chosen in zip(items, share, strict=True) if chosen]

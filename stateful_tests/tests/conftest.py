"""What holds for all tests: Ctrl-C reaches what they start, and garbage is not looked for among what was there before them."""

import gc
import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell, which lets what it starts ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """All modules and tests are there, and stay. Exploring collects garbage before it begins, in full: a tenth of a second each time if
    it went through them, and many tests explore more than once."""
    gc.collect()
    gc.freeze()

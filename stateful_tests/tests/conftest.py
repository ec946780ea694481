"""Ctrl-C reaches what the tests start, even where a shell started the tests in its background and let them ignore it."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # it would be inherited
    signal.signal(signal.SIGINT, signal.default_int_handler)

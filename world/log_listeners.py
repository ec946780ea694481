"""The thread of a `logging.handlers.QueueListener`, as frameworks start one (Litestar): a place where records are written, and no more.

Here they are written at once, by who logs. It stays so after the run: the thread was never started, and nobody else would write them.
"""

import sys
from typing import Any


def adopt(thread: Any) -> bool:
    """Do the work of `thread` elsewhere, if it is such a thread."""
    handlers = sys.modules.get("logging.handlers")
    listener: Any = getattr(getattr(thread, "_target", None), "__self__", None)
    if handlers is None or not isinstance(listener, handlers.QueueListener) or not hasattr(listener.queue, "__dict__"):
        return False

    def write(record: Any, *_: object, **__: object) -> None:
        if record is not listener._sentinel:  # by which the thread is told to end
            listener.handle(record)

    while listener.queue.qsize():
        write(listener.queue.get_nowait())
    listener.queue.put = listener.queue.put_nowait = write
    thread.join = lambda timeout=None: None
    return True
